import { transformFile } from '@swc/core';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type OwnerProcess = {
  pid: number;
  serverPid: number;
  url: string;
  /** With SIGKILL: it says goodbye to nobody. */
  kill: () => Promise<void>;
  remove: () => Promise<void>;
};

const sources = dirname(dirname(fileURLToPath(import.meta.url)));
const library = dirname(dirname(sources));

const main = `
  import { startEmbeddedPostgres } from './embedded-postgres.js';
  import { claimOwnership } from './ownership.js';
  const { url, pid } = await startEmbeddedPostgres({ dataDir: process.argv[2] });
  await claimOwnership(url);
  process.on('SIGINT', () => {});
  console.log(JSON.stringify({ url, pid }));
`;

/** Node reads no TypeScript yet: the sources as JavaScript, below the library so that its dependencies are found. */
const compiled = async (): Promise<string> => {
  const cache = join(library, '.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'owner-'));
  await mkdir(join(folder, 'embedded'));
  const own = (await readdir(sources)).filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'));
  for (const [from, to] of [
    ...own.map((name) => [join(sources, name), join(folder, 'embedded', name)]),
    [join(sources, '../unreachable.ts'), join(folder, 'unreachable.ts')],
  ] as const) {
    const { code } = await transformFile(from!, {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
      module: { type: 'es6' },
    });
    await writeFile(to!.replace(/ts$/, 'js'), code.replaceAll(/(from '|from ")(\.[^'"]+)\.ts/g, '$1$2.js'));
  }
  await writeFile(join(folder, 'embedded', 'main.js'), main);
  return folder;
};

/** A process that starts the server on a folder and owns it, until it is killed. */
export const ownerInAnotherProcess = async (dataDir: string): Promise<OwnerProcess> => {
  const folder = await compiled();
  const child = spawn(process.execPath, [join(folder, 'embedded', 'main.js'), dataDir], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code]) =>
    Promise.reject(new Error(`The owner ended with ${String(code)} before it said where its server is.`)),
  );
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), ended])) as [string];
  ended.catch(() => undefined);
  const { url, pid } = JSON.parse(line) as { url: string; pid: number };
  return {
    pid: child.pid!,
    serverPid: pid,
    url,
    kill: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
    remove: async () => {
      child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
};
