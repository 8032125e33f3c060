import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { testDatabase, type TestDatabase } from '@tenure/database/testing';
import { openLeases, type Leases } from './lease.ts';
import { memoryEventStore } from './memory-event-store.ts';
import { memorySealer } from './testing/memory-sealer.ts';
import { startView } from './view-runtime.ts';
import { dropOldVersions, useView } from './view-versions.ts';

const store = memoryEventStore();
let test: TestDatabase;
let opened: { close: () => Promise<void> }[];
beforeEach(async () => {
  test = await testDatabase();
  opened = [];
});
afterEach(async () => {
  for (const one of opened.reverse()) await one.close();
  await test.drop();
});

const process = (): Leases => {
  const leases = openLeases(test.database);
  opened.push(leases);
  return leases;
};

/** A replica of a service whose view is of this version; its leases are the process. */
const replica = async (name: string, leases = process()) => {
  const view = { name, categories: ['note'], events: [], create: async () => undefined, apply: async () => [] };
  const runtime = await startView({
    view,
    database: test.database,
    schema: 'service',
    store,
    sealer: memorySealer(),
    leases,
  });
  opened.push({ close: runtime.stop });
  await runtime.serving;
  const end = async () => {
    await runtime.stop();
    await leases.close();
  };
  return { end };
};

const versions = async () =>
  (
    await test.database.query<{ name: string }>(
      `select nspname as name from pg_namespace where nspname like 'notes_v%' order by 1`,
    )
  ).map(({ name }) => name);
const drop = (name: string) => dropOldVersions({ database: test.database, schema: 'service', view: { name } });

describe('the older versions of a view', () => {
  it('are dropped with all that is known of them once a newer one serves, and nobody uses them', async () => {
    for (const name of ['notes_v1', 'notes_v2', 'notes_of_others_v1']) await (await replica(name)).end();
    await replica('notes_v10');
    for (let looks = 0; looks < 100 && (await versions()).length > 1; looks++) await sleep(20);
    expect(await versions()).toEqual(['notes_v10']);
    expect(await test.database.query('select name from service.views order by 1')).toEqual([
      { name: 'notes_of_others_v1' },
      { name: 'notes_v10' },
    ]);
    expect(await test.database.query(`select follower from service.checkpoints where follower = 'notes_v1'`)).toEqual(
      [],
    );
  });

  it('stay while a replica of the old version lives, or another service reads them, and go afterwards', async () => {
    const old = await replica('notes_v1');
    const reader = process();
    await useView(reader, 'notes_v1');
    await Promise.all([replica('notes_v2'), replica('notes_v2')]);
    expect(await drop('notes_v2')).toEqual([]);
    await old.end();
    expect(await drop('notes_v2')).toEqual([]);
    await reader.close();
    // Whoever comes first: several look at the same time.
    await Promise.all([drop('notes_v2'), drop('notes_v2'), drop('notes_v2')]);
    expect(await versions()).toEqual(['notes_v2']);
  });

  it('stay while the newer one is being built; newer ones are nobody’s to drop', async () => {
    await (await replica('notes_v1')).end();
    await (await replica('notes_v3')).end();
    await test.database.query(
      `insert into service.views (name, state) values ('notes_v1', 'serving'), ('notes_v2', 'building') on conflict do nothing`,
    );
    await test.database.query('create schema if not exists notes_v1');
    expect(await drop('notes_v2')).toEqual([]);
    expect(await drop('notes_v1')).toEqual([]);
    expect(await versions()).toEqual(['notes_v1', 'notes_v3']);
  });

  it('come back, built anew, where a replica of the old version starts once more', async () => {
    await (await replica('notes_v1')).end();
    await replica('notes_v2');
    for (let looks = 0; looks < 100 && (await versions()).length > 1; looks++) await sleep(20);
    const old = await replica('notes_v1');
    expect(await versions()).toEqual(['notes_v1', 'notes_v2']);
    await old.end();
    expect(await drop('notes_v2')).toEqual(['notes_v1']);
  });

  it('are still in use after the connection that said so broke', async () => {
    await replica('notes_v1');
    const holders = async () =>
      (
        await test.database.query<{ pid: number }>(
          `select pid from pg_locks where locktype = 'advisory' and mode = 'ShareLock' and database = (select oid from pg_database where datname = current_database())`,
        )
      ).map(({ pid }) => pid);
    const [broken] = await holders();
    await test.database.query({ text: 'select pg_terminate_backend($1)', values: [broken] });
    const again = async (looks = 0): Promise<number[]> => {
      const now = await holders();
      if (now.length > 0 && !now.includes(broken!)) return now;
      if (looks > 200) throw new Error('Nobody holds it again.');
      await sleep(25);
      return again(looks + 1);
    };
    const held = await again();
    expect(held).toHaveLength(1);
    // For good: the connection that broke takes the new one with it neither at once nor when its end is noticed.
    await sleep(5000);
    expect(await holders()).toEqual(held);
  });
});
