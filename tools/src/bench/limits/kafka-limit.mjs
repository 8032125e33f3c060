import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { startPart } from '../child.mjs';

/** A bare kafkajs request and reply between two processes: the limit of a write over Kafka. */
export const startKafkaLimit = async (brokers) => {
  const topic = `bench-${randomUUID()}`;
  const topics = [topic, `${topic}-replies`];
  const admin = new Kafka({ clientId: 'bench', brokers: brokers.split(','), logLevel: logLevel.ERROR }).admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: [
      { topic: topics[0], numPartitions: 6 },
      { topic: topics[1], numPartitions: 1 },
    ],
  });
  const environment = { BENCH_BROKERS: brokers, BENCH_TOPIC: topic };
  const [answerer, asker] = await Promise.all(
    ['kafka-answerer.mjs', 'kafka-asker.mjs'].map((file) => startPart(new URL(file, import.meta.url), environment)),
  );
  // Groups join and the code gets warm before anything counts.
  for (const concurrency of [1, 64]) await asker.ask({ concurrency, forMs: 2000, value: 'warm' });
  return {
    run: (job) => asker.ask(job),
    stop: async () => {
      await Promise.all([asker.stop(), answerer.stop()]);
      await admin.deleteTopics({ topics }).catch(() => undefined);
      await admin.disconnect();
    },
  };
};
