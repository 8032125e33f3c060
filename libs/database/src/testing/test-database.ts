import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Database } from '../database.ts';
import { openDatabase, type DatabaseOptions } from '../open-database.ts';
import { sharedServer } from './shared-server.ts';

export type TestDatabase = {
  url: string;
  database: Database;
  /** Closes `database` and drops it with everything in it. */
  drop: () => Promise<void>;
};

let server: Promise<string> | undefined;

/** The server given by the test runner, or else an embedded one, started when first asked for and stopped after the last test process. */
const serverUrl = (): Promise<string> =>
  (server ??= process.env['TEST_DATABASE_URL'] ? Promise.resolve(process.env['TEST_DATABASE_URL']) : sharedServer());

const administer = async (url: string, statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
};

/** An empty database of its own, on a real server. */
export const testDatabase = async (options: Partial<DatabaseOptions> = {}): Promise<TestDatabase> => {
  const administrator = await serverUrl();
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(administrator, `create database ${name}`);
  const url = new URL(administrator);
  url.pathname = `/${name}`;
  const database = await openDatabase({ applicationName: 'test', ...options, url: url.href });
  return {
    url: url.href,
    database,
    drop: async () => {
      await database.close();
      await administer(administrator, `drop database if exists ${name} with (force)`);
    },
  };
};
