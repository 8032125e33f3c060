import { migrate, type Database } from '@tenure/database';
import {
  startPoller,
  type Clock,
  type EventStore,
  type Follower,
  type Instant,
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
import { appProfileMigrations, appProfiles } from './app-profile.ts';
import { cycleMigrations } from '../cycle/cycle.entities.ts';
import { cancelCycle, cycles } from '../cycle/cycles.ts';
import type { AccountActions } from '../account/account.commands.ts';
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
import { appAsOf, type PastAppReply } from './app-history.ts';
import { appQueries, type AppQueries } from './app.queries.ts';
import { reapCredentials, startAppReactor } from './app.reactor.ts';
import type { ListPage } from '@tenure/contracts';
import { cancelRun, RECONCILE } from '../reconciliation/runs.ts';
import { QUEUE_JOB, queueJobTables, summarize } from '../queue/queue-jobs.ts';
import type { JobReply } from './app.bodies.ts';
import { connectionCommands, type ConnectionCommands, type ConnectionDeps } from './connection.commands.ts';
import {
  cancelJob,
  endReapplications,
  findJob,
  forgetMarks,
  jobColumns,
  jobsTable,
  listJobs,
  type Cancelling,
  type JobListQuery,
} from './jobs.ts';
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
  asOf: (tenantId: string, appId: string, instant: Instant) => Promise<PastAppReply>;
  commands: AppCommands;
  connection: ConnectionCommands;
  authorize: AuthorizeCommands;
  previews: Previews;
  health: AppHealth;
  reconciliations: Reconciliations;
  jobs: {
    find: (tenantId: string, id: string) => Promise<JobReply>;
    list: (tenantId: string, query: JobListQuery) => Promise<ListPage<JobReply>>;
    /** A job of the queue may be cancelled by whoever may act on the queue, others by those who configure apps. */
    cancel: (tenantId: string, id: string, mayConfigure: boolean) => Promise<JobReply>;
  };
  /** For `startProvisioning`'s `onUnauthorized`. */
  unauthorized: (app: AppConfig) => Promise<void>;
  followers: readonly Follower[];
  unsettled: () => Promise<string | undefined>;
  stop: () => Promise<void>;
};

const REAP_EVERY_MS = 600_000;
/** Refreshes that another replica was asked for, or did not end. */
const REFRESH_EVERY_MS = 5000;
const RECONCILE_EVERY_MS = 1000;
const CYCLE_EVERY_MS = 200;
const SCHEDULE_EVERY_MS = 10_000;
const END_CYCLES_EVERY_MS = 1000;

/** Of the kinds that keep something of their own. */
const cancelling: Readonly<Record<string, Cancelling>> = {
  reapplyRules: forgetMarks,
  initialCycle: cancelCycle,
  [RECONCILE]: cancelRun,
  [QUEUE_JOB]: summarize,
};

/** What is kept of apps beside the view and outlives it. */
export const appMigrations = [
  { name: 'CreateJobs1767225600001', up: jobsTable },
  { name: 'CreateEntitlements1767225600002', up: `${refreshColumns};\n${catalogueTable}` },
  { name: 'AddRefreshReason1796083200000', up: refreshReasonColumn },
  ...reconciliationMigrations,
  { name: 'CancelJobs1796083400000', up: jobColumns },
  { name: 'CreateQueueJobs1796083400001', up: queueJobTables },
  ...cycleMigrations,
  ...appProfileMigrations,
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
  const queries = appQueries(database, appProfiles(database).find);
  const unauthorized = (app: AppConfig) => needReauthorization(write, app);
  const { run } = refresher({ database, connectorFor, onUnauthorized: unauthorized });
  const refreshing = startPoller({ everyMs: REFRESH_EVERY_MS, run, onFailure: (error) => onFailure?.(error) });
  const health = appHealth(write, queries, lanes);
  const looking = reconciler({
    database,
    clock,
    kinds,
    connectorFor,
    writeAccount,
    box: foreignBox,
    onUnauthorized: unauthorized,
    isHeld: ({ tenantId, id }) => health.isHeld({ tenantId, appId: id }),
    onReconciled: async (app, done) => {
      await noteReconciled(write, app, done);
      if (done.suspicious) await health.suspected({ tenantId: app.tenantId, appId: app.id }, done.counts);
    },
    onRepaired: wake,
  });
  const failing = (error: unknown) => onFailure?.(error);
  const initial = cycles({ database, clock, wakeRuns: () => reconciling.wake(), wake });
  const cycling = startPoller({ everyMs: CYCLE_EVERY_MS, run: initial.run, onFailure: failing });
  const reconciling = startPoller({ everyMs: RECONCILE_EVERY_MS, run: looking.run, onFailure: failing });
  const scheduling = startPoller({
    everyMs: SCHEDULE_EVERY_MS,
    run: async () => {
      if (await startDueRuns(database, clock)) reconciling.wake();
      return false;
    },
    onFailure: failing,
  });
  const ending = startPoller({
    everyMs: END_CYCLES_EVERY_MS,
    run: async () => {
      await endReapplications(database);
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
    asOf: appAsOf({ store, sealer }),
    commands: appCommands({
      write,
      queries,
      database,
      clock,
      kinds,
      connectorFor,
      wakeRefresh: refreshing.wake,
      wakeCycles: cycling.wake,
    }),
    connection,
    authorize: authorizeCommands({ database, box: grantBox, queries, connection, client: authorizationClient }),
    health,
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
    jobs: {
      find: (tenantId, id) => findJob(database, tenantId, id),
      list: (tenantId, query) => listJobs(database, tenantId, query),
      cancel: (tenantId, id, mayConfigure) =>
        cancelJob(database, tenantId, id, { mayCancel: (kind) => mayConfigure || kind === QUEUE_JOB, cancelling }),
    },
    unauthorized,
    followers: [reactor],
    unsettled: initial.unsettled,
    stop: async () => {
      clearInterval(reaping);
      await Promise.all([reactor, refreshing, reconciling, scheduling, cycling, ending].map((one) => one.stop()));
    },
  };
};
