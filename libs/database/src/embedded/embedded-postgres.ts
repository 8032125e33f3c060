import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { NoEmbeddedPostgres } from '../unreachable.ts';
import { binaries, type Binaries } from './binaries.ts';
import { clusterOf, exists, initialise, passwordOf, removeUnfinished, type Cluster } from './cluster.ts';
import { isRunning, runningPostmaster, stopPostmaster, type Postmaster } from './postmaster.ts';
import { privilegesFor, type Privileges } from './privileges.ts';

export type EmbeddedOptions = {
  dataDir: string;
  /** A free one where none is given. An adopted server keeps its own. */
  port?: number;
  log?: (message: string) => void;
  /** Settings over ours, such as `fsync: 'off'` in tests. */
  settings?: Readonly<Record<string, string>>;
  /** How the programs are started as root; given in tests only. */
  privileges?: (folder: string, programs: readonly string[]) => Promise<Privileges>;
};

export type EmbeddedPostgres = {
  url: string;
  pid: number;
  /** The server ran already: one that outlived a killed process, or one that another process uses. `claimOwnership` tells which. */
  adopted: boolean;
  /** Ends all sessions and stops the server; to be called last, and only by the owner. */
  stop: () => Promise<void>;
};

/** For one process with little memory: few connections, no helpers that one machine does not need. Durability is PostgreSQL's own. */
const ours = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '80',
  shared_buffers: '48MB',
  work_mem: '4MB',
  maintenance_work_mem: '32MB',
  max_wal_size: '512MB',
  min_wal_size: '80MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_worker_processes: '2',
  max_logical_replication_workers: '0',
  max_parallel_workers: '0',
  autovacuum_max_workers: '1',
  io_method: 'sync',
  jit: 'off',
  logging_collector: 'off',
  // Not what statements failed with: that goes to whoever sent them, and may quote people's data.
  log_min_messages: 'log',
  log_checkpoints: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

const DATABASE = 'tenure';
const START_TIMEOUT_MS = 60_000;

const urlTo = (port: number, password: string, database: string) =>
  `postgres://tenure:${password}@127.0.0.1:${port}/${database}`;

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((listening, failed) => server.once('error', failed).listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
};

const spawnServer = async (
  cluster: Cluster,
  { postgres }: Binaries,
  privileges: Privileges,
  settings: Record<string, string>,
): Promise<number> => {
  const log = await open(cluster.log, 'w', 0o600);
  try {
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const [command, args] = privileges.command(postgres, ['-D', cluster.data, ...options]);
    const { uid, gid } = privileges;
    // A process group of its own: the terminal's SIGINT must not stop the database while we drain.
    const child = spawn(command, args, {
      uid,
      gid,
      cwd: cluster.root,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await new Promise<void>((spawned, failed) => child.once('spawn', spawned).once('error', failed));
    child.unref();
    return child.pid!;
  } finally {
    await log.close();
  }
};

/** Whether the server on this port takes our password, which no other server knows. */
const accepts = async (port: number, password: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString: urlTo(port, password, 'postgres'), connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`).catch(unlessItExists);
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
};

const unlessItExists = (error: { code?: string }) => {
  if (error.code !== '42P04' && error.code !== '23505') throw error;
};

/** Starting may take as long as recovering from a crash does. `undefined` when the server ended instead. */
const untilReady = async (cluster: Cluster, password: string): Promise<Postmaster | undefined> => {
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; await sleep(25)) {
    const server = await runningPostmaster(cluster.data);
    if (!server) return undefined;
    if (server.port && (await accepts(server.port, password))) return server;
  }
  return undefined;
};

/** The server writes `postmaster.pid` a moment after it was started, or ends before it does. */
const untilStarted = async (cluster: Cluster, pid: number): Promise<void> => {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(10))
    if ((await runningPostmaster(cluster.data)) || !(await isRunning(pid))) return;
};

type Started = Postmaster & { adopted: boolean };

const started = async (
  options: EmbeddedOptions,
  cluster: Cluster,
  programs: Binaries,
  password: string,
): Promise<Started> => {
  const privileges = await (options.privileges ?? privilegesFor)(cluster.root, Object.values(programs));
  // Twice more: a free port may be taken meanwhile, and processes of a server that was killed may hold its memory for a moment.
  for (let attempt = 1; ; attempt++) {
    const port = String(options.port ?? (await freePort()));
    const pid = await spawnServer(cluster, programs, privileges, { ...ours, ...options.settings, port });
    await untilStarted(cluster, pid);
    const server = await untilReady(cluster, password);
    // Of two that start at once one finds the files in use, and adopts the other's server.
    if (server) return { ...server, adopted: server.pid !== pid };
    const said = (await readFile(cluster.log, 'utf8').catch(() => '')).trim().split('\n').slice(-5).join('\n');
    if (attempt === 3)
      throw new NoEmbeddedPostgres(
        `The embedded PostgreSQL in ${cluster.root} did not start. Set DATABASE_URL to use another server. It said:\n${said}`,
      );
    await sleep(500);
  }
};

/**
 * PostgreSQL without installing it: starts one on the files in `dataDir`, or adopts the one that runs on them. It outlives this process
 * when that is killed. Whoever may be the second to start asks `claimOwnership` before using it. Throws `NoEmbeddedPostgres`.
 */
export const startEmbeddedPostgres = async (options: EmbeddedOptions): Promise<EmbeddedPostgres> => {
  const dataDir = resolve(options.dataDir);
  const log = options.log ?? (() => {});
  const programs = await binaries();
  // To be entered, not to be listed: the server may run as another user. What is in it is closed to all others.
  await mkdir(dataDir, { recursive: true, mode: 0o711 }).catch(({ message }: Error) => {
    throw new NoEmbeddedPostgres(
      `The data folder ${dataDir} could not be made (${message}). Set TENURE_DATA_DIR to one that can be.`,
    );
  });
  await removeUnfinished(dataDir);
  const cluster = clusterOf(dataDir);
  if (!(await exists(cluster.root))) {
    log(`Making a database in ${dataDir}.`);
    await initialise(dataDir, programs, (folder) =>
      (options.privileges ?? privilegesFor)(folder, Object.values(programs)),
    );
  }
  const password = await passwordOf(cluster);
  const running = await untilReady(cluster, password);
  const server = running ? { ...running, adopted: true } : await started(options, cluster, programs, password);
  log(
    `${server.adopted ? 'Using the database that runs already' : 'The database runs'} on port ${server.port}, process ${server.pid}.`,
  );
  return {
    url: urlTo(server.port, password, DATABASE),
    pid: server.pid,
    adopted: server.adopted,
    stop: () => stopPostmaster(server.pid),
  };
};
