import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Sql } from '@tenure/database';
import { testDatabase, type TestDatabase } from '@tenure/database/testing';
import { OutcomeUnknown, streamParts, type EventStore, type Position, type StoredEvent } from '@tenure/eventing';
import { setTimeout as sleep } from 'node:timers/promises';
import { oldestOpenXid } from './oldest-open-xid.ts';
import { postgresEventStore } from './postgres-event-store.ts';
import { event, stream, types } from './testing/sample-events.ts';

describe('the order of events in PostgreSQL', () => {
  let test: TestDatabase;
  let store: EventStore;
  beforeEach(async () => {
    test = await testDatabase({ poolSize: 20 });
    store = await postgresEventStore({ database: test.database });
  });
  afterEach(async () => {
    await store.close();
    await test.drop();
  });

  /** An append within a transaction that stays open around it, as an append under load does. */
  const appendIn = (sql: Sql, id: string) =>
    sql.query({
      text: `select * from event_store.append($1, $2)`,
      values: [
        JSON.stringify([{ stream: stream(id), expected: 0, events: [event(id)], take: [], release: [] }]),
        [stream(id)],
      ],
    });

  it('shows no event while one that may come before it can still appear', async () => {
    const slow = test.database.transaction(async (sql) => {
      await appendIn(sql, 'slow');
      await store.append({ stream: stream('fast'), expected: 0, events: [event('fast')] });
      expect(types(await store.readAll(undefined, { limit: 10 }))).not.toContain('fast');
      // Whoever asks whether all was followed is told that it was not.
      expect(await store.hasEventsAfter(undefined, [streamParts(stream('fast')).category])).toBe(true);
      expect(await store.hasEventsAfter(undefined, ['none'])).toBe(false);
      // A stream is read as it is: only the feed waits.
      expect(types(await store.read(stream('fast')))).toEqual(['fast']);
    });
    await slow;
    let all: StoredEvent[] = [];
    for (const deadline = Date.now() + 60_000; all.length < 2 && Date.now() < deadline; await sleep(10))
      all = await store.readAll(undefined, { limit: 10 });
    expect(types(all)).toEqual(['slow', 'fast']);
  });

  it('tells of a transaction that stays open and hides events', async () => {
    await test.database.transaction(async (sql) => {
      const [{ xid }] = (await sql.query<{ xid: string }>('select pg_current_xact_id() as xid')) as [{ xid: string }];
      await store.append({ stream: stream('hidden'), expected: 0, events: [event()] });
      await sleep(50);
      const oldest = await oldestOpenXid(test.database);
      expect(BigInt(oldest.xid)).toBeLessThanOrEqual(BigInt(xid));
      expect(oldest.waiting).toBeGreaterThanOrEqual(2);
      expect(oldest.ageMs).toBeGreaterThanOrEqual(50);
    });
  });

  it('loses nothing to a reader while transactions linger, commit in another order or roll back', async () => {
    const written = new Set<string>();
    let writing = true;
    const pause = (longest: number) => (Math.random() < 0.4 ? sleep(Math.random() * longest) : undefined);
    const writers = Array.from({ length: 12 }, async (_, writer) => {
      for (let n = 0; n < 30; n++) {
        const id = `${writer}-${n}`;
        await test.database
          .transaction(async (sql) => {
            await pause(4);
            await appendIn(sql, id);
            await pause(8);
            if (Math.random() < 0.1) throw new Error('rolled back');
          })
          .then(() => written.add(id))
          .catch((error: Error) => expect(error.message).toBe('rolled back'));
      }
    });
    const seen: string[] = [];
    const read = async () => {
      let position: Position | undefined;
      for (const deadline = Date.now() + 60_000; (writing || seen.length < written.size) && Date.now() < deadline;) {
        const page = await store.readAll(position, { limit: 20 });
        seen.push(...types(page));
        position = page.at(-1)?.position ?? position;
      }
    };
    const reading = read();
    await Promise.all(writers).finally(() => (writing = false));
    await reading;
    expect(seen).toHaveLength(written.size);
    expect(new Set(seen)).toEqual(written);
  });

  it('reads a page of the feed without reading the rest of it, of rare and of common categories', async () => {
    for (let n = 0; n < 10; n++)
      await store.append({ stream: stream(`${n}`), expected: 0, events: Array.from({ length: 1000 }, () => event()) });
    const pagesRead = async (categories: string) => {
      const [row] = await test.database.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
        `explain (analyze, buffers, format json) select * from event_store.next_places('0', 0, '${categories}', 100)`,
      );
      const { Plan: plan } = row!['QUERY PLAN'][0];
      return plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!;
    };
    await pagesRead('{user}');
    const all = (
      await test.database.query<{ pages: number }>(`select pg_relation_size('event_store.events') / 8192 as pages`)
    )[0]!.pages;
    expect(all).toBeGreaterThan(200);
    expect(await pagesRead('{app}')).toBeLessThan(30);
    expect(await pagesRead('{user,group}')).toBeLessThan(60);
  });

  it('fails alone an append that PostgreSQL cannot store, among others that share its commit', async () => {
    const writes = Array.from({ length: 12 }, (_, n) =>
      store.append({ stream: stream(`${n}`), expected: 0, events: [event(n === 7 ? 'bad\u0000' : 'good')] }),
    );
    const outcomes = await Promise.allSettled(writes);
    expect(outcomes.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []))).toEqual([7]);
    expect(await store.read(stream('7'))).toEqual([]);
    expect(types(await store.read(stream('8')))).toEqual(['good']);
  });

  it('says that it does not know where the connection breaks during an append, and a repetition finds out', async () => {
    const write = { stream: stream('ada'), expected: 0, events: [event()], claims: { take: ['name'], release: [] } };
    await test.database.transaction(async (holding) => {
      await holding.query(`select pg_advisory_xact_lock(hashtextextended('name', 0))`);
      const unknown = store.append(write).catch((error: unknown) => error);
      const breakIt = `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event = 'advisory'`;
      // Asked outside the transaction: within one, PostgreSQL shows the activity of its beginning again and again.
      for (
        const deadline = Date.now() + 60_000;
        Date.now() < deadline && (await test.database.query(breakIt)).length === 0;
      )
        await sleep(10);
      expect(await unknown).toBeInstanceOf(OutcomeUnknown);
    });
    expect(await store.append(write)).toMatchObject({ revision: 1 });
    expect(await store.read(stream('ada'))).toHaveLength(1);
  });
});
