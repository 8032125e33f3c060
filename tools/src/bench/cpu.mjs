import { readFile } from 'node:fs/promises';
import { processTree } from './machine.mjs';

const TICK_MS = 10;

const ticksOf = async (pid) => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [user = 0, system = 0] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return user + system;
};

/** Time on the processor, in ms, that each of these processes and their children has had so far. Linux only; elsewhere none. */
const spentBy = async (roots) => {
  const pids = await processTree(roots);
  return new Map(await Promise.all(pids.map(async (pid) => [pid, (await ticksOf(pid)) * TICK_MS])));
};

/** A turn that also tells what it cost on the processor: the figure that a busy machine changes least. What ended meanwhile is left out. */
export const metered = (turn, pids) => async (forMs) => {
  const before = await spentBy(pids());
  const slice = await turn(forMs);
  const after = await spentBy(pids());
  return { ...slice, cpuMs: [...after].reduce((sum, [pid, ms]) => sum + ms - (before.get(pid) ?? 0), 0) };
};
