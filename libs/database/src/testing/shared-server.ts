import { spawn } from 'node:child_process';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../embedded/embedded-postgres.ts';

/** One embedded server for all test processes of this machine and user. Nothing in it has to survive a power cut. */
const folder = join(tmpdir(), `tenure-test-postgres-${userInfo().username}`);
const users = join(folder, 'users');

const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  shared_buffers: '128MB',
};

/**
 * Stops the server once no test process has lived for some seconds: each one leaves its number in `users`. A process of its own,
 * because test processes end without a word (jest's workers are killed), and no test process may wait for the last.
 */
const watchdog = `
  quiet=0
  while kill -0 "$1" 2>/dev/null; do
    sleep 3
    alive=0
    for file in "$2"/*; do
      [ -e "$file" ] || continue
      if kill -0 "$(basename "$file")" 2>/dev/null; then alive=1; else rm -f "$file"; fi
    done
    if [ $alive = 1 ]; then quiet=0; else quiet=$((quiet + 1)); fi
    if [ $quiet -ge 4 ]; then kill -INT "$1"; exit 0; fi
  done`;

const watch = async (pid: number): Promise<void> => {
  const log = await open(join(folder, 'watchdog.log'), 'w');
  spawn('sh', ['-c', watchdog, 'sh', String(pid), users], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    cwd: folder,
  }).unref();
  await log.close();
};

/** Databases of test processes that were killed before they dropped theirs. */
const dropLeftovers = async (url: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    `select datname as name from pg_database where datname like 'test\\_%'`,
  );
  for (const { name } of rows) await client.query(`drop database if exists ${name} with (force)`);
  await client.end();
};

const start = (): Promise<EmbeddedPostgres> => startEmbeddedPostgres({ dataDir: folder, settings });

/** Without fsync a power cut may have broken the files; they are only tests'. */
const startOver = async (): Promise<EmbeddedPostgres> => {
  await rm(join(folder, 'postgres'), { recursive: true, force: true });
  return start();
};

export const sharedServer = async (): Promise<string> => {
  await mkdir(users, { recursive: true });
  await writeFile(join(users, String(process.pid)), '');
  const server = await start().catch(startOver);
  if (!server.adopted) {
    await watch(server.pid);
    await dropLeftovers(server.url);
  }
  return server.url;
};
