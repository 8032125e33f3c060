import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import {
  AppendTooLarge,
  ForeignPosition,
  OutcomeUnknown,
  streamName,
  type EventStore,
  type NewEvent,
  type Position,
  type StoredEvent,
  type StreamName,
} from '@tenure/eventing';
import { eventStoreDb } from './event-store-db.ts';
import { startStandIn, type EventStoreDbStandIn } from './testing/index.ts';

const DEADLINE_MS = 400;

let server: EventStoreDbStandIn;
let store: EventStore;
beforeEach(async () => {
  server = await startStandIn();
  store = eventStoreDb({ connectionString: server.connectionString, appendDeadlineMs: DEADLINE_MS });
});
afterEach(async () => {
  await store.close();
  await server.close();
});

const visible = (name: string) => server.log.visible(`tenure.${name}`);
const stream = (id: string, category = 'user') => streamName(category, 'acme', id);
const event = (type = 'Changed'): NewEvent => ({
  id: randomUUID(),
  type,
  schemaVersion: 1,
  data: {},
  metadata: {
    tenantId: 'acme',
    actor: { kind: 'root', id: 'root' },
    commandId: randomUUID(),
    correlationId: 'c',
    causationId: 'c',
    occurredAt: '2026-01-05T09:00:00.000Z',
  },
});
const creation = (name: StreamName) => ({ stream: name, expected: 0, events: [event('Created'), event()] });
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no failure',
    (error: unknown) => error,
  );

/** Until the client has noticed that the server is back. */
const persist = async <T>(work: () => Promise<T>): Promise<T> => {
  for (const until = Date.now() + 60_000; ; await sleep(20)) {
    const failure = await work().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    if ('value' in failure) return failure.value;
    if (!(failure.error instanceof OutcomeUnknown) || Date.now() > until) throw failure.error;
  }
};

describe('an append', () => {
  it('to a server that was dead from the start fails cleanly in time, and can be repeated', async () => {
    server.die();
    const write = creation(stream('ada'));
    const before = Date.now();
    const failure = await failureOf(store.append(write));
    expect(failure).toBeInstanceOf(OutcomeUnknown);
    expect((failure as Error).message).toMatch(/^EventStoreDB did not answer/);
    expect(Date.now() - before).toBeLessThan(10 * DEADLINE_MS);
    await server.restart();
    expect((await persist(() => store.append(write))).revision).toBe(2);
  });

  it.each(['applied', 'lost'] as const)(
    'over which the server dies (%s) has an unknown outcome, and a repeat makes it happen once',
    async (when) => {
      await store.append(creation(stream('warm')));
      server.dieAtAppend(when, 'tenure.user-acme_ada');
      const write = creation(stream('ada'));
      expect(await failureOf(store.append(write))).toBeInstanceOf(OutcomeUnknown);
      await server.restart();
      const { revision, position } = await persist(() => store.append(write));
      const stored = await store.read(stream('ada'));
      expect(stored.map(({ id }) => id)).toEqual(write.events.map(({ id }) => id));
      expect({ revision, position }).toEqual({ revision: 2, position: stored[1]!.position });
    },
  );

  it.each(['applied', 'lost'] as const)('whose claim the server dies over (%s) can be repeated', async (when) => {
    const events = [{ ...event('Created'), data: { claims: { take: ['ada'], release: [] } } }];
    const write = { stream: stream('ada'), expected: 0, events, claims: { take: ['ada'], release: [] } };
    await store.append(creation(stream('warm')));
    server.dieAtAppend(when, 'tenure.claims-');
    expect(await failureOf(store.append(write))).toBeInstanceOf(OutcomeUnknown);
    expect(visible(stream('ada'))).toBeUndefined();
    await server.restart();
    expect((await persist(() => store.append(write))).revision).toBe(1);
  });

  it('to a mute server fails in time, as a read does, and both work when it speaks again', async () => {
    await store.append(creation(stream('warm')));
    server.mute();
    const before = Date.now();
    const reading = failureOf(store.read(stream('warm')));
    expect(await failureOf(store.append(creation(stream('ada'))))).toBeInstanceOf(OutcomeUnknown);
    expect(Date.now() - before).toBeLessThan(10 * DEADLINE_MS);
    expect(((await reading) as Error).message).toMatch(/^EventStoreDB did not answer the read of user-acme_warm/);
    server.unmute();
    await persist(() => store.append(creation(stream('ben'))));
    expect(await store.read(stream('warm'))).toHaveLength(2);
  });

  it('to a slow server is not waited for past its deadline, and happened', async () => {
    await store.append(creation(stream('warm')));
    server.slowDown(DEADLINE_MS + 200);
    const write = creation(stream('ada'));
    expect(await failureOf(store.append(write))).toBeInstanceOf(OutcomeUnknown);
    server.slowDown(0);
    await persist(() => store.append(write));
    expect(visible(stream('ada'))).toHaveLength(2);
  });

  it('is alone with its fate: of many in flight when the connection dies each can be repeated, and appends after it are untouched', async () => {
    await store.append(creation(stream('warm')));
    server.slowDown(100);
    const writes = Array.from({ length: 30 }, (_, n) => creation(stream(`u${n}`)));
    const outcomes = Promise.all(writes.map((write) => failureOf(store.append(write))));
    await sleep(50);
    server.die();
    await server.restart();
    const later = Array.from({ length: 10 }, (_, n) => persist(() => store.append(creation(stream(`later${n}`)))));
    for (const outcome of await outcomes) expect(outcome).toBeInstanceOf(OutcomeUnknown);
    server.slowDown(0);
    await Promise.all(later);
    for (const write of writes) expect((await persist(() => store.append(write))).revision).toBe(2);
    for (const write of writes)
      expect((await store.read(write.stream)).map(({ id }) => id)).toEqual(write.events.map(({ id }) => id));
  });

  it('is answered as its own, in whatever order the server answers', async () => {
    const patient = eventStoreDb({ connectionString: server.connectionString, appendDeadlineMs: 30_000 });
    server.answerOutOfOrder();
    const sizes = Array.from({ length: 50 }, (_, n) => 1 + (n % 7));
    const answers = await Promise.all(
      sizes.map((size, n) =>
        patient.append({ stream: stream(`u${n}`), expected: 0, events: Array.from({ length: size }, () => event()) }),
      ),
    );
    for (const [n, { revision, position }] of answers.entries()) {
      const stored = await patient.read(stream(`u${n}`));
      expect({ revision, position }).toEqual({ revision: sizes[n], position: stored.at(-1)!.position });
    }
    await patient.close();
  });

  it('in flight on a stream of appends that dies is unknown, and happens once when it is repeated', async () => {
    await store.append(creation(stream('warm')));
    server.slowDown(100);
    const writes = Array.from({ length: 30 }, (_, n) => creation(stream(`u${n}`)));
    const outcomes = Promise.all(writes.map((write) => failureOf(store.append(write))));
    await sleep(50);
    server.breakBatches();
    for (const outcome of await outcomes) expect(outcome).toBeInstanceOf(OutcomeUnknown);
    server.slowDown(0);
    // The connection is the same, and another stream of appends is opened on it.
    for (const write of writes) expect((await persist(() => store.append(write))).revision).toBe(2);
    for (const write of writes) expect(visible(write.stream)).toHaveLength(2);
  });

  it('that repeats one which is being committed is looked up where the server gives up on it', async () => {
    const hurried = await startStandIn({ commitTimeoutMs: 50 });
    const patient = eventStoreDb({ connectionString: hurried.connectionString, appendDeadlineMs: 20_000 });
    await patient.append(creation(stream('warm')));
    hurried.slowDown(300);
    const write = creation(stream('ada'));
    const answers = await Promise.all(Array.from({ length: 5 }, () => patient.append(write)));
    expect(new Set(answers.map(({ revision, position }) => `${revision}@${position}`)).size).toBe(1);
    expect(hurried.log.visible(`tenure.${stream('ada')}`)).toHaveLength(2);
    await patient.close();
    await hurried.close();
  });

  it('may be as large as the largest MaxAppendSize, not larger', async () => {
    const patient = eventStoreDb({ connectionString: server.connectionString, appendDeadlineMs: 20_000 });
    const parts = (count: number) =>
      Array.from({ length: count }, () => ({ ...event(), data: { text: 'x'.repeat(1024 * 1024 - 1500) } }));
    expect((await patient.append({ stream: stream('large'), expected: 0, events: parts(16) })).revision).toBe(16);
    expect(await patient.read(stream('large'))).toHaveLength(16);
    const refused = await failureOf(patient.append({ stream: stream('larger'), expected: 0, events: parts(17) }));
    expect(refused).toBeInstanceOf(AppendTooLarge);
    expect(refused).toMatchObject({ limit: { bytes: 16_767_216, advice: expect.stringContaining('PostgreSQL') } });
    const one = { ...event(), data: { text: 'x'.repeat(18 * 1024 * 1024) } };
    expect(await failureOf(patient.append({ stream: stream('one'), expected: 0, events: [one] }))).toBeInstanceOf(
      AppendTooLarge,
    );
    await patient.close();
  });

  it('is refused by a server whose MaxAppendSize is smaller, which says how to raise it, and holds no claim', async () => {
    const small = await startStandIn({ maxAppendSize: 1024 * 1024 });
    const modest = eventStoreDb({ connectionString: small.connectionString });
    const claims = { take: ['name-1'], release: [] };
    const large = { ...event(), data: { text: 'x'.repeat(1024 * 1024), claims } };
    const refused = await failureOf(modest.append({ stream: stream('a'), expected: 0, events: [large], claims }));
    expect(refused).toMatchObject({
      name: 'AppendTooLarge',
      limit: { bytes: 1024 * 1024, advice: 'raise EventStoreDB’s MaxAppendSize, up to 16767216' },
    });
    const little = { ...event(), data: { claims } };
    expect((await modest.append({ stream: stream('b'), expected: 0, events: [little], claims })).revision).toBe(1);
    await modest.close();
    await small.close();
  });

  it('is limited by servers that start with no more than EventStoreDB does', async () => {
    await expect(startStandIn({ maxAppendSize: 16 * 1024 * 1024 })).rejects.toThrow('16767216');
  });
});

describe('a subscription', () => {
  it('misses nothing and repeats nothing over a server that dies, goes mute and comes back, however slow its handler', async () => {
    const { position: start } = await store.append(creation(stream('warm')));
    const seen: StoredEvent[] = [];
    const { stop } = store.subscribe(start, { categories: ['user'] }, async (found) => {
      await sleep(2);
      seen.push(found);
    });
    const ids: string[] = [];
    for (let n = 0; n < 60; n++) {
      const write = { stream: stream(`u${n}`), expected: 0, events: [event()] };
      ids.push(write.events[0]!.id);
      await persist(() => store.append(write));
      // What does not match moves the server's checkpoints on, past events that the handler has not seen.
      await persist(() =>
        store.append({
          stream: stream(`n${n}`, 'group'),
          expected: 0,
          events: Array.from({ length: 10 }, () => event()),
        }),
      );
      if (n % 15 === 7) {
        server.die();
        await server.restart();
      }
      if (n % 15 === 14) {
        server.mute();
        await sleep(30);
        server.unmute();
      }
    }
    for (const until = Date.now() + 60_000; seen.length < 60 && Date.now() < until;) await sleep(20);
    await stop();
    expect(seen.map(({ id }) => id)).toEqual(ids);
  });

  it('waits for a server that is down when it begins', async () => {
    const { position: start } = await store.append(creation(stream('warm')));
    await store.append(creation(stream('ada')));
    server.die();
    const seen: string[] = [];
    const { stop } = store.subscribe(start, {}, async ({ type }) => void seen.push(type));
    await sleep(150);
    await server.restart();
    for (const until = Date.now() + 60_000; seen.length < 2 && Date.now() < until;) await sleep(20);
    await stop();
    expect(seen).toEqual(['Created', 'Changed']);
  });
});

describe('the generation', () => {
  const generationIn = (position: Position) => position.split('/')[0];

  it('is one, whoever opens a new store at once', async () => {
    const stores = Array.from({ length: 6 }, () => eventStoreDb({ connectionString: server.connectionString }));
    const positions = await Promise.all(stores.map((opened, n) => opened.append(creation(stream(`u${n}`)))));
    expect(new Set(positions.map(({ position }) => generationIn(position))).size).toBe(1);
    await Promise.all(stores.map((opened) => opened.close()));
  });

  it('does not hide a restored copy: a checkpoint at which it has no event is refused', async () => {
    await store.append(creation(stream('ada')));
    const { position } = await store.append(creation(stream('ben')));
    const restored = await startStandIn();
    const client = EventStoreDBClient.connectionString(restored.connectionString);
    await client.appendToStream(
      'tenure.tenure-generation',
      jsonEvent({ type: 'GenerationStarted', data: { generation: generationIn(position)! } }),
    );
    await client.appendToStream('tenure.user-acme_ada', jsonEvent({ type: 'Created', data: {} }));
    const opened = eventStoreDb({ connectionString: restored.connectionString });
    await expect(opened.readAll(position, { limit: 1 })).rejects.toBeInstanceOf(ForeignPosition);
    await expect(opened.subscribe(position, {}, async () => undefined).ended).rejects.toBeInstanceOf(ForeignPosition);
    await opened.close();
    await client.dispose();
    await restored.close();
  });
});
