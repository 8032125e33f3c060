import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { figPeople, plumPeople } from '../people.mjs';
import { differences, publicState } from '../public-state.mjs';
import { writes } from '../sandbox.mjs';
import { check, equal, tell } from '../story.mjs';

const TYLER = 'tyler.brooks@plum.example';

/** Lines of Tenure's own logs that name somebody. */
const linesWithNames = async (folder) => {
  const logs = (await readdir(folder)).filter((name) => name.endsWith('.log') && name !== 'sandbox-app.log');
  const lines = (await Promise.all(logs.map((log) => readFile(join(folder, log), 'utf8')))).join('').split('\n');
  const names = [...plumPeople, ...figPeople].flatMap(({ userName, givenName, familyName }) => [
    userName,
    `${givenName} ${familyName}`,
  ]);
  return { lines: lines.length, naming: lines.filter((line) => names.some((name) => line.includes(name))) };
};

/** All views (not the ledger) are dropped and rebuilt; a comparison shows them equal; the ledger is checked against the streams. */
export const viewsAreRebuilt = async (world) => {
  const { system, sandbox, entra, ids, clock, folder } = world;
  await entra.setActive(ids[TYLER], false);
  await clock.settled();
  tell('Tyler leaves, so that the calendar has timers that still run.');
  const before = await publicState(world);
  const asked = (await sandbox.requests()).length;
  check(
    'the calendar has timers in every state that the story brought about',
    ['armed', 'fired', 'cancelled'].every((state) => before.timers.some((timer) => timer.state === state)),
    before.timers,
  );

  await system.stop();
  const dropped = (await system.rebuildViews()).flatMap((rebuilt) => rebuilt.dropped);
  tell(`Tenure is stopped, its views are dropped (${dropped.join(', ')}), and it starts again.`);
  await system.start();
  await clock.settled(120_000);

  const after = await publicState(world);
  for (const [name, items] of Object.entries(after))
    equal(`as before: ${Array.isArray(items) ? `${items.length} ` : ''}${name}`, differences(before[name], items), []);
  const since = (await sandbox.requests()).slice(asked);
  equal(
    'and nothing was changed in the sandbox because of it',
    writes(since).map(({ method, path }) => `${method} ${path}`),
    [],
  );

  await system.stop();
  const { events, entries, missing, different } = await system.checkLedger();
  check(
    `the ledger holds an entry for each of ${events} events, and each is true to its stream`,
    events > 0 && entries === events && missing.length + different.length === 0,
    { events, entries, missing, different },
  );

  const { lines, naming } = await linesWithNames(folder);
  check(`in ${lines} lines of its logs Tenure named none of the people`, lines > 0 && naming.length === 0, naming);
};
