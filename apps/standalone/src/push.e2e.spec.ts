import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { makeApp, sorted, testWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

type Office = Awaited<ReturnType<World['office']>>;
const pushesOf = ({ mapping, app }: Office): Promise<any> => mapping.ok('GET', `${app.path}/pushes`);

/** Who is in a group of the sandbox, by user name. */
const membersOf = async (displayName: string): Promise<string[] | undefined> => {
  const group = await world.sandbox.group(displayName);
  const accounts = await world.sandbox.accounts();
  const nameOf = (id: string) => accounts.find((account) => account.id === id)?.userName.split('@')[0] ?? id;
  return group && sorted((group.members ?? []).map(({ value }: { value: string }) => nameOf(value)));
};

it('R89: a group is pushed, follows its name and its people, and is deleted when it is no longer pushed', async () => {
  const office = await world.office();
  const { idp, app, mapping, audit } = office;
  const [ada, bob] = [await idp.hire('ada-r89'), await idp.hire('bob-r89')];
  const crew = await idp.group('Crew R89', ada);
  const set = await mapping.put(`${app.path}/pushes`, { groups: [{ id: crew }], whenUnpushed: 'delete' });
  expect({ status: set.status, body: set.body }).toMatchObject({
    status: 200,
    body: {
      groups: [{ id: crew, mode: 'merge' }],
      names: [],
      allInScope: false,
      whenUnpushed: 'delete',
    },
  });
  await app.assign('users', ada, bob);
  await app.turnOn();
  await world.settled();
  expect(await membersOf('Crew R89')).toEqual(['ada-r89']);
  const { items } = await pushesOf(office);
  expect(items).toMatchObject([
    {
      group: { id: crew, displayName: 'Crew R89' },
      mode: 'merge',
      state: 'upToDate',
      made: true,
      remoteId: (await world.sandbox.group('Crew R89')).id,
      counts: { members: 1, sent: 1, waiting: 0, theirs: 0 },
      since: expect.any(String),
      version: expect.any(Number),
    },
  ]);
  const path = `${app.path}/pushes/${items[0].id}`;
  expect(await mapping.ok('GET', path)).toMatchObject({ id: items[0].id, state: 'upToDate' });

  await idp.join(crew, bob);
  await idp.scim.ok('PATCH', `/Groups/${crew}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'displayName', value: 'Ship’s crew R89' }],
  });
  await world.settled();
  expect(await membersOf('Ship’s crew R89')).toEqual(['ada-r89', 'bob-r89']);
  expect(await membersOf('Crew R89')).toBeUndefined();
  await idp.leave(crew, ada);
  await world.settled();
  expect(await membersOf('Ship’s crew R89')).toEqual(['bob-r89']);

  const history = await mapping.ok('GET', `${path}/history`);
  const types = history.items.map(({ type }: { type: string }) => type);
  expect(types.slice(0, 3)).toEqual(['GroupPushed', 'PushLinked', 'PushMembersSent']);
  // Which of the name and the new member is sent first is not said.
  expect(sorted(types.slice(3))).toEqual(['PushMembersSent', 'PushMembersSent', 'PushProfileSent']);
  await mapping.ok('PUT', `${app.path}/pushes`, { whenUnpushed: 'delete' });
  await world.settled();
  expect(await membersOf('Ship’s crew R89')).toBeUndefined();
  expect((await pushesOf(office)).items).toEqual([]);
  expect((await audit.ok('GET', '/entries?type=PushStopped')).items).toMatchObject([
    { appId: app.id, subject: { kind: 'push', id: items[0].id } },
  ]);
  expect((await audit.ok('GET', `/usage?app=${app.id}`)).counts).toMatchObject({
    'Push Group': 1,
    'Stop Pushing Group': 1,
  });
});

it('R61, R89: a group that the app has is linked by an explicit act only, and its members stay unless it is mirrored', async () => {
  const office = await world.office();
  const { idp, app, mapping } = office;
  const cy = await idp.hire('cy-r89');
  await app.assign('users', cy);
  await app.turnOn();
  await world.settled();
  const { byHand } = world.sandbox;
  const stranger = await byHand.ok('POST', '/Users', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: 'stranger-r89',
  });
  const theirs = await byHand.ok('POST', '/Groups', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    displayName: 'Board R89',
    members: [{ value: stranger.id }],
  });
  const board = await idp.group('Board R89', cy);
  await mapping.ok('PUT', `${app.path}/pushes`, { names: [{ pattern: 'Board *' }] });
  await world.settled();
  const [push] = (await pushesOf(office)).items;
  expect(push).toMatchObject({
    group: { id: board },
    state: 'foreign',
    reason: { code: 'push/foreign-group', message: expect.stringContaining('Link it') },
    candidates: [theirs.id],
  });
  expect(await membersOf('Board R89')).toEqual(['stranger-r89']);

  const path = `${app.path}/pushes/${push.id}`;
  expect((await mapping.post(`${path}/link`, { remoteId: 'nothing' })).body).toMatchObject({
    code: 'push/remote-unknown',
  });
  expect((await mapping.post(`${path}/link`, { remoteId: theirs.id })).body).toMatchObject({ made: false });
  await world.settled();
  expect(await membersOf('Board R89')).toEqual(['cy-r89', 'stranger-r89']);
  await mapping.ok('PUT', `${app.path}/pushes`, { groups: [{ id: board, mode: 'mirror' }] });
  await world.settled();
  expect(await membersOf('Board R89')).toEqual(['cy-r89']);
  await mapping.ok('PUT', `${app.path}/pushes`, { whenUnpushed: 'delete' });
  await world.settled();
  expect(await membersOf('Board R89')).toEqual(['cy-r89']);
});

it('R89, R95: a group that waits for its link is in the queue, and is linked there', async () => {
  const office = await world.office();
  const { idp, app, mapping } = office;
  const dee = await idp.hire('dee-r95');
  await app.assign('users', dee);
  await app.turnOn();
  const theirs = await world.sandbox.byHand.ok('POST', '/Groups', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    displayName: 'Choir R95',
  });
  const choir = await idp.group('Choir R95', dee);
  await mapping.ok('PUT', `${app.path}/pushes`, { groups: [{ id: choir }] });
  await world.settled();
  const queued = () => mapping.ok('GET', `/queue?app=${app.id}&kind=foreign`);
  const { items, counts } = await queued();
  expect({ items, counts }).toMatchObject({
    items: [
      {
        kind: 'foreign',
        app: { id: app.id },
        action: 'push',
        reason: { code: 'push/foreign-group', message: expect.stringMatching(/^Choir R95: /) },
        actions: ['link', 'retry'],
      },
    ],
    counts: { foreign: 1 },
  });
  const act = async (version: number, choice: object = {}) => {
    const body = { items: [{ id: items[0].id, version }], action: 'link', choice };
    return (await mapping.ok('POST', '/queue/act', body)).items[0];
  };
  expect(await act(items[0].version + 1)).toMatchObject({ ok: false, code: 'push/stale' });
  expect(await act(items[0].version, { remoteId: 'nothing' })).toMatchObject({
    ok: false,
    code: 'push/remote-unknown',
  });
  expect(await act(items[0].version)).toMatchObject({ ok: true });
  await world.settled();
  expect((await pushesOf(office)).items).toMatchObject([{ state: 'upToDate', remoteId: theirs.id }]);
  expect(await membersOf('Choir R95')).toEqual(['dee-r95']);
  expect((await queued()).items).toEqual([]);
});

it('R28, R89: what can’t be pushed is refused by name, and nothing is pushed', async () => {
  const office = await world.office();
  const { idp, app, mapping } = office;
  const crew = await idp.group('Refused R89');
  const refusal = async (path: string, body: object) => {
    const { status, body: said } = await mapping.put(`${path}/pushes`, body);
    return { status, code: said.code, fields: (said.errors ?? []).map(({ field }: { field: string }) => field) };
  };
  const groups = [{ id: crew }];
  const lumapps = await makeApp(office.tenant, world.sandbox, { preset: 'lumapps' });
  expect(await refusal(lumapps.path, { groups })).toMatchObject({ status: 409, code: 'app/no-groups' });
  const { id } = await mapping.ok('POST', '/apps', { name: 'Bare', preset: 'scim' });
  expect(await refusal(`/apps/${id}`, { groups })).toEqual({
    status: 409,
    code: 'app/incomplete',
    fields: ['credentials', 'endpoint'],
  });
  expect(await refusal(app.path, { groups: [{ id: crew }, { id: 'no-such-group' }] })).toEqual({
    status: 400,
    code: 'push/group-unknown',
    fields: ['groups[1].id'],
  });
  expect((await refusal(app.path, { groups: [...groups, ...groups] })).status).toBe(400);
  expect((await refusal(app.path, { groups: [{ id: crew, mode: 'replace' }] })).status).toBe(400);
  expect((await mapping.get(`${app.path}/pushes/nothing`)).body).toMatchObject({ code: 'push/not-found' });
  expect((await mapping.post(`${app.path}/pushes/nothing/retry`)).body).toMatchObject({ code: 'push/not-found' });
  expect(await pushesOf(office)).toMatchObject({ items: [], groups: [] });
});
