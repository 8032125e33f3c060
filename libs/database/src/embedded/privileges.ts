import { execFile } from 'node:child_process';
import { chown, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { NoEmbeddedPostgres } from '../unreachable.ts';

const run = promisify(execFile);

/** How a PostgreSQL program is started: it refuses to run as root. */
export type Privileges = {
  command: (program: string, args: readonly string[]) => [string, string[]];
  uid?: number;
  gid?: number;
};

const asWeAre: Privileges = { command: (program, args) => [program, [...args]] };

type User = { uid: number; gid: number };

const users = async (): Promise<User[]> =>
  (await readFile('/etc/passwd', 'utf8').catch(() => ''))
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length > 3)
    .map((fields) => ({ uid: Number(fields[2]), gid: Number(fields[3]) }));

/** initdb looks its user up by number, so it has to be one that exists: 1000 where there is such a user. */
const unprivilegedUser = async (): Promise<User> => {
  const candidates = (await users()).filter(({ uid }) => uid > 0);
  return candidates.find(({ uid }) => uid === 1000) ?? candidates[0] ?? { uid: 65534, gid: 65534 };
};

/**
 * Root, seen as somebody else by PostgreSQL: a user namespace in which root's number reads as that user's. For the kernel it stays root
 * without capabilities, so that files below a folder of mode 0700, such as a clone made in one, can still be read.
 */
export const inUserNamespace = async (): Promise<Privileges | undefined> => {
  const { uid, gid } = await unprivilegedUser();
  const wrapper = ['--user', `--map-user=${uid}`, `--map-group=${gid}`];
  const allowed = await run('unshare', [...wrapper, 'true']).then(
    () => true,
    () => false,
  );
  return allowed ? { command: (program, args) => ['unshare', [...wrapper, '--', program, ...args]] } : undefined;
};

const owns = async (folder: string, { uid, gid }: User): Promise<void> => {
  await chown(folder, uid, gid);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    await (entry.isDirectory() ? owns(path, { uid, gid }) : chown(path, uid, gid));
  }
};

/** The first folder on the way that others than root may not enter. */
const closedFolder = async (path: string): Promise<string | undefined> => {
  const above = dirname(path) === path ? undefined : await closedFolder(dirname(path));
  if (above) return above;
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() && (found.mode & 0o001) === 0 ? path : undefined;
};

/** Root gives the folder to an unprivileged user and runs PostgreSQL as that one. */
export const asOtherUser = async (folder: string, programs: readonly string[]): Promise<Privileges> => {
  const user = await unprivilegedUser();
  for (const path of [dirname(folder), ...programs.map((program) => dirname(program))]) {
    const closed = await closedFolder(path);
    if (closed)
      throw new NoEmbeddedPostgres(
        `PostgreSQL does not run as root, this machine allows no user namespaces, and as user ${user.uid} it may not enter ${closed}. ` +
          `Start Tenure as another user than root, open the folder (chmod o+x '${closed}'), or set DATABASE_URL to a PostgreSQL server.`,
      );
  }
  await owns(folder, user);
  return { ...asWeAre, ...user };
};

export const privilegesFor = async (folder: string, programs: readonly string[]): Promise<Privileges> =>
  process.getuid?.() === 0 ? ((await inUserNamespace()) ?? asOtherUser(folder, programs)) : asWeAre;
