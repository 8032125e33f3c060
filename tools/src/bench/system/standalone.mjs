import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedPostgres } from './embedded.mjs';
import { startApp } from './process.mjs';

const rootKey = 'root-key-of-the-bench';

/** What `npm start` runs, on a fresh data folder. */
export const startStandalone = async (root) => {
  const dir = await mkdtemp(join(tmpdir(), 'tenure-bench-'));
  const environment = {
    TENURE_DATA_DIR: dir,
    TENURE_ROOT_KEY: rootKey,
    TENURE_ALLOW_PRIVATE_TARGETS: '127.0.0.1',
    LOG_LEVEL: 'warn',
  };
  const begin = () => startApp('standalone', { root, dir, environment, patience: 180_000 });
  try {
    let app = await begin();
    // It runs already: this only asks where.
    let postgres = await embeddedPostgres(root, dir);
    return {
      name: 'standalone',
      root,
      dir,
      rootKey,
      urls: () => ({ api: app.url, scim: app.url }),
      metricsUrls: () => [app.url],
      databaseUrl: () => postgres.url,
      pids: () => [app.pid, postgres.pid],
      /** Stops the system, does something to its database, and starts it again. */
      whileStopped: async (work) => {
        await app.stop();
        postgres = await embeddedPostgres(root, dir);
        await work(postgres.url);
        const starting = performance.now();
        app = await begin();
        return starting;
      },
      stop: async () => {
        await app.stop();
        await rm(dir, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
};
