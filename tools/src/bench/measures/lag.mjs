import { setTimeout as sleep } from 'node:timers/promises';
import { lagsNow } from '../system/lag.mjs';
import { percentile } from '../statistics.mjs';

const EVERY_MS = 100;

/** How far each follower is behind while people are created by 16 callers, and how long all need afterwards. */
export const followerLags = async ({ people, system, size }, add) => {
  const seen = new Map();
  let done = false;
  const look = async () => {
    const lags = await lagsNow(system.metricsUrls());
    for (const [name, ms] of lags) seen.set(name, [...(seen.get(name) ?? []), ms]);
    return Math.max(0, ...lags.values());
  };
  const watch = async () => {
    for (; !done; await sleep(EVERY_MS)) await look();
  };
  const watching = watch();
  await people.creating(16)(size.rounds * size.sliceMs);
  const ended = performance.now();
  done = true;
  await watching;
  while ((await look()) > 0 && performance.now() - ended < 120_000) await sleep(EVERY_MS);
  add({ name: 'all followers caught up after the load', measured: { value: performance.now() - ended, unit: 'ms' } });
  for (const [name, lags] of [...seen].toSorted(([a], [b]) => a.localeCompare(b))) {
    const p50 = percentile(lags, 0.5);
    add({ name: `lag of ${name}`, measured: { value: p50, unit: 'ms', p50, p95: percentile(lags, 0.95) } });
  }
};
