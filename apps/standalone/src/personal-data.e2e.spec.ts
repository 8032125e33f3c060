import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ENTERPRISE, makeApp, person, testWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

/** Views: what people are shown is read from them, and they are dropped and built anew at will. */
const VIEWS = /^(audit\.people$|directory_v\d+\.|provisioning_v\d+\.|provisioning\.(people|groups)$)/;

const words = [
  'Adalovelace',
  'Byronova',
  'adalovelace@plum.example',
  'Countess of Ovens',
  '+44 20 7946 0958',
  'adalovelace-by-hand',
];

it('decision 11: Ada’s names, address and titles are in views, and nowhere else: not in the store, the ledger, deliveries, snapshots or logs', async () => {
  const { idp, app, tenant, directory, mapping } = await world.office();
  await world.sandbox.byHand.ok('POST', '/Users', person('adalovelace', { displayName: 'adalovelace-by-hand' }));
  const details = {
    name: { givenName: 'Adalovelace', familyName: 'Byronova' },
    displayName: 'Adalovelace Byronova',
    phoneNumbers: [{ type: 'work', value: '+44 20 7946 0958' }],
  };
  const ada = await idp.hire('adalovelace', details);
  const group = await idp.group('Ovens', ada);
  await app.assign('groups', group);
  // A delivery that fails with the application's own words, and one that waits for another try.
  const failing = await makeApp(tenant, world.sandbox, { scope: { assignment: 'everyone', groups: [], orgUnits: [] } });
  await app.turnOn();
  await world.settled();
  await app.act(await app.accountOf(ada), 'adopt');
  await world.settled();
  // Enough events for a snapshot.
  for (let number = 0; number < 130; number++)
    await idp.set(ada, { op: 'replace', path: 'title', value: number % 2 ? 'Countess of Ovens' : `Baker ${number}` });
  await world.settled();
  await world.sandbox.switchTo({ mode: 'fail', status: 503 });
  await failing.turnOn();
  await idp.set(ada, { op: 'replace', path: `${ENTERPRISE}:department`, value: 'Countess of Ovens' });
  for (const until = Date.now() + 60_000; Date.now() < until && !(await failing.accountOf(ada))?.delivery?.attempts;)
    await sleep(20);
  await directory.post('/sign-in', { userName: 'adalovelace@plum.example', password: 'Byronova' });
  await directory.post('/users', { resource: person('adalovelace', details) });
  await idp.scim.post('/Users', person('adalovelace', { ...details, unheardOf: 'Byronova' }));
  await mapping.post(`${app.path}/initial-cycle?preview=true`);

  const where = Object.fromEntries(
    await Promise.all(
      words.map(async (word) => [word, (await world.rowsWith(word)).filter((table) => !VIEWS.test(table))]),
    ),
  );
  expect(where).toEqual(Object.fromEntries(words.map((word) => [word, []])));
  // The search does find what is there: her name in views, her id in the places that were searched for it.
  expect(await world.rowsWith('Byronova')).toEqual([
    'audit.people',
    'directory_v4.users',
    'provisioning.people',
    expect.stringMatching(/^provisioning_v\d+\.accounts$/),
  ]);
  expect(await world.rowsWith(ada)).toEqual(
    expect.arrayContaining(['event_store.events', 'audit.ledger', 'snapshots.snapshots', 'provisioning.deliveries']),
  );
  const log = world.logged.join('\n').toLowerCase();
  expect(log.length).toBeGreaterThan(0);
  expect(words.filter((word) => log.includes(word.toLowerCase()))).toEqual([]);
});
