import type { Sql } from '@tenure/database';
import type { EntitlementKind } from '../rules/index.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';

/** What can be given in an app, as the app said when it was last asked (R58). `seen_by`: the job that saw it. */
export const catalogueTable = `
  create table entitlements (
    tenant_id text not null,
    app_id text not null,
    kind text not null,
    value text not null,
    display_name text not null,
    gone boolean not null default false,
    seen_by text not null,
    primary key (tenant_id, app_id, kind, value)
  )`;

type OfApp = { tenantId: string; appId: string };

export type RemoteEntitlement = { kind: EntitlementKind; value: string; displayName: string };

export type CatalogueItem = RemoteEntitlement & { gone: boolean };

export const findCatalogue = (sql: Sql, { tenantId, appId }: OfApp): Promise<CatalogueItem[]> =>
  sql.query<CatalogueItem>({
    text: `select kind, value, display_name as "displayName", gone from ${PROVISIONING}.entitlements
           where tenant_id = $1 and app_id = $2 order by kind, lower(display_name), value`,
    values: [tenantId, appId],
  });

/** An app may tell of one twice. */
export const noteSeen = async (
  sql: Sql,
  { tenantId, appId }: OfApp,
  jobId: string,
  items: readonly RemoteEntitlement[],
): Promise<void> => {
  await sql.query({
    text: `insert into ${PROVISIONING}.entitlements (tenant_id, app_id, kind, value, display_name, seen_by)
           select distinct on (kind, value) $1, $2, kind, value, name, $3 from unnest($4::text[], $5::text[], $6::text[]) n (kind, value, name) order by kind, value
           on conflict (tenant_id, app_id, kind, value) do update set display_name = excluded.display_name, gone = false, seen_by = excluded.seen_by`,
    values: [
      tenantId,
      appId,
      jobId,
      items.map(({ kind }) => kind),
      items.map(({ value }) => value),
      items.map(({ displayName }) => displayName),
    ],
  });
};

/** Once all of the app was seen: what the job did not see is there no more, and stays listed as such. */
export const markGone = async (sql: Sql, { tenantId, appId }: OfApp, jobId: string): Promise<void> => {
  await sql.query({
    text: `update ${PROVISIONING}.entitlements set gone = seen_by <> $3 where tenant_id = $1 and app_id = $2`,
    values: [tenantId, appId, jobId],
  });
};
