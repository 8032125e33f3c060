import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keeper } from '../keep.mjs';
import { embeddedPostgres } from './embedded.mjs';
import { startApp } from './process.mjs';

const rootKey = 'root-key-of-the-bench';
const owners = { scim: 'scim-gateway', directory: 'directory-service', clock: 'directory-service', mapping: 'mapping-service', audit: 'audit-service' };

/** The four services as processes of their own, over Kafka, on one PostgreSQL with the settings of `npm start`. Speed is measured here, not what a role may do: one user for all. */
export const startDistributed = async (root, brokers) => {
  const { keep, stopAll } = keeper();
  const dir = await mkdtemp(join(tmpdir(), 'tenure-bench-'));
  await keep({ stop: () => rm(dir, { recursive: true, force: true }) });
  try {
    const postgres = await keep(embeddedPostgres(root, dir));
    const common = { DATABASE_URL: postgres.url, KAFKA_BROKERS: brokers, TRANSPORT: 'kafka', TENURE_SECRETS_KEY: randomBytes(32).toString('base64'), TENURE_ALLOW_PRIVATE_TARGETS: '127.0.0.1', LOG_LEVEL: 'warn' };
    const start = (name, environment = {}) => keep(startApp(name, { root, dir, environment: { ...common, ...environment }, patience: 120_000 }));
    const gateway = start('scim-gateway');
    const others = [start('directory-service', { TENURE_ROOT_KEY: rootKey }), start('mapping-service'), start('audit-service')];
    const [scim, directory, mapping, audit] = await Promise.all([gateway, ...others]);
    const urls = { 'scim-gateway': scim.url, 'directory-service': directory.url, 'mapping-service': mapping.url, 'audit-service': audit.url };
    return {
      root,
      dir,
      rootKey,
      urlOf: (path = '/scim') => urls[owners[path.split('/')[1]]],
      metricsUrls: () => Object.values(urls),
      databaseUrl: () => postgres.url,
      stop: stopAll,
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
};
