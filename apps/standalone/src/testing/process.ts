import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runsTypescript } from '@tenure/messaging-kafka/testing';

export type ServiceProcess = {
  name: string;
  url: string;
  /** What it wrote, a line each. */
  logged: readonly string[];
  stop: () => Promise<void>;
  /** SIGKILL: it says goodbye to nobody. */
  kill: () => Promise<void>;
};

const PATIENCE_MS = 100_000;
/** It ends when the test's process is gone, however that went. */
const endsWithUs = ['--import', `data:text/javascript,process.once('disconnect',()=>process.exit(1))`];

/** Below the ports that a system gives to outgoing connections: one of those could have it before the service listens. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(15_000, 30_000);
    const probe = createServer().listen(port, '127.0.0.1');
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    probe.close();
    if (isFree) return port;
  }
};

/** A service as a process of its own, from its sources; resolves once it says that it is ready. */
export const startService = async (
  name: string,
  environment: Record<string, string>,
  port: number,
): Promise<ServiceProcess> => {
  const url = `http://127.0.0.1:${port}`;
  const main = fileURLToPath(new URL(`../../../${name}/src/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [...runsTypescript, ...endsWithUs, main], {
    env: { PATH: process.env['PATH'], ...environment, TENURE_PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const logged: string[] = [];
  for (const output of [child.stdout, child.stderr])
    output!.setEncoding('utf8').on('data', (text: string) => void logged.push(...text.trimEnd().split('\n')));
  const ended = once(child, 'exit');
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };

  const isReady = () =>
    fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (const until = Date.now() + PATIENCE_MS; !(await isReady()); await sleep(50)) {
    if (child.exitCode === null && Date.now() < until) continue;
    await end('SIGKILL');
    throw new Error(`${name} does not get ready:\n${logged.slice(-20).join('\n')}`);
  }
  return { name, url, logged, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
};
