import { dockerAnswers, kafkaFromDocker } from './from-docker.mjs';
import { kafkaFromJars } from './from-jars.mjs';
import { whyNoJars } from './jars.mjs';

const defaultVersion = '4.3.0';

/** Why no Kafka can be started on this machine; undefined when one can. */
export const whyNoKafka = async (version = defaultVersion) => {
  if (await dockerAnswers()) return undefined;
  const reason = await whyNoJars(version);
  return reason && `No Docker engine answers, and: ${reason}`;
};

/**
 * Starts one broker: in Docker where an engine answers, else Apache Kafka from its jars.
 * `stop`, `kill` and `start` keep port and data; `close` ends it, with its data unless a `dataDir` was named.
 * A named `dataDir` needs the jars: a container keeps its data to itself.
 */
export const startKafka = async ({ version = defaultVersion, port, dataDir, say = () => {} } = {}) => {
  const lacksJars = await whyNoJars(version);
  if (!dataDir && (await dockerAnswers())) {
    try {
      return await kafkaFromDocker({ version, port, say });
    } catch (error) {
      if (lacksJars) throw error;
      say(`Docker could not run apache/kafka:${version} (${error.message}); running it from its jars instead.`);
    }
  }
  if (lacksJars) throw new Error(`Kafka can't be started. ${lacksJars}`);
  // Twice more where the port is ours to choose: a free one may be taken meanwhile.
  for (let attempt = 1; ; attempt++) {
    try {
      return await kafkaFromJars({ version, port, dataDir, say });
    } catch (error) {
      if (port !== undefined || attempt === 3) throw error;
      say(`Kafka did not start: ${error.message}\nTrying again, on another port …`);
    }
  }
};

/** The broker to use: the one that `KAFKA_BROKERS` names, which nobody here stops, or one of our own. */
export const existingOrStartedKafka = async (options = {}) => {
  const { KAFKA_BROKERS: brokers } = process.env;
  return brokers ? { brokers, close: async () => {} } : startKafka(options);
};
