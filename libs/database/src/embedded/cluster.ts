import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Binaries } from './binaries.ts';
import type { Privileges } from './privileges.ts';

/** Where a server keeps what it has, below the data folder. */
export type Cluster = { root: string; data: string; passwordFile: string; log: string };

const clusterAt = (root: string): Cluster => ({
  root,
  data: join(root, 'data'),
  passwordFile: join(root, 'password'),
  log: join(root, 'server.log'),
});

export const clusterOf = (dataDir: string): Cluster => clusterAt(join(dataDir, 'postgres'));

export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

export const passwordOf = async ({ passwordFile }: Cluster): Promise<string> =>
  (await readFile(passwordFile, 'utf8')).trim();

/** Runs a program to its end; what it said is in the error. */
const complete = async ([command, args]: [string, string[]], { uid, gid }: Privileges, cwd: string): Promise<void> => {
  const child = spawn(command, args, { uid, gid, cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(said.trim() || `${command} ended with ${code}.`);
};

const UNFINISHED = '.postgres-';

/**
 * Makes the files of a new server. In a folder of its own first, then renamed: a start that was killed halfway leaves no half server behind,
 * and of two that start at once one wins.
 */
export const initialise = async (
  dataDir: string,
  { initdb }: Binaries,
  privilegesOf: (folder: string) => Promise<Privileges>,
): Promise<void> => {
  const unfinished = await mkdtemp(join(dataDir, UNFINISHED));
  const { data, passwordFile } = clusterAt(unfinished);
  try {
    await mkdir(data, { mode: 0o700 });
    await writeFile(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
    const privileges = await privilegesOf(unfinished);
    const options = [
      '--username=tenure',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--no-instructions',
    ];
    // Unicode's case mapping and the order of code points, the same on every machine.
    const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    await complete(privileges.command(initdb, [`--pgdata=${data}`, ...options, ...locale]), privileges, unfinished);
    await rename(unfinished, clusterOf(dataDir).root);
  } catch (error) {
    if (!(await exists(clusterOf(dataDir).root))) throw error;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
};

/** What starts that were killed halfway left behind, some time ago. */
export const removeUnfinished = async (dataDir: string): Promise<void> => {
  const old = Date.now() - 10 * 60_000;
  for (const name of await readdir(dataDir)) {
    const path = join(dataDir, name);
    if (name.startsWith(UNFINISHED) && (await stat(path)).mtimeMs < old)
      await rm(path, { recursive: true, force: true });
  }
};
