import { runTask, type Runtime } from '@tenure/platform';
import { readConfig } from './config.ts';
import { openOwnDatabase } from './database.ts';
import { readOrMakeKeys } from './keys.ts';
import { openSystemRuntime } from './system.ts';

/** Runs something once on the system's database while the system is stopped: refused while it runs. */
export const runStandaloneTask = (task: (runtime: Runtime) => Promise<unknown>) =>
  runTask(async () => {
    const config = readConfig();
    const database = await openOwnDatabase(config, (line) => void process.stderr.write(`${line}\n`));
    return {
      runtime: await openSystemRuntime(config, await readOrMakeKeys(config), database.url),
      close: database.release,
    };
  }, task);
