import type { Database } from '@tenure/database';
import type { Clock } from '@tenure/eventing';
import type { AppConfig } from '../app/app-config.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { APP_RUNS } from '../app/find-apps.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import { isDue } from './policy.ts';
import { lastRunOf, startRun } from './runs.ts';

/** Starts the runs that are due by the apps' schedules, as the tenant's clock has it. */
export const startDueRuns = async (database: Database, clock: Clock): Promise<boolean> => {
  const apps = await database.query<{ config: AppConfig }>({
    name: 'provisioning.scheduled_apps',
    text: `select a.config from ${PROVISIONING_VIEW}.apps a
           where ${APP_RUNS} and a.config->'reconciliation'->>'every' is not null
             and not exists (select from ${PROVISIONING}.reconciliations r where r.tenant_id = a.tenant_id and r.app_id = a.id and r.phase <> 'done')`,
  });
  let isStarted = false;
  for (const { config } of apps) {
    const { tenantId, id: appId, reconciliation } = config;
    const now = await clock.now();
    if (!isDue(reconciliation, now, await lastRunOf(database, tenantId, appId))) continue;
    await startRun(database, { tenantId, appId, dryRun: false, now });
    isStarted = true;
  }
  return isStarted;
};
