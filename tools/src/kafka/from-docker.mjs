import { freePort } from '../servers/ports.mjs';
import { kafkaAnswers } from './answers.mjs';
import { brokerSettings } from './broker-settings.mjs';

const environment = (settings) =>
  Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`KAFKA_${key.toUpperCase().replaceAll('.', '_')}`, String(value)]),
  );

const untilAnswering = async (brokers) => {
  const deadline = Date.now() + 60_000;
  while (!(await kafkaAnswers(brokers).catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`The Kafka container did not answer on ${brokers} within 60 s.`);
  }
};

export const dockerAnswers = async () => {
  const { getContainerRuntimeClient } = await import('testcontainers');
  return getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
};

/** One KRaft node in the published image. Its port on the host is fixed, for it is what the broker advertises. */
export const kafkaFromDocker = async ({ version, port: givenPort, say }) => {
  const { GenericContainer, Wait, getContainerRuntimeClient } = await import('testcontainers');
  const port = givenPort ?? (await freePort());
  const brokers = `localhost:${port}`;
  say(`starting Kafka ${version} in Docker on ${brokers} …`);
  const container = await new GenericContainer(`apache/kafka:${version}`)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment(
      environment({
        ...brokerSettings,
        'process.roles': 'broker,controller',
        'node.id': 1,
        'controller.quorum.voters': '1@localhost:9093',
        listeners: 'PLAINTEXT://:9092,CONTROLLER://:9093',
        'advertised.listeners': `PLAINTEXT://${brokers}`,
        'controller.listener.names': 'CONTROLLER',
        'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      }),
    )
    .withWaitStrategy(Wait.forListeningPorts())
    .start();
  await untilAnswering(brokers);

  // Past testcontainers, whose own stop() works only once.
  const runtime = await getContainerRuntimeClient();
  const engineContainer = runtime.container.getById(container.getId());
  return {
    brokers,
    start: async () => {
      await engineContainer.start();
      await untilAnswering(brokers);
    },
    stop: () => engineContainer.stop({ t: 20 }),
    kill: () => engineContainer.kill(),
    close: async () => {
      await container.stop();
    },
  };
};
