import { Kafka, logLevel } from 'kafkajs';
import { beAPart } from '../child.mjs';

const { BENCH_BROKERS, BENCH_TOPIC: commands } = process.env;
const kafka = new Kafka({ clientId: 'bench-asker', brokers: BENCH_BROKERS.split(','), logLevel: logLevel.ERROR });
const producer = kafka.producer();
const consumer = kafka.consumer({ groupId: `${commands}-asker`, maxWaitTimeInMs: 1000 });
const waiting = new Map();

// All sends of one turn of the event loop travel together: without it the throughput is half.
let outbox = [];
const flush = () => {
  const messages = outbox;
  outbox = [];
  void producer.send({ topic: commands, acks: 1, messages });
};
let asked = 0;
const ask = (value) =>
  new Promise((resolve) => {
    const key = String((asked += 1));
    const started = performance.now();
    waiting.set(key, () => resolve(performance.now() - started));
    if (outbox.push({ key, value }) === 1) setImmediate(flush);
  });

const run = async ({ concurrency, forMs, value }) => {
  const times = [];
  const started = performance.now();
  const caller = async () => {
    while (performance.now() - started < forMs) times.push(await ask(value));
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return { times, seconds: (performance.now() - started) / 1000 };
};

await beAPart({
  open: async () => {
    await producer.connect();
    await consumer.connect();
    await consumer.subscribe({ topic: `${commands}-replies`, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async (payload) => {
        for (const { key, offset } of payload.batch.messages) {
          waiting.get(key.toString())?.();
          waiting.delete(key.toString());
          payload.resolveOffset(offset);
        }
      },
    });
    return 'ready';
  },
  answer: run,
  close: async () => {
    await consumer.disconnect();
    await producer.disconnect();
  },
});
