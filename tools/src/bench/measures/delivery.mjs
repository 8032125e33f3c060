import { setTimeout as sleep } from 'node:timers/promises';
import { scim } from '../requests.mjs';
import { freshNames } from '../names.mjs';
import { compare, percentile } from '../statistics.mjs';
import { inTurns, roundsOf } from '../turns.mjs';

/** Waits until the application has so many accounts. */
const untilThere = async (sandbox, wanted, patienceMs) => {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const users = await sandbox.users();
    if (users.length >= wanted) return users;
    if (Date.now() > deadline)
      throw new Error(`After ${patienceMs / 1000} s the application had ${users.length} of ${wanted} accounts.`);
    await sleep(250);
  }
};

/** From the moment a create is sent to us until the application has the account, one person at a time in an even trickle. */
export const timeToAccount = async ({ load, tenant, sandbox, size }, add) => {
  const before = (await sandbox.users()).length;
  const values = freshNames()(size.deliveries).map(({ name }) => ({ name: `delivered-${name}` }));
  const sentAt = new Map();
  for (const value of values) {
    sentAt.set(`${value.name}@plum.example`, Date.now());
    await load.run({ target: tenant.target, ...scim.createUser, values: [value], concurrency: 1, forMs: 60_000 });
    await sleep(size.deliveryEveryMs);
  }
  const users = await untilThere(sandbox, before + values.length, 120_000);
  const times = users
    .filter(({ userName }) => sentAt.has(userName))
    .map(({ userName, meta }) => Date.parse(meta.created) - sentAt.get(userName));
  const p50 = percentile(times, 0.5);
  add({
    name: 'from SCIM request to the account in the application',
    measured: { value: p50, unit: 'ms', p50, p95: percentile(times, 0.95) },
  });
};

/** Creates in a tenant with an app that is on, beside creates in one without. */
export const writesWithApp = async ({ plain, withApp, sandbox, size }, add) => {
  for (const concurrency of [1, 16]) {
    const rounds = roundsOf(await inTurns([withApp.creating(concurrency), plain.creating(concurrency)], size));
    const { system, limit, ratio } = compare(rounds);
    const figure = ({ perSecond, p50, p95 }) => ({ value: perSecond, unit: '/s', p50, p95 });
    add({
      name: `create with an app on, beside none on, ${concurrency === 1 ? '1 caller' : `${concurrency} callers`}`,
      measured: figure(system),
      limit: figure(limit),
      ratio: ratio.perSecond,
    });
  }
  const waiting = withApp.known.length - (await sandbox.users()).length;
  const started = performance.now();
  await untilThere(sandbox, withApp.known.length, 600_000);
  const seconds = (performance.now() - started) / 1000;
  if (waiting > 0)
    add({
      name: `accounts delivered per second, ${waiting} waiting`,
      measured: { value: waiting / seconds, unit: '/s' },
    });
};
