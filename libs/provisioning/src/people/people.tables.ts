/**
 * People and groups as provisioning knows them from the directory's facts: what is true now, and since when (design, decision 9).
 * A membership that ended keeps its row with `left_at`, because a trigger's instant is when the condition ended.
 */
export const peopleTables = `
  create table people (
    tenant_id text not null,
    id text not null,
    resource jsonb,
    active boolean not null,
    archived boolean not null,
    deleted boolean not null default false,
    erased boolean not null default false,
    active_since timestamptz not null,
    archived_since timestamptz not null,
    unit_since timestamptz not null,
    domain_since timestamptz not null,
    changed_at timestamptz not null,
    deleted_at timestamptz,
    primary key (tenant_id, id)
  );

  create table groups (
    tenant_id text not null,
    id text not null,
    connection_id text not null,
    display_name text not null,
    deleted_at timestamptz,
    primary key (tenant_id, id)
  );
  create index groups_by_name on groups (tenant_id, lower(display_name)) where deleted_at is null;

  create table memberships (
    tenant_id text not null,
    group_id text not null,
    member_id text not null,
    kind text not null,
    since timestamptz not null,
    left_at timestamptz,
    primary key (tenant_id, group_id, member_id)
  );
  create index memberships_of_member on memberships (tenant_id, member_id);

  create table tenants (
    id text primary key,
    primary_domain text not null,
    features jsonb not null,
    domain_since timestamptz not null
  );

  create table to_evaluate (
    tenant_id text not null,
    user_id text not null,
    mark bigint not null default 1,
    causation_id text not null,
    correlation_id text not null,
    traceparent text,
    occurred_at timestamptz not null,
    attempts int not null default 0,
    due_at timestamptz not null default now(),
    primary key (tenant_id, user_id)
  );
  create index to_evaluate_due on to_evaluate (due_at)`;

/** Which revision of its stream each row shows, and what it takes to tell two changes at one instant apart. Rows that stand have 0. */
export const revisionColumns = `
  alter table people add column revision int not null default 0, add column active_revision int not null default 0;
  alter table groups add column revision int not null default 0;
  alter table memberships add column left_revision int;
  alter table tenants add column revision int not null default 0`;

/** By which people are found in lists; emptied when they are erased. Null: known from before there were any (`fillWords`). */
export const wordsColumn = `
  alter table people add column words tsvector;
  create index people_by_words on people using gin (words) with (gin_pending_list_limit = 512);
  create index people_without_words on people (tenant_id, id) where words is null and resource is not null`;

/**
 * People wait for evaluation by one app, or by all (an empty app_id). `markings` are the ones still to be marked, walked in pieces: a cursor
 * moves with each, in its transaction.
 */
export const markingTables = `
  alter table to_evaluate add column app_id text not null default '';
  alter table to_evaluate drop constraint to_evaluate_pkey, add primary key (tenant_id, user_id, app_id);

  create table markings (
    id bigint generated always as identity primary key,
    tenant_id text not null,
    app_id text not null,
    kind text not null,
    of_id text not null default '',
    causation_id text not null,
    correlation_id text not null,
    traceparent text,
    occurred_at timestamptz not null,
    after_id text not null default ''
  );
  create index markings_of_app on markings (tenant_id, app_id)`;
