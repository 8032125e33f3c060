import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { freePort } from '../servers/ports.mjs';
import { startTestPostgres } from '../servers/postgres.mjs';
import { openBroker } from './broker.mjs';
import { openFrontDoor } from './front-door.mjs';
import { build, program } from './program.mjs';

/** By which first path segments a service is reached, and as whom it uses the database (docker/postgres/roles.sql). */
const services = {
  'directory-service': { segments: ['directory', 'clock', 'auth'], user: 'directory_service:directory' },
  'scim-gateway': { segments: ['scim'], user: 'scim_gateway:gateway' },
  'mapping-service': { segments: ['mapping'], user: 'mapping_service:mapping' },
  'audit-service': { segments: ['audit'], user: 'audit_service:audit' },
};
const names = Object.keys(services);
const DATABASE = 'tenure';

/** A database with the users of the four services, as compose makes it. */
const makeDatabase = async (superuserUrl) => {
  const query = async (url, text) => {
    const connection = new pg.Client(url);
    await connection.connect();
    await connection.query(text).finally(() => connection.end());
  };
  const url = new URL(superuserUrl);
  await query(url.href, `create database ${DATABASE}`);
  url.pathname = DATABASE;
  await query(url.href, await readFile(new URL('../../../docker/postgres/roles.sql', import.meta.url), 'utf8'));
  return url;
};

const urlFor = (databaseUrl, user) =>
  Object.assign(new URL(databaseUrl), { username: user.split(':')[0], password: user.split(':')[1] }).href;

/** Tenure as four processes over real Kafka, each with its own database user and schema, behind one front door. */
export const distributedSystem = async ({ folder, settings, say }) => {
  const opened = [];
  const close = async () => {
    for (const end of opened.splice(0).toReversed()) await end();
  };
  try {
    await build([...names, 'sandbox-app']);
    const postgres = await startTestPostgres();
    opened.push(postgres.close);
    const databaseUrl = await makeDatabase(postgres.url);
    const kafka = await openBroker({ say });
    opened.push(kafka.close);

    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const { TENURE_ROOT_KEY, ...forAll } = settings;
    const shared = {
      ...forAll,
      TENURE_PUBLIC_URL: url,
      TENURE_SECRETS_KEY: randomBytes(32).toString('base64'),
      TENURE_LOG_KEY: randomBytes(32).toString('base64'),
      TRANSPORT: 'kafka',
      KAFKA_BROKERS: kafka.brokers,
    };
    const ports = {};
    const programs = new Map();
    for (const [app, { segments, user }] of Object.entries(services)) {
      const own = await freePort();
      for (const segment of segments) ports[segment] = own;
      const rights = app === 'directory-service' ? { TENURE_ROOT_KEY } : {};
      programs.set(
        app,
        program({
          app,
          folder,
          settings: { ...shared, ...rights, TENURE_PORT: own, DATABASE_URL: urlFor(databaseUrl, user) },
          readyUrl: `http://127.0.0.1:${own}/health/ready`,
        }),
      );
    }
    opened.push((await openFrontDoor(port, ports)).close);
    opened.push(() => Promise.all([...programs.values()].map(({ stop }) => stop())));

    const each = (act) => Promise.all([...programs.values()].map(act));
    return {
      name: `four processes over Kafka ${kafka.brokers}, PostgreSQL with a user for each`,
      distributed: true,
      url,
      start: (app) => (app ? programs.get(app).start() : each(({ start }) => start())),
      kill: (app) => programs.get(app).kill(),
      stop: () => each(({ stop }) => stop()),
      rebuildViews: async () => [
        await programs.get('directory-service').command('rebuild'),
        await programs.get('mapping-service').command('rebuild'),
      ],
      checkLedger: () => programs.get('audit-service').command('check-ledger'),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
