import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { factTopics } from '@tenure/contracts';
import { migrate, openDatabase, type Database, type DatabaseOptions } from '@tenure/database';
import {
  openLeases,
  postgresSnapshots,
  snapshotsTable,
  useView,
  type Clock,
  type EventStore,
  type Follower,
  type Leases,
  type Sealer,
  type SnapshotStore,
} from '@tenure/eventing';
import { openEventStoreDb } from '@tenure/event-store-db';
import { oldestOpenXid, postgresEventStore } from '@tenure/event-store-postgres';
import { forwardFacts, inProcessTransport, type Transport } from '@tenure/messaging';
import { kafkaTransport } from '@tenure/messaging-kafka';
import {
  keyMigrations,
  keyRing,
  messageSealer,
  sealer,
  secretBox,
  secretMigrations,
  secretStore,
  type KeyRing,
  type SecretBox,
  type SecretStore,
} from '@tenure/sealing';
import { clockMigrations, clockOf, startManualClock } from '../clock/manual-clock.ts';
import { reportSettling, type Unsettled } from '../clock/settling.ts';
import { ADMIN_VIEW, adminKeys, sessionLookup } from '../http/admin-keys.ts';
import type { AdminKeys, Sessions } from '../http/authentication.ts';
import { openLog, type Log, type LogOutput } from '../observe/logging.ts';
import { openMetrics, type Metrics } from '../observe/metrics.ts';
import { startTracing } from '../observe/tracing.ts';
import { expectKeysOf } from './keys-of-store.ts';

export type RuntimeOptions = {
  service: string;
  databaseUrl: string;
  secretsKey: Buffer;
  /** TypeORM entities of the services that run here; their tables are made by each service's migrations. */
  entities?: DatabaseOptions['entities'];
  /** Without it nobody is root here. */
  rootKey?: string;
  /** Where browsers reach the system. */
  publicUrl?: string | undefined;
  /** Whose `X-Forwarded-For` counts. */
  trustedProxies?: readonly string[] | undefined;
  eventStore: { kind: 'postgres' } | { kind: 'eventstoredb'; url: string; prefix?: string };
  transport: { kind: 'in-process' } | { kind: 'kafka'; brokers: readonly string[] };
  clock: { kind: 'system' } | { kind: 'manual'; startsAt?: string };
  /** Makes the schemas that all services share (event store, keys, secrets, clock): directory-service and the standalone system. Others wait for them. */
  owner: boolean;
  logLevel: string;
  logTo?: LogOutput;
  /** Told what the start waits for. */
  onWaiting?: (what: string) => void;
  otlpEndpoint?: string;
};

/** Whether a part can do its work; undefined = it can, else what it waits for. */
export type Readiness = {
  name: string;
  check: () => Promise<string | undefined>;
  /** What an operator should know although the part works: streams that wait. */
  note?: () => Promise<string | undefined>;
};

/** What a view or a consumer has parked, for operators. */
export type Parked = {
  /** The segment of the service: `directory`. */
  segment: string;
  name: string;
  list: () => Promise<{ stream: string; since: string; code: string; message: string }[]>;
  replay: (stream?: string) => Promise<{ applied: number; left: string[] }>;
};

/** What every service stands on, opened in order and closed in the opposite one. */
export type Runtime = {
  service: string;
  rootKey?: string;
  publicUrl?: string | undefined;
  trustedProxies?: readonly string[] | undefined;
  log: Log;
  metrics: Metrics;
  database: Database;
  leases: Leases;
  /** Opened once, by the services that write or follow it; the gateway and the audit never do. */
  openStore: () => Promise<EventStore>;
  snapshots: SnapshotStore;
  keys: KeyRing;
  sealer: Sealer;
  secrets: SecretStore;
  /** For secrets in a service's own tables. */
  secretBox: (purpose: string) => SecretBox;
  transport: Transport;
  clock: Clock;
  clockSetting: RuntimeOptions['clock'];
  adminKeys: AdminKeys;
  sessions: Sessions;
  /** Parts add themselves here as they are composed. */
  followers: Follower[];
  readiness: Readiness[];
  parked: Parked[];
  unsettled: Unsettled[];
  /** Asked before metrics are shown, for figures that are looked up rather than counted. */
  onScrape: (() => Promise<void>)[];
  /** Closed in the opposite order of being added. */
  closing: (() => Promise<void>)[];
  /** Publishes the facts of a topic from the store, on Kafka; in process the store's feed is the topic. The schema holds the checkpoint. */
  forward: (topic: keyof typeof factTopics, schema: string) => Promise<void>;
  /** To be called once all parts are there. */
  started: () => void;
  close: () => Promise<void>;
};

const SNAPSHOTS = 'snapshots';

export const openRuntime = async (options: RuntimeOptions): Promise<Runtime> => {
  const { service, secretsKey, rootKey, owner, clock: clockSetting } = options;
  const log = openLog(service, options.logLevel, options.logTo);
  const metrics = openMetrics(service);
  const stopTracing = startTracing(service, options.otlpEndpoint);
  const database = await openDatabase({
    url: options.databaseUrl,
    applicationName: service,
    ...(options.entities && { entities: options.entities }),
  });
  await (owner
    ? makeSharedSchemas(database)
    : untilSharedSchemas(database, () => {
        options.onWaiting?.('directory-service, which makes the shared schemas');
        log.info('Waiting for directory-service to make the shared schemas');
      }));
  if (owner && clockSetting.kind === 'manual') await startManualClock(database, clockSetting.startsAt);

  // Events are opened in the middle of transactions: with connections of their own, keys never wait for a transaction that waits for a key.
  const keyConnections = await openDatabase({
    url: options.databaseUrl,
    applicationName: `${service} keys`,
    poolSize: 2,
  });
  const keys = keyRing({ database: keyConnections, secretsKey });
  if (owner) await keys.check();
  const leases = openLeases(database);
  await useView(leases, ADMIN_VIEW);
  let store: Promise<EventStore> | undefined;
  const openStore = () => (store ??= storeOf(options, database, keys, log));
  const secrets = secretStore({ database, secretsKey });
  const kafka =
    options.transport.kind === 'kafka'
      ? kafkaTransport({
          brokers: options.transport.brokers,
          clientId: service,
          instanceId: `${service}-${randomUUID()}`,
          sealer: messageSealer(keys),
          factTopics: Object.keys(factTopics),
        })
      : undefined;
  const clock = clockOf(clockSetting, database);
  const transport =
    kafka ?? inProcessTransport({ store: await openStore(), database, schema: 'transport', leases, factTopics });

  const closing: (() => Promise<void>)[] = [
    stopTracing,
    () => keyConnections.close(),
    () => database.close(),
    () => leases.close(),
    async () => (await store)?.close(),
    () => transport.close(),
  ];
  const unsettled: Unsettled[] = [() => waitingIn(transport)];
  const followers: Follower[] = [];
  const readiness: Readiness[] = [
    {
      name: 'database',
      check: () =>
        database.query('select 1').then(
          () => undefined,
          (error: Error) => error.message,
        ),
    },
    { name: 'transport', check: async () => ((await transport.status()).ready ? undefined : 'joining') },
  ];

  return {
    service,
    ...(rootKey !== undefined && { rootKey }),
    publicUrl: options.publicUrl,
    trustedProxies: options.trustedProxies,
    log,
    metrics,
    database,
    leases,
    openStore,
    snapshots: postgresSnapshots(database, SNAPSHOTS),
    keys,
    sealer: sealer(keys),
    secrets,
    secretBox: (purpose) => secretBox(secretsKey, purpose),
    transport,
    clock,
    clockSetting,
    adminKeys: adminKeys(database, secrets, clock),
    sessions: sessionLookup(database, secrets, clock),
    followers,
    readiness,
    parked: [],
    unsettled,
    onScrape: [async () => metrics.oldestTransaction.set(((await oldestOpenXid(database)).ageMs ?? 0) / 1000)],
    closing,
    forward: async (topic, schema) => {
      if (!kafka) return;
      const { categories } = factTopics[topic];
      const forwarder = forwardFacts({
        name: `forward ${topic}`,
        store: await openStore(),
        database,
        schema,
        leases,
        categories,
        publish: kafka.publishFacts(topic),
        onFailure: warn(log, topic),
      });
      followers.push(forwarder);
      closing.push(forwarder.stop);
    },
    started: () => {
      if (clockSetting.kind !== 'manual') return;
      const reporting = reportSettling(database, service, [...followers.map(behind), ...unsettled]);
      closing.push(reporting.stop);
    },
    close: async () => {
      for (const close of closing.splice(0).reverse())
        await close().catch((error: unknown) => log.warn({ err: error }, 'A part did not close cleanly'));
    },
  };
};

const storeOf = async (
  { eventStore, onWaiting }: RuntimeOptions,
  database: Database,
  keys: KeyRing,
  log: Log,
): Promise<EventStore> => {
  if (eventStore.kind === 'postgres') return postgresEventStore({ database });
  const store = await openEventStoreDb({
    connectionString: eventStore.url,
    ...(eventStore.prefix !== undefined && { prefix: eventStore.prefix }),
    onWaiting: (reason) => {
      log.warn(reason);
      onWaiting?.(reason);
    },
    onNote: (note) => log.warn(note),
  });
  await expectKeysOf(store, keys);
  return store;
};

const warn = (log: Log, topic: string) => (error: unknown) =>
  log.warn({ err: error, topic }, 'Facts could not be forwarded; trying again');

/** Commands that run, and facts that wait behind what was handled. */
const waitingIn = async (transport: Transport) => {
  const { inFlight, lag } = await transport.status();
  const behindIn = lag.find(({ waiting }) => waiting > 0);
  if (behindIn) return `${behindIn.consumer} has facts of ${behindIn.topic} to handle`;
  return inFlight > 0 ? `${inFlight} commands run` : undefined;
};

const behind =
  (follower: Follower): Unsettled =>
  async () =>
    (await follower.isSettled()) ? undefined : `${follower.name} follows`;

const makeSharedSchemas = async (database: Database) => {
  await migrate(database, { schema: 'keys', migrations: keyMigrations });
  await migrate(database, { schema: 'secrets', migrations: secretMigrations });
  await migrate(database, { schema: 'clock', migrations: clockMigrations });
  await migrate(database, {
    schema: SNAPSHOTS,
    migrations: [{ name: 'CreateSnapshots1767225600000', up: snapshotsTable(SNAPSHOTS) }],
  });
};

/** They are there, and directory-service has granted this role what it may have of them. */
const untilSharedSchemas = async (database: Database, onWaiting: () => void) => {
  for (let asked = 0; ; asked++) {
    const usable = await database
      .query<{ usable: boolean }>(
        `select has_schema_privilege('clock', 'usage') and has_table_privilege('clock.now', 'select') as usable`,
      )
      .then(
        ([row]) => row!.usable,
        () => false,
      );
    if (usable) return;
    if (asked === 5) onWaiting();
    await sleep(1000);
  }
};
