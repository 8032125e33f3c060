import { Logger } from '@nestjs/common';
import { CommandClient, type FactBatch, type MessageSealer, type Transport } from '@tenure/messaging';
import type { Producer } from 'kafkajs';
import { openAsker, type Asker } from './asker.ts';
import { kafkaOf, producerOf, type KafkaConnection } from './connection.ts';
import { factGroupOf, KafkaServer } from './kafka-server.ts';
import { inChunks } from './outbox.ts';
import { ensureTopics, lagOf, type Topic } from './topics.ts';
import { encodeFact } from './wire.ts';

export type KafkaTransportOptions = KafkaConnection & {
  /** Names this process among the replicas of its service: part of the name of its reply topic. */
  instanceId: string;
  sealer: MessageSealer;
  factTopics: readonly string[];
  /** Of the command and fact topics, where they are created here. */
  partitions?: number;
  /** A member that is silent for so long is taken out of its group: 6 to 10 s, well below the deadline of a command. */
  sessionMs?: number;
};

export type KafkaTransport = Transport & {
  /** Publishes batches to a fact topic, in order; resolves once all replicas in sync have them. For `forwardFacts`. */
  publishFacts: (topic: string) => (facts: FactBatch) => Promise<void>;
};

/** Joins services over Kafka: commands, replies and facts (design, decision 9). */
export const kafkaTransport = (options: KafkaTransportOptions): KafkaTransport => {
  const { instanceId, sealer, partitions = 24, sessionMs = 8000 } = options;
  const kafka = kafkaOf(options);
  const logger = new Logger('KafkaTransport');
  const factTopics = new Map(
    options.factTopics.map((topic): [string, Topic] => [topic, { topic, kind: 'facts', partitions }]),
  );
  const commandsOf = (topic: string): Topic => ({ topic, kind: 'commands', partitions });
  const servers = new Set<KafkaServer>();
  const askers = new Map<string, Asker>();
  const clients = new Set<CommandClient>();
  let publisher: Promise<Producer> | undefined;

  const connectPublisher = async (): Promise<Producer> => {
    await ensureTopics(kafka.admin, [...factTopics.values()]);
    const producer = producerOf(kafka.data);
    await producer.connect();
    return producer;
  };

  const groups = () => [...servers].flatMap((server) => server.groups);

  return {
    server: ({ consumer, commandTopic }) => {
      const commands = commandTopic === undefined ? undefined : commandsOf(commandTopic);
      const server = new KafkaServer({
        kafka,
        consumer,
        commands,
        factTopics,
        sessionMs,
        sealer,
        closed: (which) => void servers.delete(which),
      });
      servers.add(server);
      return server;
    },
    client: ({ commandTopic }) => {
      const asker =
        askers.get(commandTopic) ??
        openAsker({ kafka, instanceId, commands: commandsOf(commandTopic), sessionMs, sealer, logger });
      askers.set(commandTopic, asker);
      const client = new CommandClient(asker);
      clients.add(client);
      return client;
    },
    publishFacts: (topic) => async (facts) => {
      const producer = await (publisher ??= connectPublisher().catch((error) => {
        publisher = undefined;
        throw error;
      }));
      for (const messages of inChunks(facts.map(encodeFact), ({ value }) => value!.length))
        await producer.send({ topic, acks: -1, messages });
    },
    ready: async () => {
      await Promise.all([...[...askers.values()].map(({ joined }) => joined), ...groups().map(({ joined }) => joined)]);
    },
    status: async () => ({
      ready: [...askers.values(), ...groups()].every(({ isJoined }) => isJoined()),
      inFlight: [...servers].reduce((sum, { commandsInFlight }) => sum + commandsInFlight, 0),
      lag: (await Promise.all(groups().map(({ groupId, topics }) => lagOf(kafka.admin, groupId, topics)))).flat(),
    }),
    consumers: () => [...servers].flatMap((server) => server.consumers()),
    rewind: async (consumer, topic) => {
      const admin = kafka.admin.admin();
      await admin.connect();
      try {
        await admin.resetOffsets({ groupId: factGroupOf(consumer), topic, earliest: true });
      } finally {
        await admin.disconnect();
      }
    },
    close: async () => {
      await Promise.all([...servers].map((server) => server.close()));
      for (const client of clients) client.close();
      await Promise.all([...askers.values()].map((asker) => asker.close()));
      await (await publisher?.catch(() => undefined))?.disconnect();
    },
  };
};
