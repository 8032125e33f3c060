import { readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A running server, as its `postmaster.pid` tells. */
export type Postmaster = { pid: number; port: number };

const pidFile = (dataDirectory: string) => join(dataDirectory, 'postmaster.pid');

/** A process that ended and that nobody has waited for yet still has its number. */
const isZombie = async (pid: number) =>
  / Z /.test((await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')).slice(0, 64));

export const isRunning = async (pid: number): Promise<boolean> => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !(await isZombie(pid));
};

/** Numbers of processes are used again, in containers at once: another program under the number is no server. Where there is no /proc it is believed. */
const isPostgres = async (pid: number): Promise<boolean> => {
  const program = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')[0]!;
  return program === '' || basename(program) === 'postgres';
};

const written = async (dataDirectory: string) => {
  const lines = (await readFile(pidFile(dataDirectory), 'utf8').catch(() => '')).split('\n');
  return { pid: Number(lines[0]), port: Number(lines[3]) };
};

/** The server that runs on these files. Removes what a dead one left when its number now belongs to another program. */
export const runningPostmaster = async (dataDirectory: string): Promise<Postmaster | undefined> => {
  const { pid, port } = await written(dataDirectory);
  if (!pid || !(await isRunning(pid))) return undefined;
  if (await isPostgres(pid)) return { pid, port };
  await rm(pidFile(dataDirectory), { force: true });
  return undefined;
};

const untilEnded = async (pid: number, timeoutMs: number): Promise<boolean> => {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await sleep(20))
    if (!(await isRunning(pid))) return true;
  return false;
};

/** Fast shutdown: sessions are ended, everything is written. One that does not end in time is stopped hard and recovers at its next start. */
export const stopPostmaster = async (pid: number): Promise<void> => {
  if (!(await isRunning(pid))) return;
  process.kill(pid, 'SIGINT');
  if (await untilEnded(pid, 30_000)) return;
  process.kill(pid, 'SIGQUIT');
  await untilEnded(pid, 5_000);
};
