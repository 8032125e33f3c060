import { pushEvents, type PushEvent } from '@tenure/contracts';
import type { Sql } from '@tenure/database';
import type { Decoded } from '@tenure/eventing';
import { viewPart, type StreamEvents } from '../view/view-part.ts';
import { advancePush, type PushRecord } from './push-record.ts';
import type { PresentPush, PushState } from './push.state.ts';

/**
 * `push_members` has a row for each account that is, or is to be, a member. `wanted` (null: not worked out yet) and `linked` (there is an
 * account in the app) are the planner's, `held` and `lost` come from events, and what differs is `todo`. `lost`: the account left the app
 * after it became a member. `missing`: the app said that it has no such account.
 * `expanded`: everybody of the group was looked at since it is pushed, or since the view was built. `push_work` counts what may have to be sent.
 */
const create = (schema: string) => `
  create table ${schema}.pushes (
    tenant_id text not null,
    id text not null,
    app_id text not null,
    group_id text not null,
    aim text not null,
    remote_id text,
    display_name text,
    failed boolean not null,
    expanded boolean not null default false,
    since timestamptz not null,
    created_at timestamptz not null,
    revision int not null,
    record jsonb not null,
    primary key (tenant_id, id)
  );
  create index pushes_of_app on ${schema}.pushes (tenant_id, app_id, created_at, id);
  create index pushes_by_name on ${schema}.pushes (tenant_id, app_id, display_name) where aim = 'pushed';
  create index pushes_of_group on ${schema}.pushes (tenant_id, group_id);
  create index pushes_to_expand on ${schema}.pushes (tenant_id, id) where aim = 'pushed' and not expanded;

  create table ${schema}.push_members (
    tenant_id text not null,
    push_id text not null,
    account_id text not null,
    wanted boolean,
    linked boolean not null default false,
    missing boolean not null default false,
    held text not null default 'no',
    lost boolean not null default false,
    todo text generated always as (
      case when held <> 'no' and (lost or (wanted is not null and not linked)) then 'forget'
           when wanted and linked and not missing and held = 'no' then 'add'
           when not wanted and held = 'ours' then 'remove' end) stored,
    primary key (tenant_id, push_id, account_id)
  );
  create index push_members_to_do on ${schema}.push_members (tenant_id, push_id, todo desc, account_id) where todo is not null;
  create index push_members_of_account on ${schema}.push_members (tenant_id, account_id);

  create table ${schema}.push_work (
    tenant_id text not null,
    push_id text not null,
    app_id text not null,
    mark bigint not null default 1,
    looked bigint not null default 0,
    primary key (tenant_id, push_id)
  );
  create index push_work_due on ${schema}.push_work (tenant_id, app_id) where mark > looked;

  create table ${schema}.push_marks (
    tenant_id text not null,
    kind text not null,
    id text not null,
    mark bigint not null default 1,
    due_at timestamptz not null default now(),
    causation_id text,
    correlation_id text,
    primary key (kind, tenant_id, id)
  );
  create index push_marks_due on ${schema}.push_marks (due_at) where kind <> 'user'`;

type Row = { tenant_id: string; id: string; record: PushRecord };
type Push = { tenantId: string; id: string };

const apply = async (sql: Sql, schema: string, streams: readonly StreamEvents<PushEvent>[]): Promise<void> => {
  const known = await sql.query<Row>({
    name: `${schema}.known_pushes`,
    text: `select tenant_id, id, record from ${schema}.pushes
           where (tenant_id, id) in (select * from unnest($1::text[], $2::text[]))`,
    values: [streams.map(({ tenantId }) => tenantId), streams.map(({ id }) => id)],
  });
  const before = new Map(known.map(({ tenant_id, id, record }) => [`${tenant_id}/${id}`, record]));
  for (const { tenantId, id, events } of streams) {
    let record = before.get(`${tenantId}/${id}`);
    for (const decoded of events) {
      const next = advancePush(record, decoded);
      await applyToMembers(sql, schema, { tenantId, id }, record?.state, next.state, decoded);
      record = next;
    }
    if (record?.state.kind === 'present')
      await put(sql, schema, { tenantId, id }, record, record.state, events.some(isBeginning));
  }
};

/** From here on everybody of the group is looked at anew. */
const isBeginning = ({ event }: Decoded<PushEvent>) => event?.type === 'GroupPushed' || event?.type === 'PushLinked';

const put = async (
  sql: Sql,
  schema: string,
  { tenantId, id }: Push,
  record: PushRecord,
  push: PresentPush,
  isNew: boolean,
) => {
  await sql.query({
    name: `${schema}.put_push`,
    text: `insert into ${schema}.pushes as p (tenant_id, id, app_id, group_id, aim, remote_id, display_name, failed, since, created_at, revision, record)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
           on conflict (tenant_id, id) do update set aim = excluded.aim, remote_id = excluded.remote_id, display_name = excluded.display_name,
             failed = excluded.failed, since = excluded.since, revision = excluded.revision, record = excluded.record, expanded = p.expanded and not $13`,
    values: [
      tenantId,
      id,
      push.appId,
      push.groupId,
      push.aim,
      push.link?.remoteId ?? null,
      push.displayName,
      push.failure !== null,
      record.since,
      record.createdAt,
      record.revision,
      JSON.stringify(record),
      isNew,
    ],
  });
  if (push.aim === 'pushed' || push.aim === 'deleting')
    await sql.query({
      name: `${schema}.put_push_work`,
      text: `insert into ${schema}.push_work as w (tenant_id, push_id, app_id) values ($1, $2, $3)
             on conflict (tenant_id, push_id) do update set mark = w.mark + 1`,
      values: [tenantId, id, push.appId],
    });
  else
    await sql.query({
      text: `delete from ${schema}.push_work where tenant_id = $1 and push_id = $2`,
      values: [tenantId, id],
    });
};

const remoteOf = (state: PushState | undefined) => (state?.kind === 'present' ? state.link?.remoteId : undefined);

const applyToMembers = async (
  sql: Sql,
  schema: string,
  { tenantId, id }: Push,
  before: PushState | undefined,
  after: PushState,
  { event }: Decoded<PushEvent>,
) => {
  const run = (text: string, ...values: unknown[]) => sql.query({ text, values: [tenantId, id, ...values] });
  const ofPush = 'where tenant_id = $1 and push_id = $2';
  if (event?.type === 'PushedGroupDeleted') await run(`delete from ${schema}.push_members ${ofPush}`);
  // Another group of the app: who was in the one before is in this one only if it says so.
  else if (remoteOf(before) !== remoteOf(after))
    await run(`update ${schema}.push_members set held = 'no', lost = false, missing = false ${ofPush}`);
  if (event?.type !== 'PushMembersSent') return;
  const { added, found, removed, gone } = event.data;
  const isNow = (held: 'ours' | 'theirs', accounts: readonly string[]) =>
    run(
      `insert into ${schema}.push_members as m (tenant_id, push_id, account_id, held) select $1, $2, id, $4 from unnest($3::text[]) a (id) order by id
       on conflict (tenant_id, push_id, account_id) do update set held = excluded.held`,
      accounts,
      held,
    );
  if (added.length > 0) await isNow('ours', added);
  if (found.length > 0) await isNow('theirs', found);
  const ended = [...removed, ...gone];
  if (ended.length === 0) return;
  await run(`update ${schema}.push_members set held = 'no', lost = false ${ofPush} and account_id = any($3)`, ended);
  await run(
    `delete from ${schema}.push_members ${ofPush} and account_id = any($3) and wanted is not true and held = 'no'`,
    ended,
  );
};

export const pushesPart = viewPart<PushEvent>({ category: 'push', events: pushEvents, create, apply });
