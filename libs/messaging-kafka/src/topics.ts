import type { Admin, Kafka } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';

export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const HOUR_MS = 3_600_000;

export type Topic = { topic: string; kind: 'commands' | 'replies' | 'facts'; partitions: number };

/** Old segments are dropped whole, so what is kept for an hour is written in short ones. */
const keptForAnHour = { 'retention.ms': HOUR_MS, 'segment.ms': HOUR_MS / 6, 'cleanup.policy': 'delete' };
const keptForEver = { 'retention.ms': -1, 'retention.bytes': -1, 'cleanup.policy': 'delete' };

/** Design, decision 9. A command's place needs the time at which the log took it, hence LogAppendTime (decision 5). */
const settingsOf = (kind: Topic['kind']): Record<string, string | number> => {
  switch (kind) {
    case 'commands':
      return { ...keptForAnHour, 'message.timestamp.type': 'LogAppendTime' };
    case 'replies':
      return keptForAnHour;
    case 'facts':
      return keptForEver;
  }
};

const withAdmin = async <T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> => {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
};

const LOOKS = 50;
const BETWEEN_LOOKS_MS = 100;

/** kafkajs waits for the leaders of topics that it made, and fails where the broker that it asks has not heard of them yet. */
const whileUnheardOf = (admin: Admin, names: readonly string[]) => async (error: unknown) => {
  if ((error as { type?: string }).type !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error;
  for (let looked = 0; looked < LOOKS; looked++) {
    const listed = new Set(await admin.listTopics());
    if (names.every((name) => listed.has(name))) return;
    await sleep(BETWEEN_LOOKS_MS);
  }
  throw error;
};

/** Creates what is missing, on as many brokers as there are, up to three. Topics that exist are left as they are. */
export const ensureTopics = (kafka: Kafka, topics: readonly Topic[]): Promise<void> =>
  withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const missing = topics.filter(({ topic }) => !existing.has(topic));
    if (missing.length === 0) return;
    const replicationFactor = Math.min(3, (await admin.describeCluster()).brokers.length);
    const making = admin.createTopics({
      waitForLeaders: true,
      topics: missing.map(({ topic, kind, partitions }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor,
        configEntries: Object.entries({
          ...settingsOf(kind),
          'max.message.bytes': MAX_MESSAGE_BYTES,
          'min.insync.replicas': Math.max(1, replicationFactor - 1),
        }).map(([name, value]) => ({ name, value: String(value) })),
      })),
    });
    await making.catch(
      whileUnheardOf(
        admin,
        missing.map(({ topic }) => topic),
      ),
    );
  });

/** The reply topics of a command topic; the name tells when its instance started, so that no other takes it for an orphan too soon. */
const repliesPrefix = (commandTopic: string) => `${commandTopic}.replies.`;
export const replyTopicOf = (commandTopic: string, instanceId: string) =>
  `${repliesPrefix(commandTopic)}${instanceId}.${Date.now().toString(36)}`;
const startedAt = (replyTopic: string) => Number.parseInt(replyTopic.slice(replyTopic.lastIndexOf('.') + 1), 36);

const ORPHAN_AFTER_MS = 600_000;

/** Deletes a reply topic and the group that read it, which has the same name. */
export const deleteReplies = (kafka: Kafka, replyTopics: readonly string[]): Promise<void> =>
  withAdmin(kafka, async (admin) => {
    if (replyTopics.length === 0) return;
    await admin.deleteTopics({ topics: [...replyTopics] });
    await admin.deleteGroups([...replyTopics]).catch(() => undefined);
  });

/** Deletes the reply topics of instances that were killed: nobody has joined them, and they are not just being set up. */
export const reapOrphans = async (kafka: Kafka, commandTopic: string, now = Date.now()): Promise<string[]> => {
  const orphans = await withAdmin(kafka, async (admin) => {
    const old = (await admin.listTopics()).filter(
      (topic) => topic.startsWith(repliesPrefix(commandTopic)) && now - startedAt(topic) > ORPHAN_AFTER_MS,
    );
    if (old.length === 0) return [];
    const { groups } = await admin.describeGroups(old);
    return groups.filter(({ members }) => members.length === 0).map(({ groupId }) => groupId);
  });
  await deleteReplies(kafka, orphans);
  return orphans;
};

export type Lag = { consumer: string; topic: string; partition: number; waiting: number };

/** What a group has not committed yet, per partition. */
export const lagOf = (kafka: Kafka, groupId: string, topics: readonly string[]): Promise<Lag[]> =>
  withAdmin(kafka, async (admin) => {
    const committed = await admin.fetchOffsets({ groupId, topics: [...topics] });
    const perTopic = committed.map(async ({ topic, partitions }) => {
      const ends = new Map((await admin.fetchTopicOffsets(topic)).map((end) => [end.partition, end]));
      return partitions.map(({ partition, offset }) => {
        const { low, high } = ends.get(partition) ?? { low: '0', high: '0' };
        return {
          consumer: groupId,
          topic,
          partition,
          waiting: Math.max(0, Number(high) - Math.max(Number(low), Number(offset))),
        };
      });
    });
    return (await Promise.all(perTopic)).flat();
  });
