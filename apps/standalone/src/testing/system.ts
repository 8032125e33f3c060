import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { testDatabase } from '@tenure/database/testing';
import { readConfig } from '../config.ts';
import { startSystem, type System } from '../system.ts';
import { rebuildDirectory } from '@tenure/directory-service';
import { client, type Client } from './client.ts';
import { openTestStore, storeOfTests, type StoreKind } from './store.ts';
import { contentsOf, tablesWith } from './tables.ts';

export const ROOT_KEY = 'root-key-of-the-tests';
export const SECRETS_KEY = Buffer.alloc(32, 's');
export const LOG_KEY = Buffer.alloc(32, 'l');
const PATIENCE_MS = 60_000;

/** Where business time stands in every test at first: a Monday. */
export const MONDAY = '2026-01-05T09:00:00.000Z';

/** The instant that is so much later; durations in hours, or to the millisecond. */
export const later = (
  instant: string,
  { days = 0, hours = 0, ms = 0 }: { days?: number; hours?: number; ms?: number },
) => new Date(Date.parse(instant) + (days * 24 + hours) * 3_600_000 + ms).toISOString();

/** Until nobody has anything left to do at this instant. */
export const untilSettled = async (root: Client) => {
  for (const until = Date.now() + PATIENCE_MS; ;) {
    const { settled: quiet, waiting } = await root.ok('GET', '/clock');
    if (quiet) return;
    if (Date.now() > until) throw new Error(`The system does not come to rest: ${waiting}`);
    await sleep(20);
  }
};

/** The whole system as `npm start` runs it, on a database of its own, with a clock that tests move; what it logs is kept. */
export const testSystem = async (kind: StoreKind = storeOfTests(), settings: Record<string, string> = {}) => {
  const { url: databaseUrl, database, drop } = await testDatabase();
  const store = await openTestStore(kind);
  const logged: string[] = [];
  const environment: Record<string, string> = {
    TENURE_CLOCK: `manual:${MONDAY}`,
    TENURE_ALLOW_PRIVATE_TARGETS: '127.0.0.1',
    LOG_LEVEL: 'debug',
    DATABASE_URL: databaseUrl,
    ...store.environment,
    ...settings,
  };
  const keys = { rootKey: ROOT_KEY, rootKeyFrom: 'the tests', secretsKey: SECRETS_KEY, logKeys: [LOG_KEY] };
  const start = (port: string): Promise<System> =>
    startSystem(readConfig({ ...environment, TENURE_PORT: port }), keys, databaseUrl, {
      logTo: { write: (line: string) => void logged.push(line) },
    });

  /** As a load balancer does: nothing is asked before it says that it is ready. */
  const ready = async (started: System): Promise<System> => {
    while ((await client(started.url).get('/health/ready')).status !== 200) await sleep(20);
    return started;
  };

  let system = await ready(await start('0'));
  const { port } = new URL(system.url);
  const stop = async () => {
    await system.app.close();
    await system.runtime.close();
  };
  const root = () => client(system.url, ROOT_KEY);
  const now = async (): Promise<string> => (await root().ok('GET', '/clock')).now;

  const settled = () => untilSettled(root());

  /** On the port that it had: clients find it again. */
  const startAgain = async () => {
    system = await ready(await start(port));
  };

  return {
    url: (_segment?: string) => system.url,
    root,
    logged,
    /** Where the test runs on it. */
    standIn: store.standIn,
    /** Behind the API, for what only an operator sees. */
    database,
    /** Behind the API: the tables in which a row holds a text, whatever its case. */
    rowsWith: (text: string) => tablesWith(database, text),
    now,
    settled,
    moveTo: async (instant: string) => {
      await root().ok('POST', '/clock', { to: instant });
      await settled();
    },
    /** Started again with more in its environment. */
    restart: async (more: Record<string, string> = {}) => {
      Object.assign(environment, more);
      await stop();
      await startAgain();
    },
    /** Drops the directory's views while nothing runs, and starts again: they are built from the first event. */
    rebuild: async () => {
      await system.app.close();
      await rebuildDirectory(system.runtime);
      await system.runtime.close();
      await startAgain();
    },
    /** Behind the API: all that tables of a view hold. */
    rows: (schema: string, tables: readonly string[]) => contentsOf(database, schema, tables),
    stop,
    start: startAgain,
    close: async () => {
      await stop();
      await drop();
      await store.close();
    },
  };
};

export type TestSystem = Awaited<ReturnType<typeof testSystem>>;
