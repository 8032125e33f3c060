import { migrate, type Database } from '@tenure/database';
import {
  startPoller,
  type Clock,
  type EventStore,
  type Follower,
  type Leases,
  type Sealer,
  type SnapshotStore,
  type ViewRuntime,
} from '@tenure/eventing';
import type { SecretStore } from '@tenure/sealing';
import type { WriteAccount } from '../account/write-account.ts';
import type { Connector, ConnectorKinds } from '../connector/index.ts';
import type { DeliveryHealth } from '../delivery/delivery-worker.ts';
import { catalogueTable } from '../entitlement/catalogue.ts';
import { refreshColumns, refreshReasonColumn, refresher } from '../entitlement/refresh.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import type { AccountActions } from '../account/account-actions.ts';
import type { ForeignBox } from '../reconciliation/foreign.rows.ts';
import { reconciliationMigrations } from '../reconciliation/reconciliation.entities.ts';
import { reconciler } from '../reconciliation/reconciler.ts';
import { reconciliations, type Reconciliations } from '../reconciliation/reconciliations.ts';
import { startDueRuns } from '../reconciliation/schedule.ts';
import {
  authorizeCommands,
  type AuthorizationClient,
  type AuthorizeCommands,
} from '../authorization/authorize.commands.ts';
import type { GrantBox, GrantTokens, OAuthGrants } from '../authorization/grants.ts';
import type { AppConfig } from './app-config.ts';
import { appHealth, type AppHealth } from './app-health.ts';
import { appCommands, needReauthorization, noteReconciled, type AppCommands } from './app.commands.ts';
import { appQueries, type AppQueries } from './app.queries.ts';
import { reapCredentials, startAppReactor } from './app.reactor.ts';
import type { JobReply } from './app.bodies.ts';
import { connectionCommands, type ConnectionCommands, type ConnectionDeps } from './connection.commands.ts';
import { findJob, jobsTable } from './jobs.ts';
import { previews, type Previews } from './preview.ts';
import { appWriter } from './write-app.ts';

export type AppsNeeds = Pick<ConnectionDeps, 'connect' | 'refusalOf'> & {
  database: Database;
  store: EventStore;
  snapshots?: SnapshotStore;
  sealer: Sealer;
  leases: Leases;
  clock: Clock;
  secrets: SecretStore;
  /** The provisioning view, with `appsPart` in it, and the accounts beside the apps. */
  view: ViewRuntime;
  writeAccount: WriteAccount;
  connectorFor: (app: AppConfig) => Promise<Connector>;
  kinds: ConnectorKinds;
  /** How apps bear their deliveries, as the delivery worker keeps it. */
  lanes: DeliveryHealth;
  /** Only these adopt accounts of an app. */
  actions: Pick<AccountActions, 'adopt'>;
  /** Seals what an app shows of accounts that are nobody's. */
  foreignBox: ForeignBox;
  /** There may be something to deliver. */
  wake: () => void;
  /** Access that admins granted on apps' own pages (R97). */
  grants: OAuthGrants;
  grantBox: GrantBox;
  authorizationClient: AuthorizationClient;
  /** Ends access that isn't used any more at the app's authorization server. */
  revoke?: (credential: unknown, tokens: GrantTokens) => Promise<void>;
  onFailure?: (error: unknown) => void;
};

export type Apps = {
  queries: AppQueries;
  commands: AppCommands;
  connection: ConnectionCommands;
  authorize: AuthorizeCommands;
  previews: Previews;
  health: AppHealth;
  reconciliations: Reconciliations;
  job: (tenantId: string, id: string) => Promise<JobReply>;
  /** For `startProvisioning`'s `onUnauthorized`. */
  unauthorized: (app: AppConfig) => Promise<void>;
  followers: readonly Follower[];
  stop: () => Promise<void>;
};

const REAP_EVERY_MS = 600_000;
/** Refreshes that another replica was asked for, or did not end. */
const REFRESH_EVERY_MS = 5000;
const RECONCILE_EVERY_MS = 1000;
const SCHEDULE_EVERY_MS = 10_000;

/** What is kept of apps beside the view and outlives it. */
export const appMigrations = [
  { name: 'CreateJobs1767225600001', up: jobsTable },
  { name: 'CreateEntitlements1767225600002', up: `${refreshColumns};\n${catalogueTable}` },
  { name: 'AddRefreshReason1796083200000', up: refreshReasonColumn },
  ...reconciliationMigrations,
];

/** All that admins do with apps; what apps do by themselves is `startProvisioning`'s. */
export const openApps = async (needs: AppsNeeds): Promise<Apps> => {
  const {
    database,
    store,
    snapshots,
    sealer,
    leases,
    clock,
    secrets,
    view,
    writeAccount,
    connect,
    connectorFor,
    kinds,
    lanes,
    actions,
    foreignBox,
    wake,
    refusalOf,
    grants,
    grantBox,
    authorizationClient,
    revoke,
    onFailure,
  } = needs;
  await migrate(database, { schema: PROVISIONING, migrations: appMigrations });
  const write = appWriter({ source: { store, sealer, ...(snapshots && { snapshots }) }, clock, view });
  const queries = appQueries(database);
  const unauthorized = (app: AppConfig) => needReauthorization(write, app);
  const { run } = refresher({ database, connectorFor, onUnauthorized: unauthorized });
  const refreshing = startPoller({ everyMs: REFRESH_EVERY_MS, run, onFailure: (error) => onFailure?.(error) });
  const looking = reconciler({
    database,
    clock,
    kinds,
    connectorFor,
    writeAccount,
    box: foreignBox,
    onUnauthorized: unauthorized,
    onReconciled: (app, done) => noteReconciled(write, app, done),
    onRepaired: wake,
  });
  const failing = (error: unknown) => onFailure?.(error);
  const reconciling = startPoller({ everyMs: RECONCILE_EVERY_MS, run: looking.run, onFailure: failing });
  const scheduling = startPoller({
    everyMs: SCHEDULE_EVERY_MS,
    run: async () => {
      if (await startDueRuns(database, clock)) reconciling.wake();
      return false;
    },
    onFailure: failing,
  });
  /** With a credential goes what was granted for it, and the app's authorization server is told. */
  const forgetCredential = async (secretId: string) => {
    const credential = revoke && (await secrets.getCredential(secretId));
    const tokens = await grants.remove(secretId);
    await secrets.remove(secretId);
    if (tokens && credential) await revoke?.(credential, tokens);
  };
  const reactor = startAppReactor({
    database,
    store,
    sealer,
    leases,
    writeAccount,
    secrets: { remove: forgetCredential },
    lanes,
    ...(onFailure && { onFailure }),
  });
  const reaping = setInterval(
    () => void reapCredentials(database, view, secrets).catch((error: unknown) => onFailure?.(error)),
    REAP_EVERY_MS,
  ).unref();
  const connection = connectionCommands({ write, queries, secrets, kinds, connect, refusalOf, grants });
  return {
    queries,
    commands: appCommands({ write, queries, database, clock, kinds, connectorFor, wakeRefresh: refreshing.wake }),
    connection,
    authorize: authorizeCommands({ database, box: grantBox, queries, connection, client: authorizationClient }),
    health: appHealth(write, queries, lanes),
    previews: previews(database, queries, clock, kinds),
    reconciliations: reconciliations({
      database,
      clock,
      queries,
      write: writeAccount,
      actions,
      box: foreignBox,
      wake: reconciling.wake,
      onRepaired: wake,
    }),
    job: (tenantId, id) => findJob(database, tenantId, id),
    unauthorized,
    followers: [reactor],
    stop: async () => {
      clearInterval(reaping);
      await Promise.all([reactor.stop(), refreshing.stop(), reconciling.stop(), scheduling.stop()]);
    },
  };
};
