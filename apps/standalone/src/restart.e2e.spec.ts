import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { person, sorted, testWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

it('a system that is stopped in the middle of its work goes on where it was: nothing lost, nothing doubled', async () => {
  const { idp, app, directory } = await world.office();
  const names = Array.from({ length: 30 }, (_, number) => `person-${number}`);
  const staff = await idp.group('Staff');
  await app.assign('groups', staff);
  await app.turnOn();
  await world.settled();

  // Slow enough to be caught in the act.
  await world.sandbox.switchTo({ mode: 'slow', delayMs: 150 });
  const ids = await Promise.all(names.map((name) => idp.hire(name)));
  await idp.join(staff, ...ids);
  for (const until = Date.now() + 60_000; (await world.sandbox.accounts()).length < 2 && Date.now() < until;)
    await sleep(10);
  await world.stop();
  expect((await world.sandbox.accounts()).length).toBeLessThan(names.length);
  await world.start();
  await world.sandbox.switchTo({ mode: 'ok' });
  await world.settled();

  const accounts = await world.sandbox.accounts();
  expect(sorted(accounts.map(({ userName }) => userName))).toEqual(sorted(names.map((name) => `${name}@plum.example`)));
  const creates = (await world.sandbox.writes()).filter(
    ({ method, path, status }) => method === 'POST' && path === '/Users' && status === 201,
  );
  expect(creates).toHaveLength(names.length);
  expect(sorted((await app.accounts('status=provisioned')).map(({ userId }) => userId))).toEqual(sorted(ids));

  // The clock stands where it stood, tokens and keys are the same, and a command goes on as before.
  expect((await directory.get('/users')).status).toBe(200);
  expect((await idp.scim.post('/Users', person('person-0'))).status).toBe(409);
});
