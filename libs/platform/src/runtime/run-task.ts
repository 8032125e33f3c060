import { DatabaseUnreachable } from '@tenure/database';
import { Misconfigured } from '../config/environment.ts';
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
    const forPeople = error instanceof Misconfigured || error instanceof DatabaseUnreachable;
    process.stderr.write(`${forPeople ? error.message : (error as Error).stack}\n`);
    process.exit(1);
  }
};
