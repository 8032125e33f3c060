import type { Migration } from '@tenure/database';
import { LEDGER_WRITER } from '../ledger/ledger.migrations.ts';

/** The log of the installation, in which the checkpoints of all tenants' logs are written down. No tenant has such an id. */
export const ANCHOR = '#anchor';

/**
 * Each tenant's entries are the leaves of a Merkle tree (R84). An entry's index is given by the append that adds it, under the lock of
 * its tenant's head, so indices have no gaps and follow the order of commits; `seq` has gaps and shows rows late.
 *
 * Neither an id nor a place in a stream is unique in the ledger any more: what contradicts an entry is kept beside it (`conflict`).
 */
export const logMigrations: readonly Migration[] = [
  {
    name: 'CreateLog1796200000000',
    up: `
      create table log_heads (
        log text primary key,
        size bigint not null,
        -- Entries from before there was a log. Their leaves (v: 0) have the indices below this, and are added afterwards.
        legacy bigint not null default 0
      );
      create table log_leaves (
        log text not null,
        index bigint not null,
        -- The row of the ledger; none in the anchor log.
        seq bigint unique,
        leaf bytea not null,
        primary key (log, index)
      );
      create table log_tiles (
        log text not null,
        level int not null,
        n bigint not null,
        hashes bytea not null,
        root bytea not null,
        primary key (log, level, n)
      );
      create table log_checkpoints (
        log text not null,
        size bigint not null,
        root bytea not null,
        note text not null,
        signed_at timestamptz not null default now(),
        -- Of a tenant's: the leaf of the anchor log that holds it. Of the anchor log's: signature lines of witnesses.
        anchor_index bigint,
        cosignatures text not null default '',
        primary key (log, size)
      );
      create index log_checkpoints_anchored on log_checkpoints (log, size) where anchor_index is not null;
      create table log_keys (
        public_key bytea primary key,
        first_used_at timestamptz not null default now()
      );
      create table log_witnesses (
        public_key bytea primary key,
        size bigint not null,
        cosigned_at timestamptz,
        problem text
      );
      create table log_installation (
        one boolean primary key default true check (one),
        origin text not null
      );
      create table log_exports (
        tenant_id text not null,
        id text not null,
        request jsonb not null,
        -- The size of the log when it was asked for: what a checkpoint has to cover.
        wanted bigint not null,
        checkpoint bigint,
        first bigint,
        after bigint,
        entries bigint,
        requested_at timestamptz not null default now(),
        ended_at timestamptz,
        primary key (tenant_id, id)
      );

      create trigger append_only before update or delete on log_leaves for each row execute function refuse_change();
      create trigger never_emptied before truncate on log_leaves for each statement execute function refuse_change();
      create trigger append_only before update or delete on log_tiles for each row execute function refuse_change();
      create trigger never_emptied before truncate on log_tiles for each statement execute function refuse_change();
      create trigger never_removed before delete on log_checkpoints for each row execute function refuse_change();
      create trigger never_emptied before truncate on log_checkpoints for each statement execute function refuse_change();
      grant select, insert on log_leaves to ${LEDGER_WRITER};
      grant select, insert, update on log_heads to ${LEDGER_WRITER};

      alter table ledger add column conflict text;
      alter table ledger drop constraint ledger_id_key;
      alter table ledger drop constraint ledger_stream_revision_key;
      create index ledger_by_id on ledger (id);
      create index ledger_by_place on ledger (stream, revision);
      create index ledger_conflicts on ledger (seq) where conflict is not null;
      insert into log_heads (log, size, legacy) select tenant_id, count(*), count(*) from ledger group by tenant_id;

      -- A replica of the former version hands over no leaves. The code is one of an outage, so that it parks nothing and tries again until it is replaced.
      create or replace function append_entries(entries jsonb) returns void language plpgsql security definer as $$
      begin
        raise exception 'The ledger is a log now: this replica is too old to add to it.' using errcode = 'cannot_connect_now';
      end $$;

      -- Runs as the writer, whoever calls it. One leaf per entry, in the same order. Returns what contradicts the ledger.
      create function append_to_log(entries jsonb, leaves jsonb)
        returns table (at_stream text, at_revision int, conflicting text) language plpgsql security definer as $$
      declare
        tenants text[] := array(select distinct e->>'tenant_id' from jsonb_array_elements(entries) e order by 1);
        locked int;
      begin
        -- In one order for all, so that batches that cross never wait for each other in a circle.
        perform from log_heads h where h.log = any(tenants) order by h.log for update;
        get diagnostics locked = row_count;
        if locked < cardinality(tenants) then
          insert into log_heads (log, size) select t, 0 from unnest(tenants) t order by t on conflict do nothing;
          perform from log_heads h where h.log = any(tenants) order by h.log for update;
        end if;
        return query
          with parsed as materialized (
            select e.*, e.value as leaf
            from rows from (jsonb_populate_recordset(null::ledger, entries), jsonb_array_elements_text(leaves)) with ordinality e),
          -- Only what is looked at: sorting whole entries costs more than adding them.
          given as (
            select distinct on (p.id, p.hash) p.id, p.hash, p.stream, p.revision, p.tenant_id, p.ordinality
            from parsed p order by p.id, p.hash, p.ordinality),
          -- Of an id that the ledger doesn't have: null; true where it has it with this content.
          looked_up as (select g.*, (select bool_or(l.hash = g.hash) from ledger l where l.id = g.id) as is_known from given g),
          fresh as (
            select g.*,
              case
                when not g.is_known or row_number() over (partition by g.id order by g.ordinality) > 1 then 'content'
                when exists (select from ledger l where l.stream = g.stream and l.revision = g.revision)
                  or row_number() over (partition by g.stream, g.revision order by g.ordinality) > 1 then 'place'
              end as contradicts
            from looked_up g where g.is_known is not true),
          numbered as (
            select f.*, h.size + row_number() over (partition by f.tenant_id order by f.ordinality) - 1 as index
            from fresh f join log_heads h on h.log = f.tenant_id),
          added as (
            insert into ledger (id, tenant_id, type, at, recorded_at, outcome, actor_kind, actor_id, subject_kind, subject_id, user_id, app_id,
              summary, changes, reason, because, stream, revision, hash, fact, conflict)
            select p.id, p.tenant_id, p.type, p.at, p.recorded_at, p.outcome, p.actor_kind, p.actor_id, p.subject_kind, p.subject_id, p.user_id,
              p.app_id, p.summary, p.changes, p.reason, p.because, p.stream, p.revision, p.hash, p.fact, n.contradicts
            from numbered n join parsed p on p.ordinality = n.ordinality order by p.ordinality
            returning ledger.seq, ledger.id, ledger.hash),
          leaved as (
            insert into log_leaves (log, index, seq, leaf)
            select n.tenant_id, n.index, a.seq, convert_to(p.leaf, 'UTF8')
            from numbered n join added a on a.id = n.id and a.hash = n.hash join parsed p on p.ordinality = n.ordinality),
          moved as (
            update log_heads h set size = h.size + c.count
            from (select n.tenant_id, count(*) from numbered n group by n.tenant_id) c where h.log = c.tenant_id)
          select n.stream, n.revision, n.contradicts from numbered n where n.contradicts is not null order by n.ordinality;
      end $$;
      do $$ begin
        execute format('alter function append_to_log(jsonb, jsonb) set search_path = %I', current_schema());
        -- Every look at the ledger here is by key, however young the table was when the plan was made.
        alter function append_to_log(jsonb, jsonb) set enable_seqscan = off;
        execute format('grant create on schema %I to ${LEDGER_WRITER}', current_schema());
        alter function append_to_log(jsonb, jsonb) owner to ${LEDGER_WRITER};
        execute format('revoke create on schema %I from ${LEDGER_WRITER}', current_schema());
      end $$`,
  },
];
