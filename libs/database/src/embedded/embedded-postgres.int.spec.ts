import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { binaries } from './binaries.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.ts';
import { claimOwnership, type Ownership } from './ownership.ts';
import { isRunning } from './postmaster.ts';
import { asOtherUser } from './privileges.ts';
import { ownerInAnotherProcess } from './testing/owner-process.ts';

const query = async (url: string, statement: string) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
};

const owned = async (url: string): Promise<Ownership> => {
  const ownership = await claimOwnership(url);
  if (ownership === 'already running') throw new Error('It is owned by somebody else.');
  return ownership;
};

describe('the embedded PostgreSQL', () => {
  let parent: string;
  let dataDir: string;
  const servers: EmbeddedPostgres[] = [];

  const start = async (options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {}) => {
    const server = await startEmbeddedPostgres({ dataDir, ...options });
    servers.push(server);
    return server;
  };

  beforeEach(async () => {
    // As a clone made with mktemp -d is: nobody else may enter. And a space, for what forgets to quote.
    parent = await mkdtemp(join(tmpdir(), 'tenure embedded '));
    dataDir = join(parent, 'my data');
  });

  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
    await rm(parent, { recursive: true, force: true });
  });

  it('starts below a folder of mode 0700 with a space in its name, and keeps its data', async () => {
    expect((await stat(parent)).mode & 0o777).toBe(0o700);
    const first = await start();
    expect(first.adopted).toBe(false);
    await query(first.url, 'create table t as select 1 as n');
    await first.stop();
    expect(await isRunning(first.pid)).toBe(false);
    const second = await start();
    expect(second.adopted).toBe(false);
    expect(await query(second.url, 'select n from t')).toEqual([{ n: 1 }]);
  });

  it('listens on 127.0.0.1 only, to a password that only its owner may read, and knows Unicode', async () => {
    const { url } = await start();
    expect(new URL(url).hostname).toBe('127.0.0.1');
    expect((await stat(join(dataDir, 'postgres', 'password'))).mode & 0o777).toBe(0o600);
    const wrong = new URL(url);
    wrong.password = 'guessed';
    await expect(query(wrong.href, 'select 1')).rejects.toThrow('password authentication failed');
    const [settings] = await query(
      url,
      `select current_setting('listen_addresses') as listens, current_setting('unix_socket_directories') as sockets,
              current_setting('server_encoding') as encoding, current_setting('fsync') as fsync, lower('ÉÄΩ') as lower`,
    );
    expect(settings).toEqual({ listens: '127.0.0.1', sockets: '', encoding: 'UTF8', fsync: 'on', lower: 'éäω' });
  });

  it('takes the port that it is given', async () => {
    const free = await start();
    const { port } = new URL(free.url);
    await free.stop();
    expect(new URL((await start({ port: Number(port) })).url).port).toBe(port);
  });

  it('recovers what was committed after it was killed itself', async () => {
    const killed = await start();
    await query(killed.url, 'create table t as select generate_series(1, 1000) as n');
    process.kill(killed.pid, 'SIGKILL');
    const { url, pid } = await start();
    expect(pid).not.toBe(killed.pid);
    expect(await query(url, 'select count(*)::int as n from t')).toEqual([{ n: 1000 }]);
  });

  it('is one server for two that start at once', async () => {
    const [one, other] = await Promise.all([start(), start()]);
    expect(one.pid).toBe(other.pid);
    expect(one.adopted).not.toBe(other.adopted);
  });

  it('tells a second start that it is already running, until the first one is done', async () => {
    const first = await start();
    const ownership = await owned(first.url);
    const second = await start();
    expect(second).toMatchObject({ adopted: true, pid: first.pid });
    expect(await claimOwnership(second.url)).toBe('already running');
    await ownership.release();
    await ownership.lost;
    await (await owned(second.url)).release();
  });

  it('tells an owner that its claim is lost when the server goes away', async () => {
    const server = await start();
    const { lost } = await owned(server.url);
    await server.stop();
    await lost;
  });

  it('lives on when its owner is killed, and the next start adopts it', async () => {
    const owner = await ownerInAnotherProcess(dataDir);
    try {
      await query(owner.url, 'create table t as select 1 as n');
      expect(await claimOwnership(owner.url)).toBe('already running');
      // The terminal's SIGINT goes to the whole group of the owner.
      process.kill(-owner.pid, 'SIGINT');
      await sleep(300);
      expect(await isRunning(owner.serverPid)).toBe(true);
      await owner.kill();
    } finally {
      await owner.remove();
    }
    const adopted = await start();
    expect(adopted).toMatchObject({ adopted: true, pid: owner.serverPid, url: owner.url });
    expect(await query(adopted.url, 'select n from t')).toEqual([{ n: 1 }]);
    await (await owned(adopted.url)).release();
    await adopted.stop();
    expect(await isRunning(owner.serverPid)).toBe(false);
  });

  it('starts where another program has got the number of its dead process', async () => {
    const killed = await start();
    process.kill(killed.pid, 'SIGKILL');
    await sleep(300);
    const pidFile = join(dataDir, 'postgres', 'data', 'postmaster.pid');
    const other = spawn('sleep', ['60']);
    try {
      await writeFile(pidFile, (await readFile(pidFile, 'utf8')).replace(`${killed.pid}`, `${other.pid}`));
      expect(await query((await start()).url, 'select 1 as n')).toEqual([{ n: 1 }]);
    } finally {
      other.kill();
    }
  });

  it('starts where an earlier start was killed halfway, and removes what that left', async () => {
    const left = join(dataDir, '.postgres-killed');
    await mkdir(join(left, 'data', 'base'), { recursive: true });
    await utimes(left, new Date(0), new Date(0));
    await start();
    expect(await readdir(dataDir)).toEqual(['postgres']);
  });

  it('names the machine and DATABASE_URL where there are no binaries for it', async () => {
    await expect(binaries('sunos', 'sparc')).rejects.toMatchObject({
      name: 'NoEmbeddedPostgres',
      message: expect.stringMatching(/no embedded PostgreSQL for sunos on sparc.*Set DATABASE_URL/),
    });
  });

  it('names the data folder where that cannot be made', async () => {
    const file = join(parent, 'a file');
    await writeFile(file, '');
    await expect(start({ dataDir: join(file, 'data') })).rejects.toMatchObject({
      name: 'NoEmbeddedPostgres',
      message: expect.stringContaining(`The data folder ${file}/data could not be made (ENOTDIR`),
    });
  });

  it('says what it said where it cannot start', async () => {
    await (await start()).stop();
    await expect(start({ settings: { shared_buffers: 'nonsense' } })).rejects.toThrow(
      /did not start. Set DATABASE_URL .*shared_buffers/s,
    );
  });

  it('as root without user namespaces runs as another user, or names the folder that keeps that one out', async () => {
    // Anyone else runs it as they are, which all other tests show.
    if (process.getuid?.() !== 0) return;
    await expect(start({ privileges: asOtherUser })).rejects.toThrow(`may not enter ${parent}`);
    await chmod(parent, 0o755);
    const { pid, url } = await start({ privileges: asOtherUser });
    expect((await stat(`/proc/${pid}`)).uid).not.toBe(0);
    expect(await query(url, 'select 1 as n')).toEqual([{ n: 1 }]);
  });
});
