import type { Migration } from '@tenure/database';

/** What may write the ledger: it adds rows and reads them, and has no right to change or remove one. */
export const LEDGER_WRITER = 'tenure_ledger_writer';

/**
 * Append-only in order of arrival (design, decision 1). Two locks on one door: the writing role has no right to change a row, and a
 * trigger refuses it to everybody else, the owner of the table included.
 */
export const auditMigrations: readonly Migration[] = [
  {
    name: 'CreateLedger1767225600000',
    up: `
      create table ledger (
        seq bigint generated always as identity primary key,
        id text not null unique,
        tenant_id text not null,
        type text not null,
        at timestamptz not null,
        recorded_at timestamptz not null,
        outcome text not null,
        actor_kind text not null,
        actor_id text not null,
        subject_kind text not null,
        subject_id text not null,
        user_id text,
        app_id text,
        summary text not null,
        changes jsonb,
        reason jsonb,
        because jsonb not null,
        stream text not null,
        revision int not null,
        hash text not null,
        fact jsonb not null,
        unique (stream, revision)
      );
      create index ledger_newest on ledger (tenant_id, seq desc);
      create index ledger_by_user on ledger (tenant_id, user_id, seq desc) where user_id is not null;
      create index ledger_by_app on ledger (tenant_id, app_id, at) where app_id is not null;
      create index ledger_by_type on ledger (tenant_id, type, seq desc);

      create function refuse_change() returns trigger language plpgsql as $$
      begin
        raise exception 'The ledger is append-only: % is refused.', tg_op using errcode = 'insufficient_privilege';
      end $$;
      create trigger append_only before update or delete on ledger for each row execute function refuse_change();
      create trigger never_emptied before truncate on ledger for each statement execute function refuse_change();

      do $$ begin
        if not exists (select from pg_roles where rolname = '${LEDGER_WRITER}') then create role ${LEDGER_WRITER} nologin; end if;
      exception when duplicate_object or unique_violation then null; end $$;
      do $$ begin
        execute format('grant usage, create on schema %I to ${LEDGER_WRITER}', current_schema());
        if not pg_has_role(current_user, '${LEDGER_WRITER}', 'member') then execute format('grant ${LEDGER_WRITER} to %I', current_user); end if;
      end $$;
      grant insert, select on ledger to ${LEDGER_WRITER};

      -- Runs as the writer, whoever calls it: entries are added with its rights and no others.
      create function append_entries(entries jsonb) returns void language sql security definer as $$
        insert into ledger (id, tenant_id, type, at, recorded_at, outcome, actor_kind, actor_id, subject_kind, subject_id, user_id, app_id, summary,
          changes, reason, because, stream, revision, hash, fact)
        select id, tenant_id, type, at, recorded_at, outcome, actor_kind, actor_id, subject_kind, subject_id, user_id, app_id, summary,
          changes, reason, because, stream, revision, hash, fact
        from jsonb_populate_recordset(null::ledger, entries) on conflict do nothing
      $$;
      do $$ begin
        execute format('alter function append_entries(jsonb) set search_path = %I', current_schema());
        alter function append_entries(jsonb) owner to ${LEDGER_WRITER};
        execute format('revoke create on schema %I from ${LEDGER_WRITER}', current_schema());
      end $$`,
  },
];
