import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '@tenure/database/testing';
import { openRuntime, type Runtime } from './runtime.ts';

const secretsKey = randomBytes(32);

let test: TestDatabase;
let runtime: Runtime;
const open = () =>
  openRuntime({
    service: 'test',
    databaseUrl: test.url,
    secretsKey,
    eventStore: { kind: 'postgres' },
    transport: { kind: 'in-process' },
    clock: { kind: 'system' },
    owner: true,
    logLevel: 'silent',
  });

beforeEach(async () => {
  test = await testDatabase();
  runtime = await open();
});
afterEach(async () => {
  await runtime.close();
  await test.drop();
});

describe('a service that starts without a key in its cache', () => {
  it('opens events in more transactions at once than it has connections', async () => {
    const people = Array.from({ length: 30 }, (_, n) => ({ tenantId: 'acme', personId: `person-${n}` }));
    for (const person of people) await runtime.keys.createPerson(person);
    await runtime.close();
    runtime = await open();

    const { database, keys } = runtime;
    const opened = people.map((person) =>
      database.transaction(async (sql) => {
        await sql.query('select pg_sleep(0.05)');
        return keys.keyOf(person);
      }),
    );
    expect((await Promise.all(opened)).every((key) => typeof key === 'object')).toBe(true);
  });
});
