import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { later, testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant, operations, person, type IdentityProvider, type Tenant } from './testing/world.ts';

let system: TestSystem;
let plum: Tenant;
let idp: IdentityProvider;
beforeAll(async () => {
  system = await testSystem();
  plum = await makeTenant(system);
  idp = await plum.connect();
});
afterAll(() => system.close());

const user = (id: string) => plum.directory.ok('GET', `/users/${id}`);
const local = async (name: string): Promise<string> =>
  (await plum.directory.ok('POST', '/users', { resource: person(name) })).id;
const found = async (provider: IdentityProvider, userName: string): Promise<number> =>
  (await provider.scim.ok('GET', `/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}`)).totalResults;

describe('eligibility', () => {
  it('R10: an account that is not managed is left alone, even when its name is the same', async () => {
    const ada = await local('ada-r10');
    expect(await found(idp, 'ada-r10@plum.example')).toBe(0);
    const taken = await idp.scim.post('/Users', person('ada-r10', { title: 'Taken' }));
    expect(taken).toMatchObject({ status: 409, body: { scimType: 'uniqueness' } });
    expect(taken.text).not.toContain(ada);
    expect(
      (await idp.scim.patch(`/Users/${ada}`, operations({ op: 'replace', path: 'title', value: 'Taken' }))).status,
    ).toBe(404);
    expect((await user(ada)).resource.title).toBeUndefined();
  });

  it('R10: a managed account that changed after the cut-off is seen, and linked by the first write', async () => {
    const okta = await plum.connect('okta', {
      eligibility: { managedOnly: true, changedAfter: later(await system.now(), { ms: 1 }) },
    });
    const bob = await local('bob-r10');
    await plum.directory.ok('PATCH', `/users/${bob}`, { accountType: 'managed' });
    expect(await found(okta, 'bob-r10@plum.example')).toBe(0);
    await system.moveTo(later(await system.now(), { hours: 1 }));
    await plum.directory.ok('PATCH', `/users/${bob}`, { resource: { title: 'Baker' } });
    expect(await found(okta, 'bob-r10@plum.example')).toBe(1);
    await okta.set(bob, { op: 'replace', path: 'title', value: 'Head Baker' });
    expect(await user(bob)).toMatchObject({
      accountType: 'provisionedManaged',
      connectionId: okta.id,
      resource: { title: 'Head Baker' },
    });
    expect(await found(idp, 'bob-r10@plum.example')).toBe(0);
  });
});

describe('attributes under an authority', () => {
  const authority = { preferredLanguage: 'create', timezone: 'create', nickName: 'user' };

  it.each(['', ' ', '\u00a0\t'])('R11: a userName of %j is refused, by SCIM and here', async (userName) => {
    const blank = { ...person('blank-r11'), userName };
    expect(await idp.scim.post('/Users', blank)).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } });
    expect((await plum.directory.post('/users', { resource: blank })).status).toBe(400);
    const id = await idp.hire(`named-r11-${userName.length}`);
    const rename = operations({ op: 'replace', path: 'userName', value: userName });
    expect((await idp.scim.patch(`/Users/${id}`, rename)).status).toBe(400);
  });

  it('R11: what the connection requires must come, and externalId is kept', async () => {
    const nulab = await plum.connect('generic', { required: ['userName', 'displayName', 'active'] });
    expect(
      await nulab.scim.post('/Users', { schemas: person('x').schemas, userName: 'r11@plum.example', active: true }),
    ).toMatchObject({ status: 400, body: { detail: expect.stringContaining('displayName') } });
    expect((await nulab.scim.post('/Users', person('r11', { externalId: 'ext-11' }))).body.externalId).toBe('ext-11');
  });

  it('R12: language and time zone are set on create, by default as the issuer of the token has them, and not updated', async () => {
    await plum.directory.ok('PUT', `/admins/${plum.superAdmin.id}`, {
      role: 'super_admin',
      preferredLanguage: 'ja-JP',
      timezone: 'Asia/Tokyo',
    });
    const nulab = await plum.connect('generic', { authority });
    const ada = await nulab.hire('ada-r12');
    expect((await user(ada)).resource).toMatchObject({ preferredLanguage: 'ja-JP', timezone: 'Asia/Tokyo' });
    const bob = await nulab.hire('bob-r12', { preferredLanguage: 'nl-NL' });
    expect((await user(bob)).resource).toMatchObject({ preferredLanguage: 'nl-NL', timezone: 'Asia/Tokyo' });
    await nulab.set(
      bob,
      { op: 'replace', path: 'preferredLanguage', value: 'en-GB' },
      { op: 'replace', path: 'title', value: 'Baker' },
    );
    expect((await user(bob)).resource).toMatchObject({ preferredLanguage: 'nl-NL', title: 'Baker' });
    await plum.directory.ok('PATCH', `/users/${bob}`, { resource: { preferredLanguage: 'fr-FR' } });
    await nulab.scim.ok('PUT', `/Users/${bob}`, person('bob-r12', { preferredLanguage: 'en-GB' }));
    expect((await user(bob)).resource.preferredLanguage).toBe('fr-FR');
  });

  it('R68: the IdP always, create only, or the user: each has its say', async () => {
    const nulab = await plum.connect('generic', { authority });
    const cy = await nulab.hire('cy-r68', { nickName: 'Cy', timezone: 'Europe/Rome', title: 'Baker' });
    await nulab.set(cy, { op: 'replace', path: 'nickName', value: 'C' });
    expect((await user(cy)).resource.nickName).toBe('C');
    await plum.directory.ok('PATCH', `/users/${cy}`, { resource: { nickName: 'Cyril', title: 'Chef' } });
    await nulab.set(cy, { op: 'replace', value: { nickName: 'C.', title: 'Head Baker', timezone: 'Asia/Tokyo' } });
    expect((await user(cy)).resource).toMatchObject({
      nickName: 'Cyril',
      title: 'Head Baker',
      timezone: 'Europe/Rome',
    });
  });

  it('R13: a role is one of three, none means GUEST, and a differing one updates the account', async () => {
    const nulab = await plum.connect('generic', { roles: 'adminUserGuest' });
    const ada = await nulab.hire('ada-r13');
    expect((await user(ada)).resource.roles).toMatchObject([{ value: 'GUEST' }]);
    const { version } = await user(ada);
    await nulab.set(ada, { op: 'replace', path: 'roles', value: [{ value: 'admin' }] });
    expect(await user(ada)).toMatchObject({ version: version + 1, resource: { roles: [{ value: 'ADMIN' }] } });
    expect(
      (
        await nulab.scim.patch(
          `/Users/${ada}`,
          operations({ op: 'replace', path: 'roles', value: [{ value: 'OWNER' }] }),
        )
      ).status,
    ).toBe(400);
  });
});

describe('admins and people', () => {
  it('R15: the review list shows everybody with type and state, labelled where provisioned', async () => {
    const ada = await idp.hire('ada-r15');
    const bob = await local('bob-r15');
    await idp.setActive(ada, false);
    const list = async (query: string): Promise<any[]> =>
      (await plum.directory.ok('GET', `/users?limit=1000&${query}`)).items;
    const all = await list('');
    expect(all.find(({ id }) => id === ada)).toMatchObject({
      accountType: 'provisionedManaged',
      active: false,
      labels: ['Provisioned managed account'],
      connectionId: idp.id,
    });
    expect(all.find(({ id }) => id === bob)).toMatchObject({ accountType: 'unmanaged', active: true, labels: [] });
    expect((await list('accountType=provisionedManaged&active=false')).map(({ id }) => id)).toEqual([ada]);
    expect((await list(`filter=${encodeURIComponent('displayName sw "bob-r15"')}`)).map(({ id }) => id)).toEqual([bob]);
    const first = await plum.directory.ok('GET', '/users?limit=2');
    const second = await plum.directory.ok('GET', `/users?limit=2&cursor=${encodeURIComponent(first.nextCursor)}`);
    expect(new Set([...first.items, ...second.items].map(({ id }: any) => id)).size).toBe(4);
  });

  it('R16: an admin edits a provisioned account, the IdP overwrites it, and the audit shows both', async () => {
    const ada = await idp.hire('ada-r16', { title: 'Baker' });
    await idp.setActive(ada, false);
    expect(
      (await plum.directory.ok('PATCH', `/users/${ada}`, { resource: { title: 'Chef', nickName: null } })).resource
        .title,
    ).toBe('Chef');
    await idp.set(ada, { op: 'replace', path: 'title', value: 'Head Baker' });
    expect((await user(ada)).resource.title).toBe('Head Baker');
    await system.settled();
    const entries: any[] = (await plum.audit.ok('GET', `/entries?user=${ada}&type=UserChanged`)).items;
    expect(entries.map(({ actor, changes }) => [actor.kind, actor.id, changes])).toEqual([
      ['connection', idp.id, [{ attribute: 'title' }]],
      ['admin', plum.superAdmin.id, [{ attribute: 'title' }]],
    ]);
  });

  it('R17, R29: who is deactivated can’t sign in and takes no licence, until reactivated', async () => {
    const pear = await makeTenant(system, 'Pear', {
      products: [
        { id: 'ovens', appRoles: ['Baker'] },
        { id: 'tills', appRoles: ['Seller', 'Baker'] },
      ],
    });
    const okta = await pear.connect();
    const ada = await okta.hire('ada', { roles: [{ value: 'Baker' }], password: 'a-password-of-ada' });
    await okta.hire('bob', { roles: [{ value: 'Seller' }] });
    const licences = () => pear.directory.ok('GET', '/licences');
    const signIn = (more: object = {}) =>
      pear.directory.ok('POST', '/sign-in', { userName: 'ADA@plum.example', ...more });
    const sueToo = 1;
    expect(await licences()).toEqual({ used: 2 + sueToo, byProduct: { ovens: 1, tills: 2 } });
    expect(await signIn()).toEqual({ allowed: true });
    expect(await signIn({ password: 'a-password-of-ada' })).toEqual({ allowed: true });
    expect(await signIn({ password: 'wrong' })).toEqual({ allowed: false, code: 'sign-in/password' });
    await okta.setActive(ada, false);
    expect(await licences()).toEqual({ used: 1 + sueToo, byProduct: { ovens: 0, tills: 1 } });
    expect(await signIn()).toEqual({ allowed: false, code: 'sign-in/deactivated' });
    await okta.setActive(ada, true);
    expect(await signIn()).toEqual({ allowed: true });
    expect(await pear.directory.ok('POST', '/sign-in', { userName: 'nobody@plum.example' })).toEqual({
      allowed: false,
      code: 'sign-in/unknown',
    });
  });

  it('R22: app roles are defined by an admin and read back as they were stored', async () => {
    const roles = [
      {
        displayName: 'Baker',
        value: 'Baker',
        description: 'Bakes',
        allowedMemberTypes: ['User', 'Group'],
        enabled: true,
      },
    ];
    const stored = await plum.directory.put('/app-roles', roles);
    expect(stored).toMatchObject({ status: 200, body: [{ ...roles[0], id: expect.any(String) }] });
    expect(await plum.directory.ok('GET', '/app-roles')).toEqual(stored.body);
    expect((await plum.directory.put('/app-roles', [...roles, { ...roles[0], value: 'BAKER' }])).status).toBe(400);
  });

  it('R23: a first sign-in creates the person from the assertion, and no later one updates them', async () => {
    const attributes = {
      userName: 'jit-r23@plum.example',
      'name.givenName': 'Jitske',
      'emails[type eq "work"].value': 'jit-r23@plum.example',
    };
    const first = await plum.directory.post('/jit', { identityProviderId: 'idp', attributes });
    expect(first).toMatchObject({ status: 201, body: { created: true } });
    expect(first.headers.get('location')).toBe(`/directory/v1/tenants/${plum.id}/users/${first.body.id}`);
    const second = await plum.directory.post('/jit', {
      identityProviderId: 'idp',
      attributes: { ...attributes, 'name.givenName': 'Other' },
    });
    expect(second).toMatchObject({ status: 200, body: { id: first.body.id, created: false } });
    expect((await user(first.body.id)).resource.name.givenName).toBe('Jitske');
  });
});

describe('the past', () => {
  it('R80: a user and a group are read as they were at any instant', async () => {
    const created = await system.now();
    const ada = await idp.hire('ada-r80', { title: 'Apprentice' });
    const group = await idp.group('Group r80', ada);
    const promoted = later(created, { days: 1 });
    await system.moveTo(promoted);
    await idp.set(ada, { op: 'replace', path: 'title', value: 'Baker' });
    await idp.leave(group, ada);
    const left = later(created, { days: 2 });
    await system.moveTo(left);
    await idp.scim.ok('DELETE', `/Users/${ada}`);

    const adaAsOf = (instant: string) => plum.directory.get(`/users/${ada}?asOf=${instant}`);
    expect(await adaAsOf(later(created, { ms: -1 }))).toMatchObject({ status: 404, body: { code: 'user/not-yet' } });
    expect((await adaAsOf(created)).body).toMatchObject({ id: ada, asOf: created, resource: { title: 'Apprentice' } });
    expect((await adaAsOf(later(promoted, { ms: -1 }))).body.resource.title).toBe('Apprentice');
    expect((await adaAsOf(promoted)).body.resource.title).toBe('Baker');
    expect((await adaAsOf(left)).status).toBe(404);
    expect((await plum.directory.get(`/users/${ada}`)).status).toBe(404);
    const membersAsOf = async (instant: string) =>
      (await plum.directory.ok('GET', `/groups/${group}?members=true&asOf=${instant}`)).resource.members ?? [];
    expect((await membersAsOf(created)).map(({ value }: any) => value)).toEqual([ada]);
    expect(await membersAsOf(promoted)).toEqual([]);

    const { items } = await plum.directory.ok('GET', `/users/${ada}/history`);
    expect(items.map(({ type, occurredAt }: any) => [type, occurredAt])).toEqual([
      ['UserCreated', created],
      ['UserChanged', promoted],
      ['UserDeleted', left],
    ]);
    expect(items[1]).toMatchObject({
      revision: 2,
      actor: { kind: 'connection', id: idp.id },
      changed: ['title'],
      erased: false,
    });
  });
});

describe('membership', () => {
  it('R86: fifty PATCHes at once lose nothing, whether they add or remove', async () => {
    const people = await Promise.all(Array.from({ length: 50 }, (_, number) => idp.hire(`r86-${number}`)));
    const group = await idp.group('Group r86');
    const members = async (): Promise<string[]> =>
      ((await idp.scim.ok('GET', `/Groups/${group}`)).members ?? []).map(({ value }: any) => value);
    await Promise.all(people.map((id) => idp.join(group, id)));
    expect((await members()).toSorted()).toEqual(people.toSorted());
    const [leaving, staying] = [people.slice(0, 25), people.slice(25)];
    await Promise.all([...leaving.map((id) => idp.leave(group, id)), ...staying.map((id) => idp.join(group, id))]);
    expect((await members()).toSorted()).toEqual(staying.toSorted());
  });
});
