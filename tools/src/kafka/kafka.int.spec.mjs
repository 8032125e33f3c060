import { describe, expect, it } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';

const control = process.env.TENURE_KAFKA_CONTROL;
const post = async (url) => {
  const response = await fetch(url, { method: 'POST' });
  if (!response.ok) throw new Error(`${url}: ${await response.text()}`);
  return response;
};

const firstMessage = async (client, topic) => {
  const consumer = client.consumer({ groupId: 'reader' });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const value = await new Promise((resolve, reject) => {
    consumer.run({ eachMessage: async ({ message }) => resolve(message.value.toString()) }).catch(reject);
  });
  await consumer.disconnect();
  return value;
};

(control ? describe : describe.skip)('a broker of one suite (needs Kafka)', () => {
  it('keeps port and data when it is stopped and when it is killed', async () => {
    const { brokers, url } = await (await post(`${control}/brokers`)).json();
    const client = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING });
    const admin = client.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'kept' }] });
    await admin.disconnect();
    const producer = client.producer();
    await producer.connect();
    await producer.send({ topic: 'kept', messages: [{ value: 'still here' }] });
    await producer.disconnect();

    await post(`${url}/stop`);
    await post(`${url}/start`);
    await post(`${url}/kill`);
    await post(`${url}/start`);

    expect(await firstMessage(client, 'kept')).toBe('still here');
    await fetch(url, { method: 'DELETE' });
  }, 90_000);
});
