import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ConfigResourceTypes, type Admin, type Kafka } from 'kafkajs';
import { kafkaOf } from './connection.ts';
import { hasKafka, sharedBroker } from './testing/brokers.ts';
import { ensureTopics, reapOrphans, replyTopicOf, type Topic } from './topics.ts';

const describeWithKafka = hasKafka() ? describe : describe.skip;

describeWithKafka('topics (needs Kafka)', () => {
  const suffix = randomUUID().slice(0, 8);
  const commands = `commands.${suffix}`;
  let kafka: Kafka;
  let admin: Admin;
  beforeAll(async () => {
    kafka = kafkaOf({ brokers: [sharedBroker()], clientId: 'test' }).admin;
    admin = kafka.admin();
    await admin.connect();
  });
  afterAll(() => admin.disconnect());

  const settingsOf = async (topic: string) => {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
    });
    return Object.fromEntries(
      resources[0]!.configEntries.map(({ configName, configValue }) => [configName, configValue]),
    );
  };

  it('are made once, with what each kind needs', async () => {
    const topics: Topic[] = [
      { topic: commands, kind: 'commands', partitions: 24 },
      { topic: `facts.${suffix}`, kind: 'facts', partitions: 3 },
    ];
    await Promise.all([ensureTopics(kafka, topics), ensureTopics(kafka, topics)]);
    await ensureTopics(kafka, topics);
    expect(await settingsOf(commands)).toMatchObject({
      'retention.ms': '3600000',
      'message.timestamp.type': 'LogAppendTime',
      'max.message.bytes': '16777216',
    });
    expect(await settingsOf(`facts.${suffix}`)).toMatchObject({
      'retention.ms': '-1',
      'cleanup.policy': 'delete',
      'max.message.bytes': '16777216',
    });
    const { topics: described } = await admin.fetchTopicMetadata({ topics: topics.map(({ topic }) => topic) });
    const partitionsOf = Object.fromEntries(described.map(({ name, partitions }) => [name, partitions.length]));
    expect(topics.map(({ topic }) => partitionsOf[topic])).toEqual([24, 3]);
  });

  it('for replies are deleted once their instance is gone, and not before', async () => {
    const [gone, alive] = [replyTopicOf(commands, 'gone'), replyTopicOf(commands, 'alive')];
    await ensureTopics(
      kafka,
      [gone, alive].map((topic) => ({ topic, kind: 'replies', partitions: 1 })),
    );
    const consumer = kafka.consumer({ groupId: alive });
    await consumer.connect();
    await consumer.subscribe({ topic: alive });
    const joined = new Promise<void>((resolve) => void consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
    await consumer.run({ eachBatch: async () => {} });
    await joined;

    expect(await reapOrphans(kafka, commands)).toEqual([]);
    const inAnHour = Date.now() + 3_600_000;
    expect(await reapOrphans(kafka, commands, inAnHour)).toEqual([gone]);
    expect(await admin.listTopics()).toContain(alive);
    expect(await admin.listTopics()).not.toContain(gone);
    await consumer.disconnect();
  });
});
