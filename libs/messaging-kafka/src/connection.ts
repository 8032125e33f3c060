import { Kafka, logLevel, Partitioners, type KafkaConfig, type Producer } from 'kafkajs';

export type KafkaConnection = {
  brokers: readonly string[];
  /** Shown in the broker's logs and metrics: the name of the service. */
  clientId: string;
} & Pick<KafkaConfig, 'ssl' | 'sasl'>;

/** Of sending and fetching, about 12 s in all: a broker that restarts makes a command slow, not refused; its deadline is 20 s. */
export const retries = { initialRetryTime: 100, multiplier: 2, maxRetryTime: 1000, retries: 15 };

/** Of administration, about 1.5 s: those who need it try again themselves, and must be able to stop. */
const shortly = { ...retries, retries: 4 };

export type KafkaClients = {
  /** Carries messages. kafkajs gives up a send as soon as its connection gives up, so both try for as long. */
  data: Kafka;
  admin: Kafka;
};

/** kafkajs logs each of its attempts; what matters is reported by those who use it, once. */
export const kafkaOf = ({ brokers, clientId, ssl, sasl }: KafkaConnection): KafkaClients => {
  const settings = {
    brokers: [...brokers],
    clientId,
    ssl,
    sasl,
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3000,
    requestTimeout: 10_000,
  };
  return { data: new Kafka({ ...settings, retry: retries }), admin: new Kafka({ ...settings, retry: shortly }) };
};

/** Not idempotent: that is experimental in kafkajs, and everything we send may arrive twice without harm. */
export const producerOf = (kafka: Kafka): Producer =>
  kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false, retry: retries });
