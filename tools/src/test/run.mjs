import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startServers } from './servers.mjs';
import { printSummary, summarise } from './summary.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');

const noServers = { environment: process.env, absent: [], close: async () => {} };

const jestArgs = (args) => ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, ...args];

/** Whether a selected suite needs a real server: by the suffix of its name. */
const needServers = async (args) => {
  const { stdout } = await promisify(execFile)(process.execPath, jestArgs(['--listTests', '--passWithNoTests', ...args]), { cwd: root });
  return /\.(int|e2e)\.spec\.\w+$/m.test(stdout);
};

/** One jest for all projects: nothing of a real server is ever answered from a cache. */
const runJest = (args, environment, signal) =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, jestArgs(args), { cwd: root, env: environment, stdio: 'inherit', signal, killSignal: 'SIGINT' });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });

/** Runs the suites on real servers and prints the summary. Extra arguments go to jest: `libs/scim`, `-t deactivates`. */
export const runTests = async (args = []) => {
  const dir = await mkdtemp(join(tmpdir(), 'tenure-test-'));
  const results = join(dir, 'results.json');
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);

  const servers = (await needServers(args)) ? await startServers(process.env, console.log) : noServers;
  try {
    const code = await runJest(['--json', `--outputFile=${results}`, '--passWithNoTests', ...args], servers.environment, interrupted.signal);
    const written = await readFile(results, 'utf8').catch(() => undefined);
    if (written === undefined) throw new Error(`jest ended with code ${code} and without results.`);
    const summary = summarise(JSON.parse(written), root);
    printSummary(summary, servers.absent);
    // A failure that no test names (a crash of jest itself, a leak it refuses) is still a failure.
    return { passed: summary.passed, failed: code === 0 ? summary.failed : Math.max(summary.failed, 1) };
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await servers.close();
    await rm(dir, { recursive: true, force: true });
  }
};
