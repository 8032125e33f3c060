import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);

/** What a figure means nothing without: the machine, how busy it is, and the versions. */
export const describeMachine = async (root) => {
  const commit = await run('git', ['rev-parse', '--short', 'HEAD'], { cwd: root }).then(
    ({ stdout }) => stdout.trim(),
    () => 'unknown',
  );
  return {
    date: new Date().toISOString(),
    cpu: `${cpus().length} × ${cpus()[0].model.trim()}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    commit,
    load: loadavg().map((load) => Number(load.toFixed(1))),
  };
};

export const postgresVersion = async (url) => {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query('show server_version')).rows[0].server_version;
  } finally {
    await client.end();
  }
};

const statusOf = (pid) =>
  readFile(`/proc/${pid}/stat`, 'utf8').then(
    (text) => Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]),
    () => undefined,
  );

const treeOf = async (roots, all) => {
  const parents = new Map(await Promise.all(all.map(async (pid) => [pid, await statusOf(pid)])));
  const tree = new Set(roots);
  for (let size = 0; size !== tree.size;) {
    size = tree.size;
    for (const [pid, parent] of parents) if (tree.has(parent)) tree.add(pid);
  }
  return [...tree];
};

/** These processes, all that they started, and what those started. */
export const processTree = async (roots) => {
  const { stdout } = await run('ps', ['-e', '-o', 'pid=']);
  return treeOf(roots, stdout.trim().split(/\s+/).map(Number));
};

/** Memory in MB that these processes and their children hold: the sum of PSS, in which a page that n processes share counts 1/n in each. Linux only. */
export const memoryOf = async (roots) => {
  const pids = await processTree(roots);
  const kilobytes = await Promise.all(
    pids.map((pid) =>
      readFile(`/proc/${pid}/smaps_rollup`, 'utf8').then(
        (text) => Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0),
        () => 0,
      ),
    ),
  );
  const of = (wanted) => kilobytes.filter((_, index) => wanted(pids[index])).reduce((sum, kb) => sum + kb, 0) / 1024;
  return {
    total: of(() => true),
    byRoot: roots.map((root) => ({ pid: root, mb: of((pid) => pid === root) })),
    processes: pids.length,
  };
};
