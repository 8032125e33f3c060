import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { person, sorted, testWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

it('an application that fails for a while gets everything once it is back, and nothing twice', async () => {
  const { idp, app } = await world.office();
  const names = ['ada', 'bob', 'cy'];
  const ids = await Promise.all(names.map((name) => idp.hire(name)));
  await app.assign('users', ...ids);
  await world.sandbox.switchTo({ mode: 'fail', status: 503 });
  await app.turnOn();
  for (
    const until = Date.now() + 60_000;
    Date.now() < until && !((await app.accountOf(ids[0]!))?.delivery?.attempts >= 1);
  )
    await sleep(50);
  const waiting = await app.accountOf(ids[0]!);
  expect(waiting).toMatchObject({
    status: 'provisioning',
    delivery: {
      action: 'create',
      attempts: expect.any(Number),
      nextAttemptAt: expect.any(String),
      lastError: expect.stringContaining('The sandbox was told to fail.'),
    },
  });
  expect((await world.root().ok('GET', '/clock')).settled).toBe(false);
  await world.sandbox.switchTo({ mode: 'ok' });
  await world.settled();
  expect(sorted((await world.sandbox.accounts()).map(({ userName }) => userName))).toEqual(
    names.map((name) => `${name}@plum.example`),
  );
  expect(
    (await world.sandbox.writes()).filter(({ method, status }) => method === 'POST' && status === 201),
  ).toHaveLength(names.length);
  expect((await app.accounts('status=provisioned')).length).toBe(names.length);
});

it('R38: an account is found by the first attribute that matches, and known by its own id from then on', async () => {
  const { idp, app, mapping } = await world.office();
  const { targets: _, ...attributes } = await mapping.ok('GET', `${app.path}/attributes`);
  const matching = [
    { source: 'employeeId', target: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber' },
    { source: 'mail', target: 'emails[type eq "work"].value' },
  ];
  await mapping.ok('PUT', `${app.path}/attributes`, { ...attributes, matching });
  const foreign = await world.sandbox.byHand.ok(
    'POST',
    '/Users',
    person('another-name', { emails: [{ type: 'work', value: 'ada-r38@plum.example' }] }),
  );
  const ada = await idp.hire('ada-r38');
  await app.assign('users', ada);
  await app.turnOn();
  await world.settled();
  const account = await app.accountOf(ada);
  expect(account).toMatchObject({ status: 'failed', match: { remoteId: foreign.id } });
  // R69: in bulk.
  expect((await mapping.post(`${app.path}/accounts/adopt`, { ids: [account.id] })).body).toEqual({
    items: [{ id: account.id, ok: true }],
  });
  await world.settled();
  await idp.set(ada, { op: 'replace', path: 'emails[type eq "work"].value', value: 'ada.new@plum.example' });
  await world.settled();
  expect(await world.sandbox.account('ada-r38@plum.example')).toMatchObject({
    id: foreign.id,
    emails: [{ value: 'ada.new@plum.example' }],
  });
});

it('R63: the first cycle is a job with progress, and one person can be provisioned on demand, step by step', async () => {
  const { idp, app, mapping } = await world.office();
  const [ada, bob] = [await idp.hire('ada-r63'), await idp.hire('bob-r63')];
  await app.assign('users', ada);
  const preview = await mapping.post(`${app.path}/initial-cycle?preview=true`);
  expect(preview.body.counts).toMatchObject({ create: 1 });
  const { job } = await app.turnOn();
  await world.settled();
  expect(await mapping.ok('GET', `/jobs/${job.id}`)).toMatchObject({
    state: 'done',
    done: expect.any(Number),
    startedAt: expect.any(String),
    endedAt: expect.any(String),
  });
  const outside = await mapping.post(`${app.path}/provision-on-demand`, { userId: bob });
  expect(outside.status).toBe(200);
  await app.assign('users', bob);
  const inside = await mapping.post(`${app.path}/provision-on-demand`, { userId: bob });
  expect(inside.body.steps.length).toBeGreaterThan(1);
  for (const step of inside.body.steps)
    expect(step).toMatchObject({ name: expect.any(String), outcome: expect.any(String), detail: expect.any(String) });
  await world.settled();
  expect(await world.sandbox.account('bob-r63@plum.example')).toMatchObject({ active: true });
});
