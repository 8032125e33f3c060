import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { streamName, type ClaimNames, type EventStore, type NewEvent } from '@tenure/eventing';
import { eventStoreDb } from './event-store-db.ts';
import { startStandIn, type EventStoreDbStandIn } from './testing/index.ts';

let server: EventStoreDbStandIn;
let store: EventStore;
beforeEach(async () => {
  server = await startStandIn();
  store = eventStoreDb({ connectionString: server.connectionString });
});
afterEach(async () => {
  await store.close();
  await server.close();
});

const metadata = {
  tenantId: 'acme',
  actor: { kind: 'root', id: 'root' },
  commandId: 'c',
  correlationId: 'c',
  causationId: 'c',
  occurredAt: '2026-01-05T09:00:00.000Z',
} as const;
const event = (claims?: ClaimNames): NewEvent => ({
  id: randomUUID(),
  type: claims ? 'Created' : 'Changed',
  schemaVersion: 1,
  data: claims ? { claims } : {},
  metadata,
});
const append = (category: string, count: number) =>
  store.append({
    stream: streamName(category, 'acme', randomUUID()),
    expected: 0,
    events: Array.from({ length: count }, () => event()),
  });

it('reads the log once, and asks the server for nothing while a reader that has caught up asks again', async () => {
  const { position } = await append('tenant', 1);
  await append('user', 1000);
  const ask = () => store.readAll(position, { categories: ['tenant'], limit: 10 });
  expect(await ask()).toEqual([]);
  server.forgetCalls();
  for (let n = 0; n < 20; n++) expect(await ask()).toEqual([]);
  await append('tenant', 2);
  expect((await ask()).map(({ revision }) => revision)).toEqual([1, 2]);
  expect(server.calls.logReads).toBe(0);
});

it('shows neither claims nor what else the adapter writes', async () => {
  const claims = { take: ['ada'], release: [] };
  await store.append({ stream: streamName('user', 'acme', 'ada'), expected: 0, events: [event(claims)], claims });
  await append('user', 1);
  expect((await store.readAll(undefined, { limit: 100 })).map(({ type }) => type)).toEqual(['Created', 'Changed']);
  const seen: string[] = [];
  const { stop } = store.subscribe(undefined, {}, async ({ type }) => void seen.push(type));
  for (const until = Date.now() + 60_000; seen.length < 2 && Date.now() < until;)
    await new Promise((resolve) => setTimeout(resolve, 10));
  await stop();
  expect(seen).toEqual(['Created', 'Changed']);
});
