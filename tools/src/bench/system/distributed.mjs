import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFrontDoor } from '../../demo/front-door.mjs';
import { freePort } from '../../servers/ports.mjs';
import { keeper } from '../keep.mjs';
import { embeddedPostgres } from './embedded.mjs';
import { startApp } from './process.mjs';

const rootKey = 'root-key-of-the-bench';

/** The four services as processes of their own, over Kafka, on one PostgreSQL with the settings of `npm start`. Speed is measured here, not what a role may do: one user for all. */
export const startDistributed = async (root, brokers) => {
  const { keep, stopAll } = keeper();
  const dir = await mkdtemp(join(tmpdir(), 'tenure-bench-'));
  await keep({ stop: () => rm(dir, { recursive: true, force: true }) });
  try {
    const postgres = await keep(embeddedPostgres(root, dir));
    const common = {
      DATABASE_URL: postgres.url,
      KAFKA_BROKERS: brokers,
      TRANSPORT: 'kafka',
      TENURE_SECRETS_KEY: randomBytes(32).toString('base64'),
      TENURE_LOG_KEY: randomBytes(32).toString('base64'),
      TENURE_ALLOW_PRIVATE_TARGETS: '127.0.0.1',
      LOG_LEVEL: 'warn',
    };
    const start = (name, environment = {}) =>
      keep(startApp(name, { root, dir, environment: { ...common, ...environment }, patience: 120_000 }));
    const gateway = start('scim-gateway');
    const others = [
      start('directory-service', { TENURE_ROOT_KEY: rootKey }),
      start('mapping-service'),
      start('audit-service'),
    ];
    const [scim, directory, mapping, audit] = await Promise.all([gateway, ...others]);
    const portOf = ({ url }) => Number(new URL(url).port);
    const port = await freePort();
    const door = await openFrontDoor(port, {
      scim: portOf(scim),
      directory: portOf(directory),
      mapping: portOf(mapping),
      audit: portOf(audit),
    });
    await keep({ stop: door.close });
    return {
      root,
      dir,
      rootKey,
      /** The front door is for what is set up; what is measured goes to the gateway itself. */
      urls: () => ({ api: `http://127.0.0.1:${port}`, scim: scim.url }),
      metricsUrls: () => [scim, directory, mapping, audit].map(({ url }) => url),
      databaseUrl: () => postgres.url,
      stop: stopAll,
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
};
