import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../servers/ports.mjs';
import { build, program } from './program.mjs';

/** The embedded database lives on when its process is killed; where that is never started again, it is ended here. */
const endOrphan = async (dataDir) => {
  const file = join(dataDir, 'postgres', 'data', 'postmaster.pid');
  const pid = Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0]);
  if (pid) process.kill(pid, 'SIGQUIT');
};

/** Tenure in one process: embedded database, in-process transport. */
export const standaloneSystem = async ({ folder, settings }) => {
  await build(['standalone', 'sandbox-app']);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const dataDir = join(folder, 'data');
  const tenure = program({
    app: 'standalone',
    folder,
    settings: { ...settings, TENURE_PORT: port, TENURE_DATA_DIR: dataDir, TENURE_PUBLIC_URL: url },
    readyUrl: `${url}/health/ready`,
  });
  return {
    name: 'one process, embedded PostgreSQL, in-process transport',
    distributed: false,
    url,
    start: tenure.start,
    kill: tenure.kill,
    stop: tenure.stop,
    rebuildViews: () => tenure.command('rebuild'),
    checkLedger: () => tenure.command('check-ledger'),
    close: async () => {
      await tenure.stop();
      await endOrphan(dataDir);
    },
  };
};
