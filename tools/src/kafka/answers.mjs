import { Kafka, logLevel } from 'kafkajs';

/** Whether the broker answers as Kafka, not merely accepts a connection. */
export const kafkaAnswers = async (brokers) => {
  const client = new Kafka({
    brokers: brokers.split(','),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1000,
    requestTimeout: 2000,
    retry: { retries: 0 },
  });
  const admin = client.admin();
  try {
    await admin.connect();
    const { controller } = await admin.describeCluster();
    return controller !== null;
  } finally {
    await admin.disconnect();
  }
};
