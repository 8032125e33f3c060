import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { person, testWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

type Office = Awaited<ReturnType<World['office']>>;

const ended = async ({ mapping }: Office, id: string): Promise<any> => {
  for (const until = Date.now() + 60_000; Date.now() < until; await sleep(50)) {
    const job = await mapping.ok('GET', `/jobs/${id}`);
    if (job.state !== 'running') return job;
  }
  throw new Error('The job never ends.');
};

const reconcile = async (office: Office, body: object = {}) => {
  const { status, body: job } = await office.mapping.post(`${office.app.path}/reconcile`, body);
  expect({ status, kind: job.kind }).toEqual({ status: 202, kind: 'reconcile' });
  return ended(office, job.id);
};

it('R88: what was changed in the app is listed, left alone, and repaired or ignored when an admin says so', async () => {
  const office = await world.office();
  const { idp, app, mapping, audit } = office;
  const [ada, bob, cy] = [await idp.hire('ada-r88'), await idp.hire('bob-r88'), await idp.hire('cy-r88')];
  await app.assign('users', ada, bob, cy);
  await app.turnOn();
  await world.settled();
  const { byHand } = world.sandbox;
  const remoteOf = async (userId: string) => (await app.accountOf(userId)).remoteId;
  const patch = async (userId: string, value: object) =>
    byHand.ok('PATCH', `/Users/${await remoteOf(userId)}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value }],
    });
  await patch(ada, { displayName: 'Changed by hand' });
  await patch(bob, { active: false });
  const before = await world.sandbox.accounts();

  const dry = await reconcile(office, { dryRun: true });
  expect(dry).toMatchObject({ state: 'done', result: { counts: { changed: 1, suspendedThere: 1 }, complete: true } });
  expect((await mapping.ok('GET', `${app.path}/drifts`)).items).toEqual([]);

  await reconcile(office);
  const { items } = await mapping.ok('GET', `${app.path}/drifts`);
  expect(items).toHaveLength(2);
  expect((await mapping.ok('GET', `${app.path}/drifts?kind=changed`)).items).toMatchObject([
    {
      userId: ada,
      kinds: ['changed'],
      targets: [{ target: 'displayName', from: 'ada-r88 Plum', to: 'Changed by hand' }],
    },
  ]);
  const [drift] = (await mapping.ok('GET', `${app.path}/drifts?user=${bob}`)).items;
  expect(drift).toMatchObject({ kinds: ['suspendedThere'] });
  await world.settled();
  expect(await world.sandbox.accounts()).toEqual(before);
  expect((await audit.ok('GET', `/entries?type=AppReconciled`)).items.length).toBeGreaterThan(0);

  const repaired = await mapping.post(`${app.path}/drifts/repair`, { ids: [(await app.accountOf(ada)).id] });
  expect(repaired.body).toMatchObject({ items: [{ ok: true }] });
  expect((await mapping.post(`${app.path}/drifts/ignore`, { ids: [drift.id] })).body).toMatchObject({
    items: [{ ok: true }],
  });
  expect((await mapping.post(`${app.path}/drifts/ignore`, { ids: [(await app.accountOf(cy)).id] })).body).toMatchObject(
    {
      items: [{ ok: false, code: 'drift/not-found' }],
    },
  );
  await world.settled();
  expect(await world.sandbox.account('ada-r88@plum.example')).toMatchObject({ displayName: 'ada-r88 Plum' });
  expect(await world.sandbox.account('bob-r88@plum.example')).toMatchObject({ active: false });
  expect((await mapping.ok('GET', `${app.path}/drifts`)).items).toEqual([]);
});

it('R88: a schedule and policies are set, refused where they make no sense, and bring back what was changed', async () => {
  const office = await world.office();
  const { idp, app, mapping } = office;
  const policies = { changed: 'repair' };
  expect((await mapping.put(`${app.path}/reconciliation`, { every: 'soon' })).status).toBe(400);
  expect(
    (await mapping.put(`${app.path}/reconciliation`, { every: null, policies: { foreign: 'repair' } })).status,
  ).toBe(400);
  expect(
    (await mapping.put(`${app.path}/reconciliation`, { every: null, targets: { 'no such': 'repair' } })).status,
  ).toBe(400);
  expect(await mapping.ok('GET', `${app.path}/reconciliation`)).toMatchObject({
    every: null,
    policies: { changed: 'report' },
  });
  const ada = await idp.hire('ada-r88b');
  await app.assign('users', ada);
  await app.turnOn();
  await world.settled();
  const { remoteId } = await app.accountOf(ada);
  await world.sandbox.byHand.ok('PATCH', `/Users/${remoteId}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', value: { displayName: 'Changed by hand' } }],
  });
  const set = await mapping.ok('PUT', `${app.path}/reconciliation`, { every: 'P1D', policies });
  expect(set).toMatchObject({ every: 'P1D', window: null, policies: { changed: 'repair', missing: 'report' } });
  for (
    const until = Date.now() + 60_000;
    Date.now() < until && (await world.sandbox.account('ada-r88b@plum.example')).displayName !== 'ada-r88b Plum';
  )
    await sleep(100);
  expect(await world.sandbox.account('ada-r88b@plum.example')).toMatchObject({ displayName: 'ada-r88b Plum' });
});

it('R69, R88: an app that is populated already is read first, and its accounts are adopted as an admin says', async () => {
  const office = await world.office();
  const { idp, app, mapping } = office;
  const foreign = await world.sandbox.byHand.ok('POST', '/Users', person('ada-r69'));
  const ada = await idp.hire('ada-r69');
  await app.assign('users', ada);
  await app.turnOn();
  await world.settled();
  await reconcile(office);
  const { items } = await mapping.ok('GET', `${app.path}/foreign?minConfidence=0.9`);
  expect(items).toMatchObject([
    {
      remoteId: foreign.id,
      active: true,
      ambiguous: false,
      proposals: [{ userId: ada, confidence: expect.any(Number) }],
    },
  ]);
  expect((await mapping.post(`${app.path}/foreign/adopt`, { minConfidence: 0.9 })).body).toMatchObject({
    code: 'confirm/required',
  });
  const adopted = await mapping.post(`${app.path}/foreign/adopt`, { minConfidence: 0.9, confirm: true });
  expect(adopted.body).toEqual({ items: [{ remoteId: foreign.id, userId: ada, ok: true }] });
  await world.settled();
  expect(await app.accountOf(ada)).toMatchObject({ remoteId: foreign.id, owned: true, status: 'provisioned' });
  expect((await mapping.ok('GET', `${app.path}/foreign?minConfidence=0.9`)).items).toEqual([]);
});
