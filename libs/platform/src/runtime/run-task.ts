import { forPeople } from './for-people.ts';
import type { Runtime } from './runtime.ts';

/** Runs something once on a service's runtime while the service is stopped, prints its result as JSON, and ends. */
export const runTask = async (
  open: () => Promise<{ runtime: Runtime; close?: () => Promise<void> }>,
  task: (runtime: Runtime) => Promise<unknown>,
): Promise<void> => {
  try {
    const { runtime, close } = await open();
    try {
      process.stdout.write(`${JSON.stringify(await task(runtime))}\n`);
    } finally {
      await runtime.close();
      await close?.();
    }
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${forPeople(error)}\n`);
    process.exit(1);
  }
};
