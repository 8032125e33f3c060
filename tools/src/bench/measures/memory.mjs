import { setTimeout as sleep } from 'node:timers/promises';
import { memoryOf } from '../machine.mjs';
import { targets } from '../targets.mjs';

/** What the system holds when it has just started and nobody asks anything, PostgreSQL included. */
export const idleMemory = async ({ system, size }, add) => {
  await sleep(size.idleMs);
  const { total, byRoot } = await memoryOf(system.pids());
  add({
    name: 'idle memory, PostgreSQL included',
    measured: { value: total, unit: 'MB' },
    target: targets.idleMemory(total),
  });
  add({ name: '  of it the Node process', measured: { value: byRoot[0].mb, unit: 'MB' } });
};

export const memoryAfterwards = async ({ system }, add) => {
  const { total } = await memoryOf(system.pids());
  add({ name: 'memory after the load', measured: { value: total, unit: 'MB' } });
};
