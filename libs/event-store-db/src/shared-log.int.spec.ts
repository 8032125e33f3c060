import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { ForeignPosition, streamName, type EventStore, type NewEvent } from '@tenure/eventing';
import { eventStoreDb } from './event-store-db.ts';
import { startStandIn, type EventStoreDbStandIn } from './testing/index.ts';

let server: EventStoreDbStandIn;
let client: EventStoreDBClient;
let stores: EventStore[];
beforeEach(async () => {
  server = await startStandIn();
  client = EventStoreDBClient.connectionString(server.connectionString);
  stores = [];
});
afterEach(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await client.dispose();
  await server.close();
});

const open = (prefix?: string) => {
  const store = eventStoreDb({ connectionString: server.connectionString, ...(prefix !== undefined && { prefix }) });
  stores.push(store);
  return store;
};
const ada = streamName('user', 'acme', 'ada');
const event = (type: string, claims?: NewEvent['data']['claims']): NewEvent => ({
  id: randomUUID(),
  type,
  schemaVersion: 1,
  data: claims ? { claims } : {},
  metadata: {
    tenantId: 'acme',
    actor: { kind: 'root', id: 'root' },
    commandId: randomUUID(),
    correlationId: 'c',
    causationId: 'c',
    occurredAt: '2026-01-05T09:00:00.000Z',
  },
});
const typesOf = async (store: EventStore, categories?: readonly string[]) =>
  (await store.readAll(undefined, { limit: 100, ...(categories && { categories }) })).map(({ type }) => type);
const followed = async (store: EventStore, count: number, categories?: readonly string[]) => {
  const seen: string[] = [];
  const { stop } = store.subscribe(undefined, { ...(categories && { categories }) }, async ({ type }) => {
    seen.push(type);
  });
  for (const until = Date.now() + 60_000; seen.length < count && Date.now() < until;) await sleep(10);
  await stop();
  return seen;
};

describe('a log that other applications write to', () => {
  it('shows only our events, whatever streams, links and deleted streams there are', async () => {
    const store = open();
    await store.append({ stream: ada, expected: 0, events: [event('Created')] });
    // Streams of another application that are named like ours would be, and hold anything.
    await client.appendToStream('user-acme_ada', jsonEvent({ type: 'UserSignedUp', data: { any: 'thing' } }));
    await client.appendToStream('user-1', [jsonEvent({ type: 'Odd', data: [] as never, metadata: 7 as never })]);
    await client.appendToStream('tenure-notes', jsonEvent({ type: 'Noted', data: {} }));
    await client.appendToStream('tenured.user-acme_ada', jsonEvent({ type: 'Promoted', data: {} }));
    // What its projections make of our streams.
    await client.appendToStream('$ce-tenure.user', jsonEvent({ type: '$>', data: '0@tenure.user-acme_ada' as never }));
    await client.appendToStream('user-2', jsonEvent({ type: 'Gone', data: {} }));
    await client.deleteStream('user-2');
    await client.tombstoneStream('user-1');
    // Somebody deletes a stream of ours for good: the server writes that into the stream itself.
    const eve = streamName('user', 'acme', 'eve');
    await store.append({ stream: eve, expected: 0, events: [event('Created')] });
    await client.tombstoneStream(`tenure.${eve}`);
    await store.append({ stream: ada, expected: 1, events: [event('Changed')] });

    for (const categories of [undefined, ['user', 'group']]) {
      expect(await typesOf(store, categories)).toEqual(['Created', 'Created', 'Changed']);
      expect(await followed(store, 3, categories)).toEqual(['Created', 'Created', 'Changed']);
    }
    expect(await store.read(ada)).toHaveLength(2);
  });

  it('holds two installations with two prefixes that see nothing of each other', async () => {
    const [one, two] = [open('tenure.'), open('tenure.test.')];
    const claims = { take: ['name'], release: [] };
    const { position } = await one.append({ stream: ada, expected: 0, events: [event('One', claims)], claims });
    // The same value and the same stream are free in the other.
    await two.append({ stream: ada, expected: 0, events: [event('Two', claims)], claims });
    expect(await typesOf(one)).toEqual(['One']);
    expect(await typesOf(two)).toEqual(['Two']);
    expect(await typesOf(one, ['user'])).toEqual(['One']);
    expect(await typesOf(two, ['user'])).toEqual(['Two']);
    expect(await followed(two, 1)).toEqual(['Two']);
    await expect(two.readAll(position, { limit: 1 })).rejects.toBeInstanceOf(ForeignPosition);
  });

  it('may have no prefix, for a server that nobody else uses', async () => {
    const store = open('');
    await store.append({ stream: ada, expected: 0, events: [event('Created')] });
    expect(server.log.visible(ada)).toHaveLength(1);
    expect(await typesOf(store)).toEqual(['Created']);
    expect(await typesOf(open(''), ['user'])).toEqual(['Created']);
  });

  it.each(['tenure', 'ten-ure.', '$tenure.', '.', 'a..'])('refuses the prefix %s', (prefix) => {
    expect(() => open(prefix)).toThrow('with a dot at the end');
  });
});
