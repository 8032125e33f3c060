import { Kafka, logLevel, Partitioners, type KafkaConfig, type Producer } from 'kafkajs';

export type KafkaConnection = {
  brokers: readonly string[];
  /** Shown in the broker's logs and metrics: the name of the service. */
  clientId: string;
} & Pick<KafkaConfig, 'ssl' | 'sasl'>;

/** About 12 s in all: a broker that restarts makes a command slow, not refused; its deadline is 20 s. */
export const retries = { initialRetryTime: 100, multiplier: 2, maxRetryTime: 1000, retries: 15 };

/** kafkajs logs each of its attempts; what matters is reported by those who use it, once. */
export const kafkaOf = ({ brokers, clientId, ssl, sasl }: KafkaConnection): Kafka =>
  new Kafka({ brokers: [...brokers], clientId, ssl, sasl, logLevel: logLevel.NOTHING, connectionTimeout: 3000, requestTimeout: 10_000, retry: retries });

/** Not idempotent: that is experimental in kafkajs, and everything we send may arrive twice without harm. */
export const producerOf = (kafka: Kafka): Producer =>
  kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false, retry: retries });
