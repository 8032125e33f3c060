import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { streamName, type ClaimNames, type EventStore, type NewEvent, type Position } from '@tenure/eventing';
import { eventStoreDb } from './event-store-db.ts';
import { startStandIn, type EventStoreDbStandIn } from './testing/index.ts';

/** What an append and a reader cost the server: each call costs Node 0.2 to 1.4 ms, so their number is what a command costs. */
let server: EventStoreDbStandIn;
let store: EventStore;
beforeEach(async () => {
  server = await startStandIn();
  store = eventStoreDb({ connectionString: server.connectionString, appendDeadlineMs: 30_000 });
  // The generation is asked for once.
  await append('warm', 0);
  server.forgetCalls();
});
afterEach(async () => {
  await store.close();
  await server.close();
});

const event = (claims?: ClaimNames): NewEvent => ({
  id: randomUUID(),
  type: 'Changed',
  schemaVersion: 1,
  data: claims ? { claims } : {},
  metadata: {
    tenantId: 'acme',
    actor: { kind: 'root', id: 'root' },
    commandId: 'c',
    correlationId: 'c',
    causationId: 'c',
    occurredAt: '2026-01-05T09:00:00.000Z',
  },
});
const stream = (id: string, category = 'user') => streamName(category, 'acme', id);
const append = (id: string, expected: number, claims?: ClaimNames, category?: string) =>
  store.append({ stream: stream(id, category), expected, events: [event(claims)], ...(claims && { claims }) });
const read = (after: Position | undefined, categories: string[], limit = 100) =>
  store.readAll(after, { categories, limit });

describe('an append', () => {
  it('is one call, and one more for each claim of a new value', async () => {
    await append('ada', 0, { take: ['a'], release: [] });
    expect(server.calls).toMatchObject({ appends: 2, streamReads: 0, logReads: 0 });
    expect(server.calls.writes).toEqual(['tenure.claims-a', 'tenure.user-acme_ada']);
    server.forgetCalls();
    await append('ada', 1);
    expect(server.calls).toMatchObject({ appends: 1, streamReads: 0 });
    server.forgetCalls();
    await append('ben', 0, { take: ['b', 'c', 'd'], release: [] });
    expect(server.calls).toMatchObject({ appends: 4, streamReads: 0 });
  });

  it('takes its claims side by side', async () => {
    server.slowDown(500);
    const appending = append('ada', 0, { take: ['a', 'b', 'c', 'd'], release: [] });
    for (const until = Date.now() + 20_000; server.calls.writes.length < 4 && Date.now() < until;)
      await new Promise(setImmediate);
    // All were asked for before any was answered.
    expect(server.log.all.filter(({ stream: name }) => name.startsWith('tenure.claims-'))).toEqual([]);
    await appending;
  });

  it('lets a scavenge remove what a claim was only once the claim has moved often', async () => {
    for (let n = 0; n < 6; n++) {
      await append('ada', 2 * n, { take: ['a'], release: [] });
      await append('ada', 2 * n + 1, { take: [], release: ['a'] });
    }
    const isTidied = () => server.log.all.some(({ stream: name }) => name === '$$tenure.claims-a');
    for (const until = Date.now() + 10_000; !isTidied() && Date.now() < until;) await new Promise(setImmediate);
    expect(server.log.all.filter(({ stream: name }) => name === '$$tenure.claims-a')).toHaveLength(1);
    await append('ben', 0, { take: ['a'], release: [] });
  });
});

describe('readers that have caught up', () => {
  it('share one subscription, and read the log no more', async () => {
    const categories = [['user', 'group'], ['app'], ['user', 'group', 'tenant']];
    const positions = new Map<string[], Position | undefined>();
    const ask = async (each: string[]) => {
      const found = await read(positions.get(each), each);
      if (found.length > 0) positions.set(each, found.at(-1)!.position);
      return found.length;
    };
    for (const each of [...categories, ...categories]) await ask(each);
    server.forgetCalls();
    const seen = [0, 0, 0];
    for (let n = 0; n < 10; n++) {
      await append(`u${n}`, 0, { take: [`n${n}`], release: [] });
      await append(`a${n}`, 0, undefined, 'app');
      for (const [index, each] of categories.entries()) seen[index]! += await ask(each);
    }
    expect(seen).toEqual([10, 10, 10]);
    expect(server.calls).toMatchObject({ appends: 30, streamReads: 0, logReads: 0, subscriptions: 0 });
  });

  it('hear of what other processes append', async () => {
    const other = eventStoreDb({ connectionString: server.connectionString });
    await read(undefined, ['user']);
    const heard = new Promise<void>((resolve) => store.onAppend(['user'], resolve));
    await other.append({ stream: stream('eve'), expected: 0, events: [event()] });
    await heard;
    await other.close();
  });

  it('miss nothing where the subscription falls behind: they read the log instead', async () => {
    let position = (await read(undefined, ['user'])).at(-1)!.position;
    server.holdSubscriptions();
    for (let n = 0; n < 3; n++) await append(`u${n}`, 0);
    const found = await read(position, ['user']);
    expect(found.map(({ stream: name }) => name)).toEqual([0, 1, 2].map((n) => stream(`u${n}`)));
    position = found.at(-1)!.position;
    server.releaseSubscriptions();
    await append('u3', 0);
    expect((await read(position, ['user'])).map(({ stream: name }) => name)).toEqual([stream('u3')]);
  });

  it('page through more events than the window holds', async () => {
    const { position } = await append('start', 0);
    await read(position, ['user']);
    for (let n = 0; n < 7; n++)
      await store.append({
        stream: stream(`many${n}`),
        expected: 0,
        events: Array.from({ length: 1000 }, () => event()),
      });
    const ids = new Set<string>();
    for (let after = position; ;) {
      const page = await read(after, ['user'], 300);
      if (page.length === 0) break;
      for (const { id } of page) ids.add(id);
      after = page.at(-1)!.position;
    }
    expect(ids.size).toBe(7000);
  });
});

describe('a reader that begins again', () => {
  it('skips what an earlier process has looked at, as far as the log is the same', async () => {
    const { position } = await append('t', 0, undefined, 'tenant');
    for (let n = 0; n < 3; n++)
      await store.append({ stream: stream(`u${n}`), expected: 0, events: Array.from({ length: 400 }, () => event()) });
    await read(undefined, ['user'], 2000);
    await read(position, ['tenant']);
    const lookedTo = store.lookedTo!(position, ['tenant']);
    expect(lookedTo).toBeDefined();
    await append('t', 1, undefined, 'tenant');

    const looked: number[] = [];
    server.onLogRead((records) => looked.push(records));
    const again = eventStoreDb({ connectionString: server.connectionString });
    expect(await again.readAll(position, { categories: ['tenant'], limit: 10, lookedTo })).toHaveLength(1);
    expect(Math.max(...looked)).toBeLessThan(10);
    looked.splice(0);
    // A mark that names something else is of another copy of the log: nothing is skipped.
    const elsewhere = lookedTo!.replace(/[^/]*$/, randomUUID());
    const third = eventStoreDb({ connectionString: server.connectionString });
    expect(await third.readAll(position, { categories: ['tenant'], limit: 10, lookedTo: elsewhere })).toHaveLength(1);
    expect(Math.max(...looked)).toBeGreaterThan(1000);
    await again.close();
    await third.close();
  });
});
