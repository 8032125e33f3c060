import { randomUUID } from 'node:crypto';
import { testDatabase } from '@tenure/database/testing';
import { checkpointsTable, memoryEventStore, openLeases } from '@tenure/eventing';
import { forwardFacts } from '@tenure/messaging';
import type { TransportWorld } from '@tenure/messaging/testing';
import { kafkaTransport, type KafkaTransport } from '../kafka-transport.ts';
import { aesSealer } from './aes-sealer.ts';
import type { TestBroker } from './brokers.ts';

export type KafkaWorld = Omit<TransportWorld, 'join'> & {
  join: () => Promise<KafkaTransport>;
  brokers: string;
  databaseUrl: string;
};

/** Instances of the transport on a real broker, and a forwarder that publishes the store's events. */
export const openKafkaWorld = async (broker: TestBroker): Promise<KafkaWorld> => {
  const { database, url, drop } = await testDatabase({ poolSize: 20 });
  const store = memoryEventStore();
  const leases = openLeases(database);
  const suffix = randomUUID().slice(0, 8);
  const factTopic = `tally.facts.${suffix}`;
  const sessionMs = 6000;
  const join = async () =>
    kafkaTransport({
      brokers: [broker.brokers],
      clientId: 'tally',
      instanceId: randomUUID(),
      sealer: aesSealer,
      factTopics: [factTopic],
      partitions: 12,
      sessionMs,
    });

  await database.query(checkpointsTable('public'));
  const publishing = await join();
  const publish = publishing.publishFacts(factTopic);
  const forwarder = forwardFacts({
    name: 'forward',
    store,
    database,
    schema: 'public',
    leases,
    categories: ['tally'],
    publish,
  });

  return {
    commandTopic: `tally.commands.${suffix}`,
    factTopic,
    store,
    database,
    databaseUrl: url,
    brokers: broker.brokers,
    sessionMs,
    join,
    ...(broker.control && { broker: broker.control }),
    close: async () => {
      await forwarder.stop();
      await publishing.close();
      await leases.close();
      await store.close();
      await drop();
      await broker.close();
    },
  };
};
