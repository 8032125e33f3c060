import { existingOrStartedKafka, whyNoKafka } from '../kafka/kafka.mjs';
import { startTestPostgres } from '../servers/postgres.mjs';
import { startKafkaControl } from './kafka-control.mjs';

const choices = ['required', 'auto', 'off'];

const wantedKafka = async ({ TENURE_TEST_KAFKA: choice = 'auto', KAFKA_BROKERS: brokers }) => {
  if (!choices.includes(choice)) throw new Error(`TENURE_TEST_KAFKA is ${choice}; it can be ${choices.join(', ')}.`);
  if (choice === 'off') return { absent: 'TENURE_TEST_KAFKA=off' };
  if (brokers) return {};
  const reason = await whyNoKafka();
  if (reason && choice === 'required') throw new Error(`Kafka is required (TENURE_TEST_KAFKA=required). ${reason}`);
  return { absent: reason };
};

/** The real servers of one run: what suites find in their environment, and why something is absent. */
export const startServers = async (environment, say) => {
  const opened = [];
  const close = async () => {
    for (const server of opened.splice(0).reverse()) await server.close();
  };
  const open = async (starting) => {
    const server = await starting;
    opened.push(server);
    return server;
  };

  try {
    const postgres = environment.DATABASE_URL ? { url: environment.DATABASE_URL } : await open(startTestPostgres());
    const { absent } = await wantedKafka(environment);
    if (absent) {
      const { KAFKA_BROKERS: _, ...withoutKafka } = environment;
      return { close, absent: [`Kafka: ${absent}`], environment: { ...withoutKafka, TEST_DATABASE_URL: postgres.url } };
    }
    const kafka = await open(existingOrStartedKafka({ say }));
    const control = environment.KAFKA_BROKERS && (await whyNoKafka()) ? undefined : await open(startKafkaControl());
    return {
      close,
      absent: control ? [] : ['Brokers to stop and start: only the one of KAFKA_BROKERS is here'],
      environment: {
        ...environment,
        TEST_DATABASE_URL: postgres.url,
        KAFKA_BROKERS: kafka.brokers,
        ...(control && { TENURE_KAFKA_CONTROL: control.url }),
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
};
