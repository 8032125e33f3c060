import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { profileNames, profiles } from '@tenure/scim';
import { later, testSystem, type TestSystem } from './testing/system.ts';
import { ENTERPRISE, makeTenant, operations, person, type IdentityProvider, type Tenant } from './testing/world.ts';

/** What the settings of a connection make of what it sends: R10 to R13, R17 to R20, R22, R23, R68. */
let system: TestSystem;
let plum: Tenant;
beforeAll(async () => {
  system = await testSystem();
  plum = await makeTenant(system);
});
afterAll(() => system?.close());

const user = (id: string) => plum.directory.ok('GET', `/users/${id}`);
const local = async (name: string, accountType?: 'managed', more: object = {}): Promise<string> => {
  const { id } = await plum.directory.ok('POST', '/users', { resource: person(name, more) });
  if (accountType) await plum.directory.ok('PATCH', `/users/${id}`, { accountType });
  return id;
};
const listed = async ({ scim }: IdentityProvider): Promise<string[]> =>
  (await scim.ok('GET', '/Users?count=1000')).Resources.map(({ id }: any) => id);
const bulk = (...Operations: object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
  Operations,
});

describe('R10: the eligibility of a connection', () => {
  it('leaves whoever is not managed, or changed last before the cut-off, as they are, by every way in; at the cut-off they are eligible', async () => {
    const early = await local('early-r10', 'managed', { title: 'Before' });
    const unmanaged = await local('unmanaged-r10', undefined, { title: 'Before' });
    const cutOff = later(await system.now(), { hours: 1 });
    const idp = await plum.connect('generic', { eligibility: { managedOnly: true, changedAfter: cutOff } });
    const outsiders: [string, string][] = [
      [early, 'early-r10'],
      [unmanaged, 'unmanaged-r10'],
    ];
    for (const [id, name] of outsiders) {
      const before = await user(id);
      expect((await idp.scim.get(`/Users/${id}`)).status).toBe(404);
      expect((await idp.scim.put(`/Users/${id}`, person(name, { title: 'After' }))).status).toBe(404);
      expect(
        (await idp.scim.patch(`/Users/${id}`, operations({ op: 'replace', path: 'title', value: 'After' }))).status,
      ).toBe(404);
      expect((await idp.scim.delete(`/Users/${id}`)).status).toBe(404);
      expect(
        (await idp.scim.ok('POST', '/Bulk', bulk({ method: 'DELETE', path: `/Users/${id}` }))).Operations,
      ).toMatchObject([{ status: '404' }]);
      expect(await idp.scim.post('/Users', person(name, { title: 'After' }))).toMatchObject({
        status: 409,
        body: { scimType: 'uniqueness' },
      });
      const group = await idp.group(`Group of ${name}`, id);
      expect((await idp.scim.ok('GET', `/Groups/${group}`)).members).toBeUndefined();
      expect(await user(id)).toEqual(before);
    }
    expect(await listed(idp)).toEqual([]);

    await system.moveTo(cutOff);
    for (const [id] of outsiders)
      await plum.directory.ok('PATCH', `/users/${id}`, { resource: { nickName: 'Touched' } });
    const made = await local('made-r10', 'managed');
    expect(new Set(await listed(idp))).toEqual(new Set([early, made]));
    await idp.set(early, { op: 'replace', path: 'title', value: 'After' });
    expect(await user(early)).toMatchObject({
      accountType: 'provisionedManaged',
      labels: ['Provisioned managed account'],
      connectionId: idp.id,
      resource: { title: 'After' },
    });
    expect(await user(unmanaged)).toMatchObject({
      accountType: 'unmanaged',
      labels: [],
      resource: { title: 'Before' },
    });
  });
});

describe('R11: attributes that a connection requires', () => {
  it('must come with a create and can’t be taken away by PUT or PATCH; externalId is kept and its own', async () => {
    const nulab = await plum.connect('generic', { required: ['userName', 'displayName', 'active'] });
    const whole = {
      schemas: person('x').schemas,
      userName: 'r11b@plum.example',
      displayName: 'R11',
      active: true,
      externalId: 'ext-r11',
    };
    for (const missing of ['userName', 'displayName'] as const) {
      const { [missing]: _, ...rest } = whole;
      expect(await nulab.scim.post('/Users', rest)).toMatchObject({
        status: 400,
        body: { scimType: 'invalidValue', detail: expect.stringContaining(missing) },
      });
    }
    const { id, externalId } = await nulab.scim.ok('POST', '/Users', whole);
    expect(externalId).toBe('ext-r11');
    for (const operation of [
      { op: 'remove', path: 'displayName' },
      { op: 'replace', path: 'displayName', value: '' },
      { op: 'replace', value: { displayName: null } },
    ])
      expect(await nulab.scim.patch(`/Users/${id}`, operations(operation))).toMatchObject({
        status: 400,
        body: { detail: expect.stringContaining('displayName') },
      });
    expect((await nulab.scim.put(`/Users/${id}`, { ...whole, displayName: null })).status).toBe(400);
    expect(await user(id)).toMatchObject({ version: 1, resource: { displayName: 'R11', externalId: 'ext-r11' } });
    const other = await plum.connect('generic');
    expect(
      (await other.scim.ok('GET', `/Users?filter=${encodeURIComponent('externalId eq "ext-r11"')}`)).totalResults,
    ).toBe(0);
  });
});

describe('R12: language and time zone that are set on create', () => {
  const authority = { preferredLanguage: 'create', timezone: 'create' };

  it('are those of the body, else of the token’s issuer, even when another issues it anew; no way of updating moves them', async () => {
    const nulab = await plum.connect('generic', { authority });
    const igor = await plum.addAdmin('igor-r12@plum.example', 'admin');
    await plum.directory.ok('PUT', `/admins/${igor.id}`, {
      role: 'admin',
      preferredLanguage: 'pt-BR',
      timezone: 'America/Recife',
    });
    const { token } = await plum.as(igor.key).directory.ok('POST', `/connections/${nulab.id}/token`, {});
    const { client } = await import('./testing/client.ts');
    const scim = client(nulab.scimUrl, token, 'application/scim+json');
    await system.settled();
    const ada = await scim.ok('POST', '/Users', person('ada-r12b', { timezone: 'Europe/Oslo' }));
    expect(ada).toMatchObject({ preferredLanguage: 'pt-BR', timezone: 'Europe/Oslo' });
    const path = `/Users/${ada.id}`;
    await scim.ok(
      'PATCH',
      path,
      operations({ op: 'remove', path: 'preferredLanguage' }, { op: 'add', path: 'timezone', value: 'UTC' }),
    );
    await scim.ok('PATCH', path, operations({ op: 'replace', value: { preferredLanguage: 'en', timezone: null } }));
    await scim.ok('PUT', path, person('ada-r12b', { preferredLanguage: 'en', timezone: 'UTC' }));
    await scim.ok('PUT', path, person('ada-r12b'));
    expect(await user(ada.id)).toMatchObject({
      version: 1,
      resource: { preferredLanguage: 'pt-BR', timezone: 'Europe/Oslo' },
    });
    await plum.directory.ok('PATCH', `/users/${ada.id}`, { resource: { preferredLanguage: 'nn-NO' } });
    await scim.ok('PUT', path, person('ada-r12b', { preferredLanguage: 'en', title: 'Baker' }));
    expect((await user(ada.id)).resource).toMatchObject({ preferredLanguage: 'nn-NO', title: 'Baker' });
    const free = await plum.connect();
    expect((await free.scim.ok('POST', '/Users', person('free-r12'))).preferredLanguage).toBeUndefined();
  });
});

describe('R13: one of three roles', () => {
  it('is read in any case and shape, is GUEST when absent or taken away, and anything else is refused and changes nothing', async () => {
    const nulab = await plum.connect('entra', { roles: 'adminUserGuest' });
    const ada = await nulab.hire('ada-r13b', { roles: ['user'] });
    const roles = async () => (await user(ada)).resource.roles.map(({ value }: any) => value);
    expect(await roles()).toEqual(['USER']);
    await nulab.set(ada, { op: 'Replace', path: 'roles[primary eq "True"].value', value: 'Admin' });
    expect(await roles()).toContain('ADMIN');
    const { version } = await user(ada);
    for (const value of ['OWNER', '', 'ADMIN USER']) {
      const answer = await nulab.scim.patch(
        `/Users/${ada}`,
        operations({ op: 'replace', path: 'roles', value: [{ value: value || 'NOBODY' }] }),
      );
      expect(answer).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } });
    }
    expect((await user(ada)).version).toBe(version);
    await nulab.set(ada, { op: 'remove', path: 'roles' });
    expect(await roles()).toEqual(['GUEST']);
    await nulab.set(ada, { op: 'replace', path: 'roles', value: [{ value: 'guest', primary: true }] });
    expect(await roles()).toEqual(['GUEST']);
  });
});

describe('R17: who may sign in and who takes a licence', () => {
  it('follows every deactivation, by the IdP or here, and every deletion', async () => {
    const pear = await makeTenant(system, 'Pear');
    const okta = await pear.connect();
    const [ada, bob] = [await okta.hire('ada'), await okta.hire('bob')];
    const used = async () => (await pear.directory.ok('GET', '/licences')).used;
    const signIn = (name: string) => pear.directory.ok('POST', '/sign-in', { userName: `${name}@plum.example` });
    const before = await used();
    await okta.scim.ok('PUT', `/Users/${ada}`, person('ada', { active: false }));
    await pear.directory.ok('PATCH', `/users/${bob}`, { resource: { active: false } });
    expect(await used()).toBe(before - 2);
    for (const name of ['ada', 'bob'])
      expect(await signIn(name)).toEqual({ allowed: false, code: 'sign-in/deactivated' });
    await okta.setActive(bob, true);
    expect(await signIn('BOB')).toEqual({ allowed: true });
    await okta.scim.ok('DELETE', `/Users/${bob}`);
    expect(await signIn('bob')).toEqual({ allowed: false, code: 'sign-in/unknown' });
    expect(await used()).toBe(before - 2);
    expect((await pear.directory.ok('GET', '/users?active=false')).items.map(({ id }: any) => id)).toEqual([ada]);
  });
});

describe('R18: groups that are switched off', () => {
  it('are gone from every look and closed to every write, and come back as they were', async () => {
    const idp = await plum.connect();
    const ada = await idp.hire('ada-r18');
    const group = await idp.group('Staff r18', ada);
    await plum.directory.ok('PUT', `/connections/${idp.id}/settings`, { groups: false });
    const { scim } = idp;
    const writes = [
      scim.post('/Groups', { displayName: 'x' }),
      scim.put(`/Groups/${group}`, { displayName: 'x' }),
      scim.patch(`/Groups/${group}`, operations({ op: 'replace', path: 'displayName', value: 'x' })),
      scim.delete(`/Groups/${group}`),
    ];
    for (const refused of await Promise.all(writes))
      expect(refused).toMatchObject({ status: 403, body: { detail: expect.stringContaining('groups') } });
    expect(
      (await scim.ok('POST', '/Bulk', bulk({ method: 'DELETE', path: `/Groups/${group}` }))).Operations,
    ).toMatchObject([{ status: '403' }]);
    expect((await scim.get(`/Groups/${group}`)).status).toBe(404);
    for (const empty of [
      await scim.ok('GET', '/Groups'),
      await scim.ok('POST', '/Groups/.search', {}),
      await scim.ok('GET', '/Groups?cursor='),
      await scim.ok('GET', `/?filter=${encodeURIComponent('displayName eq "Staff r18"')}`),
    ])
      expect(empty).toMatchObject({ totalResults: 0, Resources: [] });
    expect((await scim.ok('GET', `/Users/${ada}`)).groups).toBeUndefined();
    expect((await scim.ok('GET', `/Users?filter=${encodeURIComponent('groups pr')}`)).totalResults).toBe(0);
    for (const path of ['/ResourceTypes', '/Schemas'])
      expect((await scim.get(path)).text).not.toContain('core:2.0:Group');
    await plum.directory.ok('PUT', `/connections/${idp.id}/settings`, {});
    expect((await scim.ok('GET', `/Groups/${group}`)).members).toMatchObject([{ value: ada }]);
  });
});

describe('R19: an unassignment that deactivates', () => {
  it('is a deletion to the connection, keeps the account, and ends with the next POST of that name', async () => {
    const idp = await plum.connect('okta', { unassign: 'deactivate' });
    const bob = await idp.hire('bob-r19b', { externalId: 'ext-19' });
    await idp.scim.ok('DELETE', `/Users/${bob}`);
    for (const answer of [
      await idp.scim.get(`/Users/${bob}`),
      await idp.scim.delete(`/Users/${bob}`),
      await idp.scim.put(`/Users/${bob}`, person('bob-r19b')),
      await idp.scim.patch(`/Users/${bob}`, operations({ op: 'replace', path: 'active', value: true })),
    ])
      expect(answer.status).toBe(404);
    expect(await listed(idp)).not.toContain(bob);
    expect(await user(bob)).toMatchObject({
      active: false,
      accountType: 'managed',
      labels: [],
      resource: { userName: 'bob-r19b@plum.example' },
    });
    expect(await plum.directory.ok('POST', '/sign-in', { userName: 'bob-r19b@plum.example' })).toEqual({
      allowed: false,
      code: 'sign-in/deactivated',
    });
    expect((await idp.scim.post('/Users', person('new-r19', { externalId: 'ext-19' }))).status).toBe(201);
    const again = await idp.scim.post('/Users', person('BOB-r19b@plum.example', { title: 'Back' }));
    expect(again).toMatchObject({ status: 201, body: { id: bob, active: true, title: 'Back' } });
    expect(await user(bob)).toMatchObject({ active: true, accountType: 'provisionedManaged', connectionId: idp.id });
  });
});

describe('R20: each profile', () => {
  it.each(profileNames)('%s has its defaults, and every switch can be set by itself', async (profile) => {
    const created = await plum.directory.ok('POST', '/connections', {
      name: profile,
      identityProviderId: 'idp',
      profile,
    });
    expect(created.settings).toEqual(profiles[profile]);
    for (const [name, value] of Object.entries(profiles.strict)) {
      const { settings } = await plum.directory.ok('PUT', `/connections/${created.id}/settings`, { [name]: value });
      expect(settings).toEqual({ ...profiles[profile], [name]: value });
    }
    expect(await plum.directory.put(`/connections/${created.id}/settings`, { unheardOf: true })).toMatchObject({
      status: 400,
      body: { code: 'request/invalid' },
    });
  });
});

describe('R22: an app role', () => {
  it('is what users and groups are assigned with, of the types that it allows, while it is enabled', async () => {
    const idp = await plum.connect();
    const ada = await idp.hire('ada-r22');
    const bakers = await idp.group('Bakers r22', ada);
    const role = (value: string, more: object = {}) => ({
      displayName: value,
      value,
      description: value,
      allowedMemberTypes: ['User', 'Group'],
      enabled: true,
      ...more,
    });
    await plum.directory.ok('PUT', '/app-roles', [
      role('Baker'),
      role('Lead', { allowedMemberTypes: ['User'] }),
      role('Retired', { enabled: false }),
    ]);
    const { id } = await plum.mapping.ok('POST', '/apps', { name: 'Ovens', preset: 'nulab' });
    const assign = (kind: string, who: string, given?: string) =>
      plum.mapping.put(`/apps/${id}/assignments/${kind}/${who}`, given === undefined ? {} : { role: given });
    await system.settled();
    expect((await assign('users', ada, 'Lead')).status).toBe(204);
    expect((await assign('groups', bakers, 'Baker')).status).toBe(204);
    expect((await assign('roles', 'Baker')).status).toBe(204);
    for (const refused of [
      await assign('groups', bakers, 'Lead'),
      await assign('users', ada, 'Retired'),
      await assign('roles', 'retired'),
      await assign('groups', bakers, 'AnythingElse'),
    ])
      expect(refused).toMatchObject({ status: 400, body: { code: 'assignment/role' } });
    expect((await plum.mapping.ok('GET', `/apps/${id}/assignments`)).items).toContainEqual({
      kind: 'users',
      id: ada,
      role: 'Lead',
    });
  }, 30_000);
});

describe('R23: a first sign-in', () => {
  const jit = (attributes: object, tenant = plum) =>
    tenant.directory.post('/jit', { identityProviderId: 'idp', attributes });

  it('creates an account from the assertion’s paths, which no later one changes, not even after a local edit, in any case of the name', async () => {
    const attributes = {
      userName: 'Jit-R23b@plum.example',
      'name.familyName': 'First',
      'emails[type eq "work"].value': 'jit@plum.example',
      [`${ENTERPRISE}:department`]: 'Ovens',
      title: 'Baker',
    };
    const { body } = await jit(attributes);
    expect(await user(body.id)).toMatchObject({
      active: true,
      accountType: 'unmanaged',
      resource: {
        title: 'Baker',
        name: { familyName: 'First' },
        emails: [{ type: 'work', value: 'jit@plum.example' }],
        [ENTERPRISE]: { department: 'Ovens' },
      },
    });
    await plum.directory.ok('PATCH', `/users/${body.id}`, { resource: { title: 'Edited' } });
    const { version } = await user(body.id);
    expect(
      await jit({ ...attributes, userName: 'JIT-r23b@plum.example', title: 'Other', active: false }),
    ).toMatchObject({ status: 200, body: { id: body.id, created: false } });
    expect(await user(body.id)).toMatchObject({ version, active: true, resource: { title: 'Edited' } });
    const provisioned = await (await plum.connect()).hire('known-r23', { title: 'Chef' });
    expect(await jit({ userName: 'known-r23@plum.example', title: 'Other' })).toMatchObject({
      status: 200,
      body: { id: provisioned, created: false },
    });
    expect((await user(provisioned)).resource.title).toBe('Chef');
  });

  it('is refused while provisioning is not enabled, and creates one account however many come at once', async () => {
    const gated = await makeTenant(system, 'Gated', { features: { provisioning: false, entitlements: true } });
    expect(await jit({ userName: 'x@plum.example' }, gated)).toMatchObject({
      status: 403,
      body: { code: 'feature/provisioning' },
    });
    await gated.directory.ok('PUT', '', { ...gated.profile, features: { provisioning: true, entitlements: true } });
    const answers = await Promise.all(Array.from({ length: 8 }, () => jit({ userName: 'x@plum.example' }, gated)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200, 200, 200, 200, 200, 200, 200, 201,
    ]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect((await jit({ 'name.givenName': 'Nobody' })).status).toBe(400);
  });
});

describe('R68: authority over an attribute', () => {
  it('of the IdP overwrites, of the create keeps, of the user wins once the user spoke; sub-attributes and extensions alike', async () => {
    const idp = await plum.connect('generic', {
      authority: { 'name.givenName': 'user', [`${ENTERPRISE}:costCenter`]: 'create', title: 'idp', emails: 'user' },
    });
    const ada = await idp.hire('ada-r68', { title: 'One', [ENTERPRISE]: { costCenter: '1', division: 'A' } });
    const push = () =>
      idp.scim.ok(
        'PUT',
        `/Users/${ada}`,
        person('ada-r68', {
          name: { givenName: 'Pushed', familyName: 'Pushed' },
          title: 'Pushed',
          emails: [{ value: 'pushed@plum.example' }],
          [ENTERPRISE]: { costCenter: 'Pushed', division: 'Pushed' },
        }),
      );
    await push();
    expect((await user(ada)).resource).toMatchObject({
      name: { givenName: 'Pushed' },
      title: 'Pushed',
      emails: [{ value: 'pushed@plum.example' }],
      [ENTERPRISE]: { costCenter: '1', division: 'Pushed' },
    });
    await plum.directory.ok('PATCH', `/users/${ada}`, {
      resource: {
        name: { givenName: 'Mine' },
        title: 'Mine',
        emails: [{ value: 'mine@plum.example' }],
        [ENTERPRISE]: { costCenter: 'Mine', division: 'Mine' },
      },
    });
    await push();
    expect((await user(ada)).resource).toMatchObject({
      name: { givenName: 'Mine', familyName: 'Pushed' },
      title: 'Pushed',
      emails: [{ value: 'mine@plum.example' }],
      [ENTERPRISE]: { costCenter: 'Mine', division: 'Pushed' },
    });
  });
});
