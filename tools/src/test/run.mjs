import { execFile, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startServers } from './servers.mjs';
import { printSummary, summarise, withSecondTry, worthAnotherTry } from './summary.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');

// A suite that loops for ever must not hold up the run for ever.
const longestRun = 40 * 60_000;
const patienceAfterResults = 5_000;

const noServers = { environment: process.env, absent: [], close: async () => {} };

const jestArgs = (args) => ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, ...args];

/** Which real servers the selected suites need, by their names; undefined for none. LDAP's suites have it in their paths. */
const neededServers = async (args) => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    jestArgs(['--listTests', '--passWithNoTests', ...args]),
    { cwd: root },
  );
  const needing = stdout.split('\n').filter((file) => /\.(int|e2e)\.spec\.\w+$/.test(file));
  return needing.length > 0 ? { needsLdap: needing.some((file) => relative(root, file).includes('ldap')) } : undefined;
};

const hasStood = (file, ms) => {
  const { mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? {};
  return mtimeMs !== undefined && Date.now() - mtimeMs > ms;
};

/** One jest for all projects: nothing of a real server is ever answered from a cache. Resolves to its results and its exit code. */
const runJest = async (args, environment, signal, workers = 2) => {
  const dir = await mkdtemp(join(tmpdir(), 'tenure-test-'));
  const results = join(dir, 'results.json');
  try {
    const code = await jestProcess([`--maxWorkers=${workers}`, ...args], results, environment, signal);
    const written = await readFile(results, 'utf8').catch(() => undefined);
    if (written === undefined) throw new Error(`jest ended without results (code ${code}).`);
    return { ...JSON.parse(written), code };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};

const jestProcess = (args, results, environment, signal) =>
  new Promise((resolve, reject) => {
    // Time-outs of a project are not heard where there are several.
    const flags = ['--testTimeout=120000', '--passWithNoTests', '--json', `--outputFile=${results}`];
    const options = {
      cwd: root,
      env: environment,
      stdio: 'inherit',
      signal,
      timeout: longestRun,
      killSignal: 'SIGKILL',
    };
    const child = spawn(process.execPath, jestArgs([...flags, ...args]), options);
    // Jest writes its results when the tests have ended; what a suite left open then keeps it from leaving.
    const watch = setInterval(() => {
      if (!hasStood(results, patienceAfterResults)) return;
      console.log(
        'A suite left something open (a connection, a timer) and jest would not end: find it with --detectOpenHandles.',
      );
      child.kill('SIGKILL');
    }, 1000);
    child.once('error', reject);
    child.once('close', () => clearInterval(watch));
    child.once('exit', (code) => resolve(code));
  });

/**
 * All suites share two processors, a broker and a database server, so a wait of some test may be too short on a busy machine: a few files that fail
 * in a whole run are run again, one at a time, and the summary names what passed only then.
 */
const runAll = async (environment, signal) => {
  const first = await runJest([], environment, signal);
  const again = worthAnotherTry(first);
  if (again.length === 0) return first;
  console.log(`\n${again.length} of ${first.testResults.length} files failed: they are run again, one at a time.\n`);
  const second = await runJest(['--runTestsByPath', ...again], environment, signal, 1);
  return { ...withSecondTry(first, second, root), code: second.code };
};

/** `--store eventstoredb` runs the systems of the tests on EventStoreDB: that of `EVENTSTOREDB_URL`, else the stand-in. */
const storeFrom = (args) => {
  const at = args.indexOf('--store');
  if (at === -1) return { args, store: {} };
  const kind = args[at + 1];
  if (!['postgres', 'eventstoredb'].includes(kind)) throw new Error('--store takes postgres or eventstoredb.');
  return { args: args.toSpliced(at, 2), store: { TENURE_TEST_STORE: kind } };
};

/** Runs the suites on real servers and prints the summary. Extra arguments go to jest: `libs/scim`, `-t deactivates`. */
export const runTests = async (given = []) => {
  const { args, store } = storeFrom(given);
  const needed = await neededServers(args);
  const servers = needed ? await startServers(process.env, needed, console.log) : noServers;
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const environment = { ...servers.environment, ...store };
    const { code, ...results } =
      args.length > 0
        ? await runJest(args, environment, interrupted.signal)
        : await runAll(environment, interrupted.signal);
    const summary = summarise(results, root);
    printSummary(summary, servers.absent);
    // A failure that no test names is still one; without a code jest had its results and was ended here.
    return { passed: summary.passed, failed: code > 0 ? Math.max(summary.failed, 1) : summary.failed };
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await servers.close();
  }
};
