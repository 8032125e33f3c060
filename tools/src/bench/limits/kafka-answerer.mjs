import { Kafka, logLevel } from 'kafkajs';
import { beAPart } from '../child.mjs';

// Sends back what it is sent: the other end of the bare request and reply.
const { BENCH_BROKERS, BENCH_TOPIC: commands } = process.env;
const kafka = new Kafka({ clientId: 'bench-answerer', brokers: BENCH_BROKERS.split(','), logLevel: logLevel.ERROR });
const producer = kafka.producer();
const consumer = kafka.consumer({ groupId: `${commands}-answerer`, maxWaitTimeInMs: 1000 });

await beAPart({
  open: async () => {
    await producer.connect();
    await consumer.connect();
    await consumer.subscribe({ topic: commands, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 6,
      eachBatch: async (payload) => {
        const { batch } = payload;
        await producer.send({
          topic: `${commands}-replies`,
          acks: 1,
          messages: batch.messages.map(({ key, value }) => ({ key, value })),
        });
        payload.resolveOffset(batch.lastOffset());
      },
    });
    return 'ready';
  },
  answer: async () => undefined,
  close: async () => {
    await consumer.disconnect();
    await producer.disconnect();
  },
});
