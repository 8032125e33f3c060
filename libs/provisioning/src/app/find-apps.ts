import type { Sql } from '@tenure/database';
import type { Revision } from '@tenure/eventing';
import type { AppConfig } from './app-config.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

/** An app as it is configured now. */
export const findApp = async (sql: Sql, tenantId: string, appId: string): Promise<AppConfig | undefined> => {
  const [row] = await sql.query<{ config: AppConfig }>({
    name: 'provisioning.app',
    text: `select config from ${PROVISIONING_VIEW}.apps where tenant_id = $1 and id = $2`,
    values: [tenantId, appId],
  });
  return row?.config;
};

/** `a`, an app's row, is one that works: it is on, and the tenant's gate is open (R64). Others are paused. */
export const APP_RUNS = `(a.config->>'state' = 'on' and not exists (
  select 1 from ${PROVISIONING}.tenants gate where gate.id = a.tenant_id and gate.features->>'provisioning' = 'false'))`;

/** An app, and the revision of its stream that it is shown at. */
export type RevisedApp = { app: AppConfig; revision: Revision };

/** The app where it runs; its row is held until the transaction ends: who turns the app off waits for it (design, decision 16). */
export const holdRunningApp = async (sql: Sql, tenantId: string, appId: string): Promise<RevisedApp | undefined> => {
  const [row] = await sql.query<RevisedApp>({
    name: 'provisioning.hold_running_app',
    text: `select config as app, revision from ${PROVISIONING_VIEW}.apps a where tenant_id = $1 and id = $2 and ${APP_RUNS} for share of a`,
    values: [tenantId, appId],
  });
  return row;
};

/** A tenant's apps, or one of them. */
export const appsOf = async (sql: Sql, tenantId: string, appId?: string): Promise<RevisedApp[]> =>
  sql.query<RevisedApp>({
    name: 'provisioning.apps_of',
    text: `select config as app, revision from ${PROVISIONING_VIEW}.apps
           where tenant_id = $1 and ($2::text is null or id = $2) order by id`,
    values: [tenantId, appId ?? null],
  });

/** Which of these tenants have an app at all. */
export const tenantsWithApps = async (sql: Sql, tenantIds: readonly string[]): Promise<ReadonlySet<string>> => {
  const rows = await sql.query<{ tenant_id: string }>({
    name: 'provisioning.tenants_with_apps',
    text: `select wanted.tenant_id from unnest($1::text[]) as wanted (tenant_id)
           where exists (select from ${PROVISIONING_VIEW}.apps a where a.tenant_id = wanted.tenant_id)`,
    values: [tenantIds],
  });
  return new Set(rows.map(({ tenant_id }) => tenant_id));
};
