import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '@tenure/database/testing';
import { memoryEventStore, openLeases, streamName, type EventStore, type Leases } from '@tenure/eventing';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload } from '@nestjs/microservices';
import { until, upTo } from '../testing/asking.ts';
import { transportContract } from '../testing/index.ts';
import type { Fact, Transport } from '../transport.ts';
import { inProcessTransport } from './in-process-transport.ts';

const factTopics = { 'tally.facts': { categories: ['tally'] } };

transportContract('in process', async () => {
  const { database, drop } = await testDatabase({ poolSize: 20 });
  const store = memoryEventStore();
  const leases = openLeases(database);
  const transport = inProcessTransport({ store, database, schema: 'transport', leases, factTopics });
  return {
    commandTopic: 'tally.commands',
    factTopic: 'tally.facts',
    store,
    database,
    sessionMs: 1000,
    join: async () => ({ ...transport, close: async () => {} }),
    close: async () => {
      await transport.close();
      await leases.close();
      await store.close();
      await drop();
    },
  };
});

describe('facts in process', () => {
  const seen: number[] = [];

  @Controller()
  class Listener {
    @EventPattern<string>('tally.facts')
    consume(@Payload() facts: readonly Fact[]) {
      seen.push(...facts.map(({ revision }) => revision));
    }
  }
  @Module({ controllers: [Listener] })
  class ListenerModule {}

  let test: TestDatabase;
  let leases: Leases;
  let store: EventStore;
  let transport: Transport;
  beforeAll(async () => {
    test = await testDatabase();
    leases = openLeases(test.database);
    store = memoryEventStore();
    transport = inProcessTransport({ store, database: test.database, schema: 'transport', leases, factTopics });
    const strategy = transport.server({ consumer: 'listener' });
    await (await NestFactory.createMicroservice(ListenerModule, { strategy, logger: false })).listen();
  });
  afterAll(async () => {
    await transport.close();
    await leases.close();
    await store.close();
    await test.drop();
  });

  it('are handed over again from the first when a consumer is rewound', async () => {
    const metadata = {
      tenantId: 'acme',
      actor: { kind: 'system' as const, id: 's' },
      commandId: 'c',
      correlationId: 'c',
      causationId: 'c',
      occurredAt: '2026-01-05T09:00:00.000Z',
    };
    const events = upTo(3).map((value) => ({
      id: `e${value}`,
      type: 'TallySet',
      schemaVersion: 1,
      data: { value },
      metadata,
    }));
    await store.append({ stream: streamName('tally', 'acme', 'a'), expected: 0, events });
    await until(
      () => seen.length,
      (count) => count === 3,
    );
    expect((await transport.status()).lag).toEqual([
      { consumer: 'listener', topic: 'tally.facts', waiting: expect.any(Number) },
    ]);
    await transport.rewind('listener', 'tally.facts');
    await until(
      () => seen.length,
      (count) => count === 6,
    );
    expect(seen).toEqual([1, 2, 3, 1, 2, 3]);
  });
});
