import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { kafkaOf } from '../connection.ts';

/** A message as it lies in the log. */
export type Recorded = { topic: string; key: string; value: string; headers: Record<string, string> };

const POLL_MS = 20;

/** All messages of the topics whose name is wanted, from their first to where they end now. */
export const readTopics = async (
  brokers: string,
  wanted: (topic: string) => boolean = () => true,
): Promise<Recorded[]> => {
  const { data: kafka } = kafkaOf({ brokers: brokers.split(','), clientId: 'reader' });
  const admin = kafka.admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => !topic.startsWith('__') && wanted(topic));
  const ends = (await Promise.all(topics.map((topic) => admin.fetchTopicOffsets(topic)))).flat();
  await admin.disconnect();
  const expected = ends.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
  const read: Recorded[] = [];
  if (expected === 0) return read;

  const consumer = kafka.consumer({ groupId: `reader.${randomUUID()}` });
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ topic, message: { key, value, headers } }) => {
      const told = Object.fromEntries(Object.entries(headers ?? {}).map(([name, header]) => [name, String(header)]));
      read.push({ topic, key: String(key), value: String(value), headers: told });
    },
  });
  while (read.length < expected) await sleep(POLL_MS);
  await consumer.disconnect();
  return read;
};
