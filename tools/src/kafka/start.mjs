import { parseArgs } from 'node:util';
import { startKafka } from './kafka.mjs';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '9092' },
    data: { type: 'string' },
    version: { type: 'string' },
    help: { type: 'boolean' },
  },
});

if (values.help) {
  console.log(
    'node tools/src/kafka/start.mjs [--port 9092] [--data FOLDER] [--version 4.3.0]\nOne Kafka broker until Ctrl-C. Without --data its data are temporary.',
  );
  process.exit(0);
}

const ended = new Promise((resolve) => {
  process.once('SIGINT', resolve);
  process.once('SIGTERM', resolve);
});

try {
  const kafka = await startKafka({
    version: values.version,
    port: Number(values.port),
    dataDir: values.data,
    say: console.log,
  });
  console.log(`Kafka answers. In another terminal: export KAFKA_BROKERS=${kafka.brokers}`);
  const stayAwake = setInterval(() => {}, 60_000);
  await ended;
  clearInterval(stayAwake);
  console.log('stopping Kafka …');
  await kafka.close();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
