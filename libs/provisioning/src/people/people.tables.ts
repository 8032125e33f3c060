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
