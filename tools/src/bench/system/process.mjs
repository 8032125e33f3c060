import { join } from 'node:path';
import { freePort } from '../../servers/ports.mjs';
import { startServer, untilItAnswers } from '../../servers/child.mjs';

const isReady = async (url) => (await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5000) })).ok;

/** An app of ours as built, on a free port, once it says that it is ready. `BENCH_NODE_OPTIONS` (such as `--cpu-prof`) are Node's own. */
export const startApp = async (
  name,
  { root, dir, environment, portVariable = 'TENURE_PORT', answers = isReady, patience = 60_000 },
) => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const logFile = join(dir, `${name}.log`);
  const options = (process.env.BENCH_NODE_OPTIONS ?? '').split(' ').filter(Boolean);
  const args = [...options, join(root, 'apps', name, 'dist/main.js')];
  const server = await startServer(process.execPath, args, {
    logFile,
    cwd: dir,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment, [portVariable]: String(port) },
  });
  await untilItAnswers(name, server, logFile, () => answers(url), patience);
  return { url, pid: server.pid, logFile, stop: () => server.stop() };
};
