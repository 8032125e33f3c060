import { accountEvents, type AccountEvent } from '@tenure/contracts';
import { unnested, type Sql } from '@tenure/database';
import { accountColumns, advanceRecord, timerColumns, type AccountRecord } from './account-record.ts';
import { viewPart, type StreamEvents } from './view-part.ts';

/** `record` is the whole account; the columns are what it is found by. A timer's row is the calendar's (R82). */
const create = (schema: string) => `
  create table ${schema}.accounts (
    tenant_id text not null,
    id text not null,
    app_id text not null,
    user_id text not null,
    status text not null,
    work text,
    remote_id text,
    pending_action text,
    since timestamptz not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    revision int not null,
    record jsonb not null,
    primary key (tenant_id, id)
  );
  create index accounts_of_app on ${schema}.accounts (tenant_id, app_id, created_at, id);
  create index accounts_of_app_by_user on ${schema}.accounts (tenant_id, app_id, user_id);
  create index accounts_of_user on ${schema}.accounts (tenant_id, user_id);
  create index accounts_with_work on ${schema}.accounts (updated_at) where work is not null;

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
  create index timers_fired on ${schema}.timers (app_id, ended_at) where state = 'fired'`;

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
  const accounts: unknown[] = [];
  const timers: unknown[] = [];
  for (const { tenantId, id, events } of streams) {
    const record = events.reduce(advanceRecord, before.get(`${tenantId}/${id}`));
    if (!record || record.state.kind === 'none') continue;
    accounts.push(accountColumns(tenantId, id, record, record.state));
    for (const timer of record.state.timers) timers.push(timerColumns(tenantId, id, record, record.state, timer));
  }
  await put(sql, `${schema}.accounts`, accounts);
  if (timers.length > 0) await put(sql, `${schema}.timers`, timers);
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
