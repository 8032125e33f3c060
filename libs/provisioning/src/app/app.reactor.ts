import { appEvents, type AppEvent } from '@tenure/contracts';
import type { Database } from '@tenure/database';
import {
  decoder,
  startFollower,
  streamParts,
  type Decoded,
  type EventStore,
  type Follower,
  type Leases,
  type Sealer,
  type ViewRuntime,
} from '@tenure/eventing';
import type { SecretStore } from '@tenure/sealing';
import type { WriteAccount } from '../account/write-account.ts';
import type { DeprovisioningConfig } from '../duration/index.ts';
import type { DeliveryHealth } from '../delivery/delivery-worker.ts';
import { forgetEntitlements } from '../entitlement/refresh.ts';
import { forgetProfile } from './app-profile.ts';
import { forgetCycles } from '../cycle/cycles.ts';
import { forgetReconciliations } from '../reconciliation/runs.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

export type AppReactorDeps = {
  database: Database;
  store: EventStore;
  sealer: Sealer;
  leases: Leases;
  writeAccount: WriteAccount;
  secrets: Pick<SecretStore, 'remove'>;
  lanes: Pick<DeliveryHealth, 'reset'>;
  onFailure?: (error: unknown) => void;
};

const startsAnew: ReadonlySet<AppEvent['type']> = new Set([
  'AppTurnedOn',
  'AppEndpointSet',
  'AppCredentialsSet',
  'AppReauthorized',
  'AppResumed',
]);

/** What follows from a changed configuration beside the evaluation of everybody. May do it twice, without harm. */
export const startAppReactor = ({
  database,
  store,
  sealer,
  leases,
  writeAccount,
  secrets,
  lanes,
  onFailure,
}: AppReactorDeps): Follower => {
  const decode = decoder(sealer, appEvents);

  const accountsWithTimers = (tenantId: string, appId: string) =>
    database.query<{ id: string }>({
      text: `select distinct account_id as id from ${PROVISIONING_VIEW}.timers where tenant_id = $1 and app_id = $2 and state in ('armed', 'parked') order by 1`,
      values: [tenantId, appId],
    });

  const reschedule = async (
    { stream, id: causationId, metadata }: Decoded<AppEvent>,
    deprovisioning: DeprovisioningConfig,
  ) => {
    const { tenantId, id: appId } = streamParts(stream);
    const { correlationId, actor, traceparent } = metadata;
    for (const { id } of await accountsWithTimers(tenantId, appId)) {
      await writeAccount(
        { tenantId, id },
        { type: 'Reschedule', deprovisioning },
        { causationId, correlationId, actor, ...(traceparent !== undefined && { traceparent }) },
      );
    }
  };

  const react = async (decoded: Decoded<AppEvent>) => {
    const { event } = decoded;
    // What was learned of the app before says nothing about it as it is reached now.
    if (event && startsAnew.has(event.type)) {
      const { tenantId, id: appId } = streamParts(decoded.stream);
      await lanes.reset({ tenantId, appId });
    }
    if (event?.type === 'AppCredentialsSet' || event?.type === 'AppReauthorized') {
      if (event.data.replaces !== null) await secrets.remove(event.data.replaces);
    } else if (event?.type === 'AppConfigurationDeleted') {
      if (event.data.wipes !== null) await secrets.remove(event.data.wipes);
      const { tenantId, id: appId } = streamParts(decoded.stream);
      await forgetEntitlements(database, { tenantId, appId });
      await forgetReconciliations(database, { tenantId, appId });
      await forgetCycles(database, { tenantId, appId });
      await forgetProfile(database, { tenantId, appId });
    } else if (event?.type === 'AppDeleted') {
      if (event.data.wipes !== null) await secrets.remove(event.data.wipes);
      const { tenantId, id: appId } = streamParts(decoded.stream);
      await forgetReconciliations(database, { tenantId, appId });
      await forgetCycles(database, { tenantId, appId });
      await forgetProfile(database, { tenantId, appId });
      await forgetApp(database, { tenantId, id: appId });
    } else if (event?.type === 'AppDeprovisioningSet') {
      const { applyToRunning, ...deprovisioning } = event.data;
      if (applyToRunning) await reschedule(decoded, deprovisioning);
    }
  };

  return startFollower({
    name: 'app.reactor',
    database,
    schema: PROVISIONING,
    store,
    leases,
    categories: ['app'],
    before: async (events) => {
      for (const stored of events) await react(await decode<AppEvent>(stored));
    },
    ...(onFailure && { onFailure }),
  });
};

/** What is kept of an app beside its events and the view. */
const forgetApp = (database: Database, { tenantId, id }: { tenantId: string; id: string }): Promise<void> =>
  database.transaction(async (sql) => {
    await sql.query({
      text: `delete from ${PROVISIONING}.queue_job_items i using ${PROVISIONING}.jobs j where j.tenant_id = $1 and j.app_id = $2 and i.job_id = j.id`,
      values: [tenantId, id],
    });
    for (const table of [
      'jobs',
      'entitlements',
      'deliveries',
      'push_deliveries',
      'app_lanes',
      'to_evaluate',
      'markings',
    ])
      await sql.query({
        text: `delete from ${PROVISIONING}.${table} where tenant_id = $1 and app_id = $2`,
        values: [tenantId, id],
      });
  });

/** Far longer than any command may take to append the event that refers to its row. */
const OLDER_THAN_MS = 3_600_000;

/** Removes credentials that no app refers to: their event never came. Asks nothing of a view that may not know of a reference yet. */
export const reapCredentials = async (
  database: Database,
  view: Pick<ViewRuntime, 'state' | 'follower'>,
  secrets: Pick<SecretStore, 'reapUnreferenced'>,
): Promise<number> => {
  if ((await view.state()) !== 'serving' || !(await view.follower.isSettled())) return 0;
  return secrets.reapUnreferenced(OLDER_THAN_MS, async (some) => {
    const credentials = some.filter(({ kind }) => kind === 'credential').map(({ id }) => id);
    const rows = await database.query<{ id: string }>({
      text: `select config->'credentials'->>'secretId' as id from ${PROVISIONING_VIEW}.apps where config->'credentials'->>'secretId' = any($1)`,
      values: [credentials],
    });
    // The other kinds are the directory's to judge.
    return new Set([
      ...rows.map(({ id }) => id),
      ...some.filter(({ kind }) => kind !== 'credential').map(({ id }) => id),
    ]);
  });
};
