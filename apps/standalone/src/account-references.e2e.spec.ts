import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { appOf, ENTERPRISE, testWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

const MANAGER = `${ENTERPRISE}:manager`;
const managedBy = (value: string) => ({ [ENTERPRISE]: { manager: { value } } });
const setManager = (value: string) => ({ op: 'replace', path: MANAGER, value });
const inApp = (name: string) => world.sandbox.account(`${name}@plum.example`);
const managerInApp = async (name: string) => (await inApp(name))[ENTERPRISE]?.manager?.value;

it('R90: managers are the app’s own accounts, whoever comes first, and go when their accounts go', async () => {
  const deprovisioning = {
    turnedOff: { suspend: null, hardDelete: 'PT0S' },
    suspended: { suspend: null, hardDelete: null },
    deleted: { suspend: null, hardDelete: 'PT0S' },
    applyToRunning: false,
  };
  const office = await world.office({ deprovisioning });
  const { idp, app, mapping } = office;
  const [ada, bob] = [await idp.hire('ada-r90'), await idp.hire('bob-r90')];
  // A manages B manages A, and neither has an account yet.
  await idp.set(ada, setManager(bob));
  await idp.set(bob, setManager(ada));
  await app.assign('users', ada);
  await app.turnOn();
  await world.settled();
  expect(await managerInApp('ada-r90')).toBeUndefined();
  expect(await app.accountOf(ada)).toMatchObject({
    status: 'provisioned',
    references: [{ target: MANAGER, userId: bob, state: 'waiting' }],
  });

  await app.assign('users', bob);
  await world.settled();
  const remote = { ada: (await inApp('ada-r90')).id, bob: (await inApp('bob-r90')).id };
  expect([await managerInApp('ada-r90'), await managerInApp('bob-r90')]).toEqual([remote.bob, remote.ada]);
  expect((await app.accountOf(ada)).references).toEqual([
    { target: MANAGER, userId: bob, state: 'sent', remoteId: remote.bob },
  ]);
  expect((await app.accountOf(ada)).attributes[MANAGER]).toEqual({ value: remote.bob });
  expect(JSON.stringify(await world.sandbox.accounts())).not.toContain(bob);

  // Bob has no access any more: their account is deleted, and Ada refers to nobody.
  expect((await mapping.delete(`${app.path}/assignments/users/${bob}`)).status).toBe(204);
  await world.settled();
  expect([await inApp('bob-r90'), await managerInApp('ada-r90')]).toEqual([undefined, undefined]);
  expect((await app.accountOf(ada)).references).toEqual([{ target: MANAGER, userId: bob, state: 'waiting' }]);

  // They come back, with another account.
  await app.assign('users', bob);
  await world.settled();
  const again = (await inApp('bob-r90')).id;
  expect(again).not.toBe(remote.bob);
  expect(await managerInApp('ada-r90')).toBe(again);
  const history = await mapping.ok('GET', `${app.path}/accounts/${(await app.accountOf(ada)).id}/history`);
  expect(history.items.map(({ type }: { type: string }) => type)).toContain('ReferenceMoved');
});

it('R90: a value that is nobody of the tenant is told and never sent, by a mapping or by a rule', async () => {
  const { idp, app, mapping } = await world.office({
    rules: [
      {
        name: 'Everybody has a boss',
        enabled: true,
        match: 'all',
        conditions: [{ operator: 'equals', source: 'title', value: 'Clerk' }],
        actions: [{ type: 'setAttribute', target: MANAGER, value: 'the-boss' }],
      },
    ],
  });
  const ada = await idp.hire('ada-r90b', { title: 'Clerk' });
  const bob = await idp.hire('bob-r90b', managedBy(ada));
  await app.assign('users', ada, bob);
  await app.turnOn();
  await world.settled();
  expect(await managerInApp('ada-r90b')).toBeUndefined();
  expect(await app.accountOf(ada)).toMatchObject({
    status: 'provisioned',
    references: [
      { target: MANAGER, userId: 'the-boss', state: 'unknown', reason: { code: 'mapping/reference-unknown' } },
    ],
  });
  expect(await managerInApp('bob-r90b')).toBe((await inApp('ada-r90b')).id);
  const refused = await mapping.put(`${app.path}/attributes`, {
    matching: [{ source: 'manager', target: MANAGER }],
    mappings: [{ kind: 'direct', target: 'userName', source: 'userName' }],
  });
  expect(refused).toMatchObject({ status: 400, body: { code: 'mapping/matching' } });
});

it('R90, R88: what the app shows is compared with its own ids', async () => {
  const { idp, app, mapping } = await world.office();
  const ada = await idp.hire('ada-r90c');
  const bob = await idp.hire('bob-r90c', managedBy(ada));
  await app.assign('users', ada, bob);
  await app.turnOn();
  await world.settled();
  const reconcile = async () => {
    const { body: job } = await mapping.post(`${app.path}/reconcile`, {});
    for (;;) {
      const found = await mapping.ok('GET', `/jobs/${job.id}`);
      if (found.state !== 'running') return found;
    }
  };
  expect(await reconcile()).toMatchObject({ state: 'done', result: { counts: { changed: 0 } } });
  await world.sandbox.byHand.ok('PATCH', `/Users/${(await inApp('bob-r90c')).id}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: MANAGER, value: 'somebody-else' }],
  });
  expect(await reconcile()).toMatchObject({ state: 'done', result: { counts: { changed: 1 } } });
  const { id } = await app.accountOf(bob);
  expect((await mapping.post(`${app.path}/drifts/repair`, { ids: [id] })).body).toMatchObject({
    items: [{ ok: true }],
  });
  await world.settled();
  expect(await managerInApp('bob-r90c')).toBe((await inApp('ada-r90c')).id);
});

const BUDDY = 'urn:acme:scim:schemas:2.0:User:buddy';

/** A small app whose schemas say that `buddy` refers to a user. */
const appWithBuddies = async () => {
  const users = new Map<string, any>();
  const schema = {
    id: 'urn:acme:scim:schemas:2.0:User',
    attributes: [{ name: 'buddy', type: 'reference', referenceTypes: ['User'], multiValued: false, required: false }],
  };
  const listOf = (Resources: unknown[]) => ({ totalResults: Resources.length, Resources });
  const answer = (method: string, url: URL, body: any): [number, unknown?] => {
    const [, kind, id] = url.pathname.split('/');
    if (kind === 'Schemas') return [200, listOf([schema])];
    if (kind !== 'Users') return [404, {}];
    if (method === 'POST') {
      const made = { ...body, id: `b-${users.size + 1}` };
      users.set(made.id, made);
      return [201, made];
    }
    const user = id === undefined ? undefined : users.get(id);
    if (method === 'GET' && id === undefined) {
      const wanted = /eq "(.*)"/.exec(url.searchParams.get('filter') ?? '')?.[1];
      return [200, listOf([...users.values()].filter((each) => JSON.stringify(each).includes(`"${wanted}"`)))];
    }
    if (!user) return [404, {}];
    for (const { op, path, value } of method === 'PATCH' ? body.Operations : []) {
      if (path === BUDDY) user['urn:acme:scim:schemas:2.0:User'] = op === 'remove' ? {} : { buddy: value };
      else user[path] = value;
    }
    return [200, user];
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(request.url!, 'http://app');
    const [status, body] = answer(request.method!, url, text === '' ? undefined : JSON.parse(text));
    response.writeHead(status, { 'content-type': 'application/scim+json' }).end(JSON.stringify(body));
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    byName: (name: string) => [...users.values()].find(({ userName }) => userName === `${name}@plum.example`),
    close: () => new Promise((done) => server.close(done)),
  };
};

it('R90: an attribute of the app’s own that its schemas call a reference to users is one', async () => {
  const buddies = await appWithBuddies();
  try {
    const { idp, mapping } = await world.office();
    const { id } = await mapping.ok('POST', '/apps', { name: 'Buddies', preset: 'scim' });
    const app = appOf(mapping, id);
    await mapping.ok('PUT', `${app.path}/sso`, { configured: true });
    await mapping.ok('PUT', `${app.path}/endpoint`, { url: buddies.url });
    await mapping.ok('PUT', `${app.path}/credentials`, { kind: 'bearer', token: 'buddies-token-1' });
    await mapping.ok('POST', `${app.path}/test`);
    const set = await mapping.ok('PUT', `${app.path}/attributes`, {
      matching: [{ source: 'userName', target: 'userName' }],
      mappings: [
        { kind: 'direct', target: 'userName', source: 'userName' },
        { kind: 'direct', target: BUDDY, source: 'manager' },
      ],
    });
    expect(set.targets).toContainEqual({ path: BUDDY, type: 'reference', mandatory: false, refersTo: 'account' });
    const ada = await idp.hire('ada-r90d');
    const bob = await idp.hire('bob-r90d', managedBy(ada));
    await app.assign('users', bob);
    await app.turnOn();
    await world.settled();
    expect(buddies.byName('bob-r90d')).not.toHaveProperty('urn:acme:scim:schemas:2.0:User.buddy');
    await app.assign('users', ada);
    await world.settled();
    const { id: remoteId } = buddies.byName('ada-r90d');
    expect(buddies.byName('bob-r90d')['urn:acme:scim:schemas:2.0:User']).toEqual({ buddy: remoteId });
    await app.turnOff();
  } finally {
    await buddies.close();
  }
});
