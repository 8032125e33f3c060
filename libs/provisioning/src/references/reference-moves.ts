import { unnested, type Sql } from '@tenure/database';
import type { StoredEvent } from '@tenure/eventing';
import { streamParts } from '@tenure/eventing';
import { causeOf, PROVISIONING } from '../people/to-evaluate.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

/**
 * People whose account in an app is another one than those who refer to it know. They are told in pieces: `after_id` is the last account of a
 * piece. `mark` tells a worker that the account moved once more while it told of it.
 */
export const referenceMovesTable = `
  create table reference_moves (
    tenant_id text not null,
    app_id text not null,
    account_id text not null,
    user_id text not null,
    causation_id text not null,
    correlation_id text not null,
    traceparent text,
    after_id text not null default '',
    mark bigint not null default 0,
    attempts int not null default 0,
    due_at timestamptz not null default now(),
    primary key (tenant_id, account_id)
  );
  create index reference_moves_due on reference_moves (due_at)`;

/** What each of an app's accounts knows of whom it refers to, against what there is; `r.linked` and `m.link` null = no account. */
const MOVED = `r.linked is distinct from m.link`;

/**
 * Notes whose account moved, of the accounts that these events are of: those they refer to, and themselves. Both are compared with the view
 * as it is now, so it doesn't matter which events they are.
 */
export const noteMoves = async (sql: Sql, events: readonly StoredEvent[]): Promise<boolean> => {
  const last = new Map(events.map((event) => [event.stream, event]));
  const touched = [...last.values()].map((event) => ({ ...streamParts(event.stream), ...causeOf(event) }));
  const noted = await sql.query({
    name: 'provisioning.note_reference_moves',
    text: `with touched as (
             select * from ${unnested('text', 'text', 'text', 'text', 'text')} as t (tenant_id, id, causation_id, correlation_id, traceparent)),
           moved as (
             select r.tenant_id, r.app_id, r.to_account_id as account_id, r.user_id, t.causation_id, t.correlation_id, t.traceparent
             from touched t
             cross join lateral (
               select * from ${PROVISIONING_VIEW}.account_refs r where r.tenant_id = t.tenant_id and r.account_id = t.id offset 0) r
             left join lateral (
               select link from ${PROVISIONING_VIEW}.accounts m where m.tenant_id = r.tenant_id and m.id = r.to_account_id limit 1) m on true
             where ${MOVED}
             union all
             select r.tenant_id, r.app_id, r.to_account_id, r.user_id, t.causation_id, t.correlation_id, t.traceparent
             from touched t
             cross join lateral (
               select tenant_id, id, link from ${PROVISIONING_VIEW}.accounts m where m.tenant_id = t.tenant_id and m.id = t.id limit 1) m
             cross join lateral (
               select * from ${PROVISIONING_VIEW}.account_refs r where r.tenant_id = m.tenant_id and r.to_account_id = m.id and ${MOVED} limit 1) r)
           insert into ${PROVISIONING}.reference_moves as w (tenant_id, app_id, account_id, user_id, causation_id, correlation_id, traceparent)
           select distinct on (tenant_id, account_id) * from (
             select tenant_id, app_id, account_id, user_id, causation_id, correlation_id, traceparent from moved) m order by tenant_id, account_id
           on conflict (tenant_id, account_id) do update set
             after_id = '', mark = w.mark + 1, due_at = now(), attempts = 0, causation_id = excluded.causation_id,
             correlation_id = excluded.correlation_id, traceparent = excluded.traceparent
           returning 1`,
    values: [
      touched.map(({ tenantId }) => tenantId),
      touched.map(({ id }) => id),
      touched.map(({ causationId }) => causationId),
      touched.map(({ correlationId }) => correlationId),
      touched.map(({ traceparent }) => traceparent ?? null),
    ],
  });
  return noted.length > 0;
};

/** Of an erased person nothing can be read any more, the id of their account neither: who refers to it is told so. */
export const noteErased = async (sql: Sql, tenantId: string, userId: string): Promise<void> => {
  await sql.query({
    text: `insert into ${PROVISIONING}.reference_moves as w (tenant_id, app_id, account_id, user_id, causation_id, correlation_id)
           select a.tenant_id, a.app_id, a.id, a.user_id, a.record->>'lastEventId', a.record->>'correlationId'
           from ${PROVISIONING_VIEW}.accounts a where a.tenant_id = $1 and a.user_id = $2
             and exists (select from ${PROVISIONING_VIEW}.account_refs r where r.tenant_id = a.tenant_id and r.to_account_id = a.id and r.linked is not null)
           on conflict (tenant_id, account_id) do update set after_id = '', mark = w.mark + 1, due_at = now(), attempts = 0`,
    values: [tenantId, userId],
  });
};
