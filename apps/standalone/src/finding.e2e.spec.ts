import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { client } from './testing/client.ts';
import { testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant, operations, sorted, type IdentityProvider, type Tenant } from './testing/world.ts';

let system: TestSystem;
let plum: Tenant;
let pear: Tenant;
let idp: IdentityProvider;
beforeAll(async () => {
  system = await testSystem();
  plum = await makeTenant(system);
  pear = await makeTenant(system, 'Pear', { primaryDomain: 'pear.example', domains: ['pear.example'] });
  idp = await plum.connect();
});
afterAll(() => system?.close());

const search = async (path: string, text: string, tenant = plum): Promise<any[]> =>
  (await tenant.directory.ok('GET', `/${path}?search=${encodeURIComponent(text)}`)).items;
const names = async (text: string, tenant = plum): Promise<string[]> =>
  sorted((await search('users', text, tenant)).map(({ resource }) => resource.displayName));

describe('a search for people', () => {
  beforeAll(async () => {
    await idp.hire('ada', { displayName: 'Ada Lovelace', name: { givenName: 'Ada', familyName: 'King' } });
    await idp.hire('zoe.b', { displayName: 'Zoë O’Brien', emails: [{ value: 'zoe@fig.example', type: 'work' }] });
    await idp.hire('adrian', { displayName: 'Adrian Lovell' });
    const other = await pear.connect();
    await other.hire('ada@pear.example', { displayName: 'Ada of Pear' });
  });

  it.each([
    ['a name’s beginning', 'lovel', ['Ada Lovelace', 'Adrian Lovell']],
    ['all its words, in any order', 'LOVE ada', ['Ada Lovelace']],
    ['a family name', 'king', ['Ada Lovelace']],
    ['a name without its accents', 'zoe', ['Zoë O’Brien']],
    ['a name with them', 'zoë o’b', ['Zoë O’Brien']],
    ['a user name', 'zoe.b@plum', ['Zoë O’Brien']],
    ['an e-mail address', 'zoe@fig.example', ['Zoë O’Brien']],
    ['part of neither', 'acela', []],
    ['what a query language would read', `ada' | a:* & !('`, []],
  ])('finds by %s', async (_, text, found) => {
    expect(await names(text)).toEqual(found);
  });

  it('stays in its tenant, goes with other filters, and is paged', async () => {
    expect(await names('ada', pear)).toEqual(['Ada of Pear']);
    const first = await plum.directory.ok('GET', '/users?search=love&accountType=provisionedManaged&limit=1');
    expect(first.items).toHaveLength(1);
    const second = await plum.directory.ok(
      'GET',
      `/users?search=love&accountType=provisionedManaged&limit=1&cursor=${first.nextCursor}`,
    );
    expect(sorted([...first.items, ...second.items].map(({ resource }) => resource.displayName))).toEqual([
      'Ada Lovelace',
      'Adrian Lovell',
    ]);
    expect(second.nextCursor).toBeUndefined();
  });

  it('knows a changed name at once, and nobody who was deleted', async () => {
    const id = await idp.hire('mia', { displayName: 'Mia Maiden' });
    await idp.set(id, { op: 'replace', path: 'displayName', value: 'Mia Married' });
    expect([await names('maiden'), await names('married')]).toEqual([[], ['Mia Married']]);
    await idp.scim.ok('DELETE', `/Users/${id}`);
    expect(await names('married')).toEqual([]);
  });

  it.each(['', '%20', '%00', 'a'.repeat(201)])('refuses %j', async (text) => {
    const answer = await plum.directory.get(`/users?search=${text}`);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toEqual([{ field: 'search', message: expect.any(String) }]);
  });
});

describe('a search for groups', () => {
  it('finds by the beginnings of the name’s words', async () => {
    const group = await idp.group('Head Bakers');
    await idp.group('Headhunters');
    expect(sorted((await search('groups', 'head')).map(({ resource }) => resource.displayName))).toEqual([
      'Head Bakers',
      'Headhunters',
    ]);
    expect((await search('groups', 'bak head')).map(({ id }) => id)).toEqual([group]);
    await idp.scim.ok('PATCH', `/Groups/${group}`, operations({ op: 'replace', path: 'displayName', value: 'Pastry' }));
    expect([await search('groups', 'bakers'), (await search('groups', 'pas')).map(({ id }) => id)]).toEqual([
      [],
      [group],
    ]);
  });
});

describe('the list of tenants', () => {
  it('is the root key’s, oldest first, in pages', async () => {
    const root = system.root();
    const seen: any[] = [];
    for (let cursor = ''; ;) {
      const page = await root.ok('GET', `/directory/v1/tenants?limit=1${cursor}`);
      seen.push(...page.items);
      if (page.nextCursor === undefined) break;
      cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
    }
    expect(sorted(seen.map(({ id }) => id))).toEqual(sorted([plum.id, pear.id]));
    expect(seen.find(({ id }) => id === pear.id)).toEqual({
      id: pear.id,
      name: 'Pear',
      primaryDomain: 'pear.example',
      createdAt: expect.any(String),
    });
    expect(seen.map(({ createdAt }) => createdAt)).toEqual(sorted(seen.map(({ createdAt }) => createdAt)));
  });

  it('is refused to anybody else', async () => {
    expect(await client(system.url(), plum.superAdmin.key).get('/directory/v1/tenants')).toMatchObject({
      status: 403,
      body: { code: 'key/role', detail: 'Requires the root key; this key has the role super_admin.' },
    });
  });
});

describe('GET /auth/v1/me', () => {
  const me = (key: string) => client(system.url(), key).ok('GET', '/auth/v1/me');

  it('tells whose key it is', async () => {
    const admin = await plum.addAdmin('gus@plum.example', 'admin');
    expect(await me(admin.key)).toMatchObject({
      kind: 'key',
      tenant: plum.id,
      role: 'admin',
      id: admin.id,
      userId: admin.userId,
      name: 'gus@plum.example',
    });
    await plum.directory.ok('PATCH', `/users/${admin.userId}`, { resource: { displayName: 'Gus' } });
    expect((await me(admin.key)).name).toBe('Gus');
  });

  it('tells of the root key no tenant', async () => {
    const { can, ...rest } = await me('root-key-of-the-tests');
    expect(rest).toEqual({ kind: 'key', role: 'root' });
    expect(can).toContain('tenants.read');
    expect(can).not.toContain('users.read');
  });

  it('tells what the key may do, as the routes have it', async () => {
    const keys = {
      root: 'root-key-of-the-tests',
      super_admin: plum.superAdmin.key,
      admin: (await plum.addAdmin('ann@plum.example', 'admin')).key,
      auditor: (await plum.addAdmin('aud@plum.example', 'auditor')).key,
      // R6: whoever has an address of a consumer mail domain configures no apps.
      consumer: (await plum.addAdmin('con@gmail.com', 'super_admin')).key,
    };
    const directory = `/directory/v1/tenants/${plum.id}`;
    const mapping = `/mapping/v1/tenants/${plum.id}`;
    // Nothing is done: what is allowed fails later, for the body or the id.
    const probes: [right: string, method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string][] = [
      ['tenants.read', 'GET', '/directory/v1/tenants'],
      ['tenants.write', 'POST', '/directory/v1/tenants'],
      ['clock.write', 'POST', '/clock'],
      ['parked.read', 'GET', '/directory/v1/parked'],
      ['parked.write', 'POST', '/directory/v1/parked/replay'],
      ['tenant.read', 'GET', directory],
      ['tenant.write', 'PUT', directory],
      ['admins.read', 'GET', `${directory}/admins`],
      ['admins.write', 'DELETE', `${directory}/admins/none`],
      ['keys.read', 'GET', `${directory}/keys`],
      ['keys.write', 'POST', `${directory}/keys`],
      ['users.read', 'GET', `${directory}/users`],
      ['users.write', 'POST', `${directory}/users`],
      ['groups.read', 'GET', `${directory}/groups`],
      ['connections.read', 'GET', `${directory}/connections`],
      ['connections.write', 'POST', `${directory}/connections`],
      ['schemas.read', 'GET', `${directory}/schemas`],
      ['schemas.write', 'PUT', `${directory}/schemas/urn:example:none`],
      ['resources.read', 'GET', `${directory}/resources/None`],
      ['resources.write', 'POST', `${directory}/resources/None`],
      ['app-roles.read', 'GET', `${directory}/app-roles`],
      ['app-roles.write', 'PUT', `${directory}/app-roles`],
      ['apps.read', 'GET', `${mapping}/apps`],
      ['apps.write', 'POST', `${mapping}/apps`],
      ['assignments.write', 'DELETE', `${mapping}/apps/none/assignments/users/none`],
      ['accounts.read', 'GET', `${mapping}/accounts`],
      ['accounts.write', 'POST', `${mapping}/apps/none/accounts/none/retry`],
      ['audit.read', 'GET', `/audit/v1/tenants/${plum.id}/entries`],
      ['webhooks.read', 'GET', `/audit/v1/tenants/${plum.id}/webhooks`],
      ['webhooks.write', 'POST', `/audit/v1/tenants/${plum.id}/webhooks`],
    ];
    for (const [name, key] of Object.entries(keys)) {
      const { can } = await me(key);
      const allowed: string[] = [];
      for (const [right, method, path] of probes) {
        const { status } = await client(system.url(), key).call(
          method,
          path,
          method === 'GET' ? undefined : { wrong: 1 },
        );
        if (status !== 403) allowed.push(right);
      }
      expect({ name, can: sorted(can) }).toEqual({ name, can: sorted(allowed) });
    }
  });
});

describe('the ledger', () => {
  const entriesOf = async (query: string): Promise<any[]> => (await plum.audit.ok('GET', `/entries?${query}`)).items;

  it('says what its actors are called, and with `include` who the user and what the app is', async () => {
    const ivy = await idp.hire('ivy', { displayName: 'Ivy Ink' });
    const editor = await plum.addAdmin('ed@plum.example', 'admin');
    await plum
      .as(editor.key)
      .directory.ok('PATCH', `/users/${editor.userId}`, { resource: { displayName: 'Ed Editor' } });
    const app = await plum.mapping.ok('POST', '/apps', { name: 'Wiki', preset: 'scim' });
    await system.settled();
    const [created] = await entriesOf(`user=${ivy}&type=UserCreated&include=user`);
    expect(created.actor).toEqual({ kind: 'connection', id: idp.id, name: 'The generic connection' });
    expect(created.user).toEqual({ id: ivy, displayName: 'Ivy Ink', userName: 'ivy@plum.example' });
    const [changed] = await entriesOf(`user=${editor.userId}&type=UserChanged`);
    expect(changed.actor).toEqual({ kind: 'admin', id: editor.id, name: 'Ed Editor' });
    expect(changed).not.toHaveProperty('user');
    const [made] = await entriesOf('type=AppCreated&include=user,app');
    expect(made.app).toEqual({ id: app.id, name: 'Wiki' });
  });

  it.each(['type=UserInvented', 'outcome=perhaps', 'include=user,group', 'users=ada'])('refuses ?%s', async (query) => {
    expect(await plum.audit.get(`/entries?${query}`)).toMatchObject({
      status: 400,
      body: { errors: [{ message: expect.any(String) }] },
    });
  });

  it('sums usage over all apps, and knows no other', async () => {
    expect(await plum.audit.ok('GET', '/usage')).toMatchObject({ counts: { Failures: 0 } });
    for (const path of ['/usage', '/usage.csv'])
      expect(await plum.audit.get(`${path}?app=none`)).toMatchObject({ status: 404, body: { code: 'app/unknown' } });
  });
});
