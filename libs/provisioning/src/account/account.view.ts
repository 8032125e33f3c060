import { accountEvents, type AccountEvent, type DeliveryAction } from '@tenure/contracts';
import { unnested, type Sql } from '@tenure/database';
import { isSame, lacksReferencesOnly } from './account.state.ts';
import { accountColumns, advanceRecord, referenceColumns, timerColumns, type AccountRecord } from './account.record.ts';
import { putWaiting, waitingTable } from '../queue/waiting.rows.ts';
import { viewPart, type StreamEvents } from '../view/view-part.ts';

/**
 * `record` is the whole account; the columns are what it is found by. A timer's row is the calendar's (R82). `work` is the index of what is
 * to be delivered: a row for each account with work, and when it is next due, which the delivery worker keeps (`claim.ts`). `account_refs` are
 * those to whom an account refers, and the id by which it knows their account; `link` is the id that it has (R90).
 */
const create = (schema: string) => `
  create table ${schema}.accounts (
    tenant_id text not null,
    id text not null,
    app_id text not null,
    user_id text not null,
    status text not null,
    work text,
    remote_id text,
    link text,
    pending_action text,
    drift text[],
    awaits text,
    since timestamptz not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    revision int not null,
    record jsonb not null,
    primary key (tenant_id, id)
  );
  create index accounts_of_app on ${schema}.accounts (tenant_id, app_id, created_at, id);
  create index accounts_of_app_by_user on ${schema}.accounts (tenant_id, app_id, user_id);
  create index accounts_by_remote_id on ${schema}.accounts (tenant_id, app_id, remote_id) where remote_id is not null;
  create index accounts_with_drift on ${schema}.accounts (tenant_id, app_id, id) where drift is not null;
  create index accounts_awaiting on ${schema}.accounts (tenant_id, awaits) where awaits is not null;
  create index accounts_of_user on ${schema}.accounts (tenant_id, user_id);

  create table ${schema}.work (
    tenant_id text not null,
    account_id text not null,
    app_id text not null,
    priority smallint not null,
    tried boolean not null default false,
    due_at timestamptz not null default now(),
    primary key (tenant_id, account_id)
  );
  create index work_in_order on ${schema}.work (tenant_id, app_id, tried, priority, due_at);

  create table ${schema}.account_refs (
    tenant_id text not null,
    account_id text not null,
    to_account_id text not null,
    app_id text not null,
    user_id text not null,
    mandatory boolean not null,
    linked text,
    primary key (tenant_id, account_id, to_account_id)
  );
  create index account_refs_to on ${schema}.account_refs (tenant_id, to_account_id, account_id);
  create table ${schema}.timers (
    tenant_id text not null,
    id text not null,
    app_id text not null,
    account_id text not null,
    user_id text not null,
    trigger text not null,
    action text not null,
    triggered_at timestamptz not null,
    delay text not null,
    due_at timestamptz not null,
    state text not null,
    effective boolean not null,
    parked_at timestamptz,
    ended_at timestamptz,
    end_reason text,
    armed_by text not null,
    correlation_id text not null,
    primary key (tenant_id, id)
  );
  create index timers_running on ${schema}.timers (due_at, id) where state in ('armed', 'parked');
  create index timers_parked on ${schema}.timers (tenant_id, app_id) where state = 'parked';
  create index timers_in_order on ${schema}.timers (tenant_id, due_at, id);
  create index timers_fired on ${schema}.timers (app_id, ended_at) where state = 'fired';
${waitingTable(schema)}`;

type Row = { id: string; tenant_id: string; record: AccountRecord };

const known = async (
  sql: Sql,
  schema: string,
  streams: readonly StreamEvents<AccountEvent>[],
): Promise<Map<string, AccountRecord>> => {
  const standing = streams.filter(({ head }) => head > 0);
  if (standing.length === 0) return new Map();
  const rows = await sql.query<Row>({
    name: `${schema}.known_accounts`,
    text: `select known.* from ${unnested('text', 'text')} as asked (tenant_id, id)
           cross join lateral (select tenant_id, id, record from ${schema}.accounts v where v.tenant_id = asked.tenant_id and v.id = asked.id limit 1) known`,
    values: [standing.map(({ tenantId }) => tenantId), standing.map(({ id }) => id)],
  });
  return new Map(rows.map(({ tenant_id, id, record }) => [`${tenant_id}/${id}`, record]));
};

const apply = async (sql: Sql, schema: string, streams: readonly StreamEvents<AccountEvent>[]): Promise<void> => {
  const before = await known(sql, schema, streams);
  const accounts: ReturnType<typeof accountColumns>[] = [];
  const changes: Parameters<typeof putWaiting>[2][number][] = [];
  const timers: unknown[] = [];
  const references: ReferencesOf[] = [];
  for (const { tenantId, id, events } of streams) {
    const standing = before.get(`${tenantId}/${id}`);
    const record = events.reduce(advanceRecord, standing);
    if (!record || record.state.kind === 'none') continue;
    changes.push({ tenantId, id, before: standing, after: record });
    const rows = referenceColumns(tenantId, id, record.state);
    const earlier = standing?.state.kind === 'present' ? referenceColumns(tenantId, id, standing.state) : [];
    if (!isSame(rows, earlier)) references.push({ tenant_id: tenantId, id, rows });
    accounts.push(accountColumns(tenantId, id, record, record.state));
    for (const timer of record.state.timers) timers.push(timerColumns(tenantId, id, record, record.state, timer));
  }
  await put(sql, `${schema}.accounts`, accounts);
  await putWork(sql, schema, accounts);
  await putWaiting(sql, schema, changes);
  if (timers.length > 0) await put(sql, `${schema}.timers`, timers);
  if (references.length > 0) await putReferences(sql, schema, references);
};

type ReferencesOf = { tenant_id: string; id: string; rows: ReturnType<typeof referenceColumns> };

/** All of an account anew: there are few, and they seldom change. */
const putReferences = async (sql: Sql, schema: string, references: readonly ReferencesOf[]) => {
  await sql.query({
    name: `${schema}.drop_references`,
    text: `delete from ${schema}.account_refs r using unnest($1::text[], $2::text[]) as old (tenant_id, account_id)
           where r.tenant_id = old.tenant_id and r.account_id = old.account_id`,
    values: [references.map(({ tenant_id }) => tenant_id), references.map(({ id }) => id)],
  });
  const rows = references.flatMap((one) => one.rows);
  if (rows.length === 0) return;
  await sql.query({
    name: `${schema}.put_references`,
    text: `insert into ${schema}.account_refs select * from jsonb_populate_recordset(null::${schema}.account_refs, $1)`,
    values: [JSON.stringify(rows)],
  });
};

/** What takes access away goes first, then what gives it; whom accounts refer to comes last. */
const PRIORITY: Record<DeliveryAction, number> = { suspend: 0, delete: 0, create: 1, unsuspend: 1, update: 2 };
const REFERENCES_ONLY = 3;

const priorityOf = (work: DeliveryAction, { state }: AccountRecord): number =>
  work === 'update' && state.kind === 'present' && lacksReferencesOnly(state) ? REFERENCES_ONLY : PRIORITY[work];

const putWork = async (
  sql: Sql,
  schema: string,
  accounts: readonly Pick<ReturnType<typeof accountColumns>, 'tenant_id' | 'id' | 'app_id' | 'work' | 'record'>[],
) => {
  const busy = accounts.flatMap(({ tenant_id, id, app_id, work, record }) =>
    work === null ? [] : [{ tenant_id, id, app_id, priority: priorityOf(work, record) }],
  );
  const idle = accounts.filter(({ work }) => work === null);
  if (busy.length > 0)
    await sql.query({
      name: `${schema}.put_work`,
      text: `insert into ${schema}.work as w (tenant_id, account_id, app_id, priority)
             select * from unnest($1::text[], $2::text[], $3::text[], $4::smallint[])
             on conflict (tenant_id, account_id) do update set priority = excluded.priority where w.priority <> excluded.priority`,
      values: [
        busy.map(({ tenant_id }) => tenant_id),
        busy.map(({ id }) => id),
        busy.map(({ app_id }) => app_id),
        busy.map(({ priority }) => priority),
      ],
    });
  const [first] = idle;
  if (idle.length === 1)
    await sql.query({
      name: `${schema}.drop_work`,
      text: `delete from ${schema}.work where tenant_id = $1 and account_id = $2`,
      values: [first!.tenant_id, first!.id],
    });
  else if (first)
    await sql.query({
      name: `${schema}.drop_works`,
      text: `delete from ${schema}.work w using unnest($1::text[], $2::text[]) as gone (tenant_id, account_id)
             where w.tenant_id = gone.tenant_id and w.account_id = gone.account_id`,
      values: [idle.map(({ tenant_id }) => tenant_id), idle.map(({ id }) => id)],
    });
};

/** Rows in the shape of the table, in the table's own order of columns. */
const put = async (sql: Sql, table: string, rows: readonly unknown[]) => {
  const columns = Object.keys(rows[0] ?? {});
  if (columns.length === 0) return;
  const changed = columns.filter((column) => column !== 'tenant_id' && column !== 'id');
  await sql.query({
    name: `${table}.put`,
    text: `insert into ${table} (${columns.join(', ')}) select ${columns.join(', ')} from jsonb_populate_recordset(null::${table}, $1)
           on conflict (tenant_id, id) do update set ${changed.map((column) => `${column} = excluded.${column}`).join(', ')}`,
    values: [JSON.stringify(rows)],
  });
};

export const accountsPart = viewPart<AccountEvent>({ category: 'account', events: accountEvents, create, apply });
