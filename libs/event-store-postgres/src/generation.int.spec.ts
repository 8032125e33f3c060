import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openDatabase, startEmbeddedPostgres, type Database } from '@tenure/database';
import { testDatabase, type TestDatabase } from '@tenure/database/testing';
import { ForeignPosition, type EventStore, type Position } from '@tenure/eventing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { adoptRestoredStore, RestoredStore } from './generation.ts';
import { postgresEventStore } from './postgres-event-store.ts';
import { event, stream, types } from './testing/sample-events.ts';

const feed = async (store: EventStore, count: number, after?: Position) => {
  for (const deadline = Date.now() + 60_000; ; await sleep(10)) {
    const events = await store.readAll(after, { limit: 100 });
    if (events.length >= count || Date.now() > deadline) return events;
  }
};

describe('a restored copy of a store', () => {
  let original: TestDatabase;
  let copy: Database;
  let checkpoint: Position;

  beforeEach(async () => {
    original = await testDatabase();
    const store = await postgresEventStore({ database: original.database });
    await store.append({ stream: stream('ada'), expected: 0, events: [event('1'), event('2')] });
    await store.append({
      stream: stream('ben'),
      expected: 0,
      events: [event('3')],
      claims: { take: ['ben'], release: [] },
    });
    checkpoint = (await store.append({ stream: stream('ada'), expected: 2, events: [event('4')] })).position;
    // The cluster that a dump comes from had counted more transactions than the one that it is restored in.
    await original.database.query(
      `update event_store.events set xid = (xid::text::bigint + 1000000000000)::text::xid8`,
    );
    await original.database.close();

    const url = new URL(original.url);
    const [, name] = url.pathname.split('/');
    url.pathname = '/postgres';
    const server = await openDatabase({ url: url.href, applicationName: 'test' });
    await server.query(`create database ${name}_copy template ${name}`);
    await server.close();
    url.pathname = `/${name}_copy`;
    copy = await openDatabase({ url: url.href, applicationName: 'test' });
  });

  afterEach(async () => {
    await copy.close();
    const url = new URL(original.url);
    const [, name] = url.pathname.split('/');
    await original.drop();
    url.pathname = '/postgres';
    const server = await openDatabase({ url: url.href, applicationName: 'test' });
    await server.query(`drop database ${name}_copy with (force)`);
    await server.close();
  });

  it('is not opened, and says what to do', async () => {
    const opening = postgresEventStore({ database: copy });
    await expect(opening).rejects.toBeInstanceOf(RestoredStore);
    await expect(opening).rejects.toThrow('adoptRestoredStore');
  });

  it('once adopted keeps its order, comes before what is appended here, and takes no checkpoint of before', async () => {
    const before = await copy.query<{ type: string }>('select type from event_store.events order by xid, position');
    expect(await adoptRestoredStore(copy)).toBe(true);
    const store = await postgresEventStore({ database: copy });
    await store.append({ stream: stream('ada'), expected: 3, events: [event('5')] });
    const events = await feed(store, 5);
    expect(types(events)).toEqual([...before.map(({ type }) => type), '5']);
    expect(types(await feed(store, 2, events[2]!.position))).toEqual([before[3]!.type, '5']);
    await expect(store.readAll(checkpoint, { limit: 1 })).rejects.toBeInstanceOf(ForeignPosition);
    await expect(
      store.append({
        stream: stream('eve'),
        expected: 0,
        events: [event('X')],
        claims: { take: ['ben'], release: [] },
      }),
    ).rejects.toMatchObject({
      holder: stream('ben'),
    });
  });

  it('is adopted once; a store that was not restored is left alone', async () => {
    await adoptRestoredStore(copy);
    const { position } = (await feed(await postgresEventStore({ database: copy }), 4))[3]!;
    expect(await adoptRestoredStore(copy)).toBe(false);
    expect(await (await postgresEventStore({ database: copy })).readAll(position, { limit: 1 })).toEqual([]);
  });
});

describe('a role that may only read a store', () => {
  const role = 'reader_of_events';
  let owner: TestDatabase;

  beforeEach(async () => {
    owner = await testDatabase();
    await owner.database.query(`create role ${role} login password 'reader'`);
  });
  afterEach(async () => {
    await owner.database.query(`drop owned by ${role}`);
    await owner.database.query(`drop role ${role}`);
    await owner.drop();
  });

  it('opens it once it is there and reads the feed, and is refused to append', async () => {
    const { database } = owner;
    const store = await postgresEventStore({ database });
    await store.append({ stream: stream('ada'), expected: 0, events: [event('1')] });
    const url = Object.assign(new URL(owner.url), { username: role, password: 'reader' });
    await database.query(`grant create on database ${url.pathname.slice(1)} to ${role}`);
    await database.query(`grant usage on schema event_store to ${role}`);
    await database.query(`grant select on all tables in schema event_store to ${role}`);

    const reader = await openDatabase({ url: url.href, applicationName: 'reader' });
    try {
      const readable = await postgresEventStore({ database: reader });
      expect(types(await feed(readable, 1))).toEqual(types(await feed(store, 1)));
      await expect(readable.append({ stream: stream('ben'), expected: 0, events: [event('2')] })).rejects.toThrow(
        'permission denied',
      );
    } finally {
      await reader.close();
    }
  });
});

describe('a store whose server restarts', () => {
  it('goes on, and so do its subscriptions', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'tenure-restart-'));
    const first = await startEmbeddedPostgres({ dataDir });
    const database = await openDatabase({ url: first.url, applicationName: 'test' });
    const store = await postgresEventStore({ database });
    const seen: string[] = [];
    const subscription = store.subscribe(undefined, {}, async ({ type }) => void seen.push(type));
    await store.append({ stream: stream('ada'), expected: 0, events: [event('1')] });
    await first.stop();
    await expect(store.append({ stream: stream('ada'), expected: 1, events: [event('X')] })).rejects.toThrow();
    const second = await startEmbeddedPostgres({ dataDir, port: Number(new URL(first.url).port) });
    try {
      await store.append({ stream: stream('ada'), expected: 1, events: [event('2')] });
      for (const deadline = Date.now() + 60_000; seen.length < 2 && Date.now() < deadline;) await sleep(20);
      expect(seen).toEqual(['1', '2']);
    } finally {
      await subscription.stop();
      await database.close();
      await second.stop();
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
