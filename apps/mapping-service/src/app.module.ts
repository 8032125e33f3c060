import { openTargets } from '@tenure/connectors';
import { DIRECTORY_COMMANDS, DIRECTORY_FACTS, PROVISIONING_FACTS } from '@tenure/contracts';
import {
  directoryClient,
  PARKED,
  parkedController,
  parkedFacts,
  parkedView,
  type Runtime,
  type Service,
} from '@tenure/platform';
import {
  accountActions,
  accountQueries,
  appProfileEntities,
  appProfiles,
  appsPart,
  dropProvisioning,
  authorizationEntities,
  cycleEntities,
  oauthGrants,
  openApps,
  openQueue,
  reconciliationEntities,
  provisionOnDemand,
  pushActions,
  pushQueries,
  startProvisioning,
  type Apps,
} from '@tenure/provisioning';
import { ACCOUNTS, AppAccountsController, TenantAccountsController, type Accounts } from './accounts.controller.ts';
import { AppConnectionController } from './app-connection.controller.ts';
import { AppDeprovisioningController } from './app-deprovisioning.controller.ts';
import { AppHealthController } from './app-health.controller.ts';
import { AppMappingController } from './app-mapping.controller.ts';
import { AppScopeController } from './app-scope.controller.ts';
import { AppsController } from './apps.controller.ts';
import { authorizationClient, connectors, kinds, revoking } from './connectors.ts';
import { AuthorizationController, PUBLIC_URL } from './authorization.controller.ts';
import { CyclesController, ON_DEMAND } from './cycles.controller.ts';
import { EntitlementsController } from './entitlements.controller.ts';
import { FactsController, PROVISIONING } from './facts.controller.ts';
import { ReconciliationController } from './reconciliation.controller.ts';
import { PUSHES, PushesController, type PushService } from './pushes.controller.ts';
import { JobsController } from './jobs.controller.ts';
import { QUEUE, QueueController } from './queue.controller.ts';
import { APPS } from './mapping-api.ts';

class MappingHttp {}
class MappingMessages {}

/** Apps in trouble are counted; the others are healthy. */
const healthStates = ['throttled', 'degraded', 'quarantined'] as const;

/** Holds checkpoints, people, deliveries and jobs; the view itself is in the schema of its name. */
const SCHEMA = 'provisioning';
const CONSUMER = 'mapping-service';

export const mappingControllers = [
  AppsController,
  AppConnectionController,
  AuthorizationController,
  AppMappingController,
  AppScopeController,
  AppDeprovisioningController,
  EntitlementsController,
  CyclesController,
  AppHealthController,
  TenantAccountsController,
  AppAccountsController,
  JobsController,
  QueueController,
  ReconciliationController,
  PushesController,
  parkedController('mapping'),
];

/** TypeORM entities of the tables of `provisioning`. */
export const mappingEntities: (new () => object)[] = [
  ...authorizationEntities,
  ...reconciliationEntities,
  ...cycleEntities,
  ...appProfileEntities,
];

export type MappingOptions = { allowPrivateTargets: readonly string[]; publicUrl?: string };

/** Composes the mapping service on a runtime: what works by itself, what admins ask for, and the way out to the apps. */
export const mappingService = async (
  runtime: Runtime,
  { allowPrivateTargets, publicUrl }: MappingOptions,
): Promise<Service> => {
  const { database, leases, sealer, snapshots, secrets, clock, metrics, log } = runtime;
  const store = await runtime.openStore();
  const shared = { database, store, snapshots, sealer, leases, clock };
  const failing = (what: string, error: unknown) =>
    log.warn({ err: error, what }, 'A part of provisioning failed and tries again');
  const targets = openTargets({ allowPrivateTargets });
  const grantBox = runtime.secretBox('oauth');
  const grants = oauthGrants({ database, box: grantBox });
  const profiles = appProfiles(database);
  const { connect, connectorFor, close } = connectors(targets, secrets, grants, profiles, (error) =>
    failing('learning', error),
  );

  // Work starts once both are there.
  const composed: { apps?: Apps } = {};
  const provisioning = await startProvisioning({
    ...shared,
    appsPart,
    connectorFor,
    kinds,
    onUnauthorized: async (app) => composed.apps?.unauthorized(app),
    onQuarantined: async (app, code) => composed.apps?.health.quarantined(app, code),
    onResumed: async (app) => composed.apps?.health.resumed(app),
    onFailure: failing,
    onErased: runtime.keys.forget,
    onDelivered: (action, outcome) => metrics.deliveries.inc({ action, outcome }),
    // Who moves a clock by hand waits for what is due then.
    ...(runtime.clockSetting.kind === 'manual' && { timerEveryMs: 200 }),
    onParked: ({ stream, revision, reason }, error) =>
      log.error({ stream, revision, reason, err: error }, 'A fact could not be applied and waits with its stream'),
  });
  const { view, write, people } = provisioning;
  const queries = accountQueries(database, { store, sealer });
  const accounts: Accounts = {
    queries,
    actions: accountActions({
      sql: database,
      write,
      queries,
      connectorFor,
      hurry: provisioning.deliveries.hurry,
      wake: provisioning.wake,
    }),
  };
  const pushes = pushQueries(database, { store, sealer });
  const pushService: PushService = {
    queries: pushes,
    actions: pushActions({
      sql: database,
      write: provisioning.writePush,
      queries: pushes,
      connectorFor,
      hurry: provisioning.pushes.hurry,
      wake: provisioning.wake,
    }),
  };
  const apps = await openApps({
    ...shared,
    secrets,
    view,
    writeAccount: write,
    connect,
    connectorFor,
    kinds,
    lanes: provisioning.health,
    actions: accounts.actions,
    foreignBox: runtime.secretBox('foreign-accounts'),
    wake: provisioning.wake,
    refusalOf: targets.refusalOf,
    grants,
    grantBox,
    authorizationClient: authorizationClient(targets),
    revoke: revoking(targets),
    onFailure: (error) => failing('apps', error),
  });
  composed.apps = apps;
  const queue = openQueue({
    database,
    clock,
    actions: accounts.actions,
    reconciliations: apps.reconciliations,
    pushes: pushService,
    commands: apps.commands,
    health: apps.health,
    onFailure: (error) => failing('queue', error),
  });

  await runtime.forward(PROVISIONING_FACTS, SCHEMA);
  runtime.followers.push(...provisioning.followers, ...apps.followers);
  runtime.unsettled.push(provisioning.unsettled, apps.unsettled);
  runtime.readiness.push({
    name: view.follower.name,
    check: async () => ((await view.state()) === 'serving' ? undefined : 'building'),
  });
  parkedView(runtime, 'mapping', view);
  runtime.parked.push(parkedFacts('mapping', 'people', people));
  runtime.onScrape.push(async () => {
    metrics.deadLetters.set({ consumer: CONSUMER }, (await people.parkedCount()).facts);
    metrics.dueTimers.set(await provisioning.timersDue());
    metrics.waitingDeliveries.set(await provisioning.deliveries.open());
    const healths = await provisioning.health.counts();
    for (const state of healthStates)
      metrics.appsByHealth.set({ state }, healths.find(({ health }) => health === state)?.apps ?? 0);
  });
  runtime.closing.push(targets.close, close, provisioning.stop, apps.stop, queue.stop);
  // It waits for the view by itself; facts may come before.
  const factsCaughtUp = async () => {
    const { ready, lag } = await runtime.transport.status();
    const own = lag.filter(({ consumer, topic }) => consumer.startsWith(CONSUMER) && topic === DIRECTORY_FACTS);
    return ready && own.length > 0 && own.every(({ waiting }) => waiting === 0);
  };
  void provisioning.startWork(factsCaughtUp).catch((error: unknown) => failing('start', error));

  return {
    http: {
      module: MappingHttp,
      controllers: mappingControllers,
      providers: [
        { provide: APPS, useValue: apps },
        { provide: ACCOUNTS, useValue: accounts },
        { provide: PUSHES, useValue: pushService },
        { provide: QUEUE, useValue: queue },
        { provide: PUBLIC_URL, useValue: publicUrl },
        { provide: PARKED, useValue: runtime.parked },
        {
          provide: ON_DEMAND,
          useValue: provisionOnDemand({
            database,
            clock,
            kinds,
            connectorFor,
            watch: provisioning.watch,
            lanes: provisioning.health,
            wake: provisioning.wake,
          }),
        },
      ],
    },
    // Its own commands are run here; what it refuses is the directory's to write down.
    onRefused: directoryClient(runtime.transport.client({ commandTopic: DIRECTORY_COMMANDS })).refused,
    messages: {
      consumer: CONSUMER,
      module: {
        module: MappingMessages,
        controllers: [FactsController],
        providers: [{ provide: PROVISIONING, useValue: provisioning }],
      },
    },
  };
};

/** Drops the view, people and groups, and has all facts of the directory handed in again: the next start builds them. */
export const rebuildProvisioning = async ({ database, sealer, transport }: Runtime) => {
  const dropped = await dropProvisioning({ database, sealer });
  await transport.rewind(CONSUMER, DIRECTORY_FACTS);
  return dropped;
};
