import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const afterUs = `
cat >/dev/null
kill -TERM "$1"
for _ in $(seq 100); do kill -0 "$1" 2>/dev/null || break; sleep 0.1; done
[ -z "$2" ] || rm -rf -- "$2"`;

/** Ends the server, and its temporary data, when this process is gone, however it went: the pipe closes even after `kill -9`. */
const leash = (pid, temporaryDir = '') => {
  const watcher = spawn('sh', ['-c', afterUs, 'leash', String(pid), temporaryDir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.unref();
  watcher.stdin.unref();
  return () => watcher.kill('SIGKILL');
};

/**
 * A server as a child process that writes to a log file. Detached, so that a Ctrl-C at the terminal
 * reaches only us and we stop it in order; leashed, so that it never outlives us.
 */
export const startServer = async (command, args, { logFile, temporaryDir, ...options }) => {
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, { ...options, stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  const letGo = child.pid === undefined ? () => {} : leash(child.pid, temporaryDir);
  let exit;
  const exited = new Promise((resolve) => {
    const ended = (how) => {
      exit = how;
      letGo();
      resolve();
    };
    child.once('exit', (code, signal) => ended(signal ?? code));
    child.once('error', (error) => ended(error.message));
  });

  return {
    pid: child.pid,
    /** How it ended (code, signal or why it could not start), once it has. */
    exit: () => exit,
    /** Asks with a signal, and insists after the patience is over. */
    stop: async (signal = 'SIGTERM', patience = 20_000) => {
      child.kill(signal);
      const insist = setTimeout(() => child.kill('SIGKILL'), patience);
      await exited;
      clearTimeout(insist);
    },
  };
};

const lastLines = (file) => readFileSync(file, 'utf8').trimEnd().split('\n').slice(-15).join('\n');

/** Waits until the server answers; says what its log says when it dies or stays silent. */
export const untilItAnswers = async (name, server, logFile, answers, patience = 60_000) => {
  const deadline = Date.now() + patience;
  for (;;) {
    if (server.exit() !== undefined) {
      throw new Error(`${name} ended while starting (${server.exit()}). The end of ${logFile}:\n${lastLines(logFile)}`);
    }
    if (await answers().catch(() => false)) return;
    if (Date.now() > deadline) {
      await server.stop('SIGKILL');
      throw new Error(
        `${name} did not answer within ${patience / 1000} s. The end of ${logFile}:\n${lastLines(logFile)}`,
      );
    }
    await delay(100);
  }
};
