import { appEvents, type AppEvent } from '@tenure/contracts';
import { unnested, type Sql } from '@tenure/database';
import { viewPart, type StreamEvents } from '../view/view-part.ts';
import { advanceApp, configOf, type AppRecord } from './app.record.ts';

/** `config` is what evaluations read, `record` what the fold goes on from. Who acts for an app holds its row (design, decision 16). */
const create = (schema: string) => `
  create table ${schema}.apps (
    tenant_id text not null,
    id text not null,
    state text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    revision int not null,
    config jsonb not null,
    record jsonb not null,
    primary key (tenant_id, id)
  );
  create index apps_in_order on ${schema}.apps (tenant_id, created_at, id)`;

type Row = { tenant_id: string; id: string; record: AppRecord };

const apply = async (sql: Sql, schema: string, streams: readonly StreamEvents<AppEvent>[]): Promise<void> => {
  const known = await sql.query<Row>({
    name: `${schema}.known_apps`,
    text: `select known.* from ${unnested('text', 'text')} as asked (tenant_id, id)
           cross join lateral (select tenant_id, id, record from ${schema}.apps v where v.tenant_id = asked.tenant_id and v.id = asked.id limit 1) known`,
    values: [streams.map(({ tenantId }) => tenantId), streams.map(({ id }) => id)],
  });
  const before = new Map(known.map(({ tenant_id, id, record }) => [`${tenant_id}/${id}`, record]));
  const rows = streams.flatMap(({ tenantId, id, events }) => {
    const record = events.reduce(advanceApp, before.get(`${tenantId}/${id}`))!;
    const config = configOf(tenantId, id, record);
    if (!config) return [];
    return [
      {
        tenant_id: tenantId,
        id,
        state: config.state,
        created_at: record.createdAt,
        updated_at: record.updatedAt,
        revision: events.at(-1)!.revision,
        config,
        record,
      },
    ];
  });
  const gone = streams.filter(({ events }) => events.some(({ event }) => event?.type === 'AppDeleted'));
  if (gone.length > 0)
    await sql.query({
      text: `delete from ${schema}.apps v using ${unnested('text', 'text')} as gone (tenant_id, id) where v.tenant_id = gone.tenant_id and v.id = gone.id`,
      values: [gone.map(({ tenantId }) => tenantId), gone.map(({ id }) => id)],
    });
  await sql.query({
    name: `${schema}.put_apps`,
    text: `insert into ${schema}.apps (tenant_id, id, state, created_at, updated_at, revision, config, record)
           select tenant_id, id, state, created_at, updated_at, revision, config, record from jsonb_populate_recordset(null::${schema}.apps, $1)
           on conflict (tenant_id, id) do update set
             state = excluded.state, updated_at = excluded.updated_at, revision = excluded.revision, config = excluded.config, record = excluded.record`,
    values: [JSON.stringify(rows)],
  });
};

export const appsPart = viewPart<AppEvent>({ category: 'app', events: appEvents, create, apply });
