import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startServer, untilItAnswers } from '../servers/child.mjs';
import { freePort } from '../servers/ports.mjs';
import { kafkaAnswers } from './answers.mjs';
import { brokerSettings } from './broker-settings.mjs';
import { kafkaJars } from './jars.mjs';

const run = promisify(execFile);

const properties = ({ port, controllerPort, dataDir }) => ({
  ...brokerSettings,
  'process.roles': 'broker,controller',
  'node.id': 1,
  'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
  listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'log.dirs': join(dataDir, 'log'),
});

const isAlive = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** A broker that lived on after its starter was killed holds the data: it is ended before another one opens them. */
const endOrphan = async (dataDir, pidFile) => {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
  if (!pid) return;
  const commandLine = await run('ps', ['-o', 'args=', '-p', String(pid)]).then(
    ({ stdout }) => stdout,
    () => '',
  );
  if (!commandLine.includes(join(dataDir, 'server.properties'))) return;
  process.kill(pid, 'SIGKILL');
  while (isAlive(pid)) await delay(20);
};

/** One KRaft node of Apache Kafka on this machine's Java. Without a `dataDir` its data are temporary. */
export const kafkaFromJars = async ({ version, port, dataDir: givenDir, say }) => {
  const jars = await kafkaJars(version, say);
  const dataDir = givenDir ?? (await mkdtemp(join(tmpdir(), 'tenure-kafka-')));
  await mkdir(dataDir, { recursive: true });
  const at = { port: port ?? (await freePort()), controllerPort: await freePort(), dataDir };
  const brokers = `127.0.0.1:${at.port}`;
  const logFile = join(dataDir, 'kafka.log');
  const pidFile = join(dataDir, 'kafka.pid');
  const propertiesFile = join(dataDir, 'server.properties');
  const java = (...args) => ['-cp', join(jars, '*'), ...args];
  const quietly = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';

  await endOrphan(dataDir, pidFile);
  await writeFile(
    propertiesFile,
    Object.entries(properties(at))
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  if (!existsSync(join(dataDir, 'log', 'meta.properties'))) {
    const clusterId = 'VGVudXJlLUthZmthLTAwMQ';
    await run('java', java(quietly, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', propertiesFile));
  }

  let server;
  const start = async () => {
    if (server && server.exit() === undefined) return;
    const heap = ['-Xms256m', '-Xmx512m'];
    server = await startServer('java', [...heap, ...java(quietly, 'kafka.Kafka', propertiesFile)], {
      logFile,
      cwd: dataDir,
      temporaryDir: givenDir ? undefined : dataDir,
    });
    await writeFile(pidFile, String(server.pid));
    await untilItAnswers('Kafka', server, logFile, () => kafkaAnswers(brokers));
  };
  const stop = async () => server.stop('SIGTERM');
  const kill = async () => server.stop('SIGKILL');

  const close = async () => {
    await (givenDir ? stop() : kill());
    if (!givenDir) await rm(dataDir, { recursive: true, force: true });
  };

  say(`starting Kafka ${version} on ${brokers}, log in ${logFile} …`);
  await start();
  return { brokers, start, stop, kill, close };
};
