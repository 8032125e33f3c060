import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { client } from './testing/client.ts';
import { testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant, operations, person, sorted, type IdentityProvider, type Tenant } from './testing/world.ts';

let system: TestSystem;
let plum: Tenant;
let idp: IdentityProvider;
beforeAll(async () => {
  system = await testSystem();
  plum = await makeTenant(system);
  idp = await plum.connect();
});
afterAll(() => system.close());

const newConnection = (more: object = {}) =>
  plum.directory.post('/connections', { name: 'Entra', identityProviderId: 'idp', profile: 'entra', ...more });
const entries = async (query: string): Promise<any[]> => (await plum.audit.ok('GET', `/entries?${query}`)).items;

describe('a connection', () => {
  it('R1: belongs to a tenant, has a name, a linked identity provider and an id of its own, and starts disabled', async () => {
    const created = await newConnection();
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe(`/directory/v1/tenants/${plum.id}/connections/${created.body.id}`);
    expect(created.body).toMatchObject({
      id: expect.any(String),
      name: 'Entra',
      identityProviderId: 'idp',
      profile: 'entra',
      enabled: false,
    });
    expect(created.body.scimUrl).toBe(`${system.url()}/scim/${plum.id}/${created.body.id}/v2`);
    expect(created.body.token).toBeUndefined();
  });

  it('R1: is not made for an identity provider that is none of the tenant', async () => {
    expect(await newConnection({ identityProviderId: 'another' })).toMatchObject({
      status: 400,
      body: { code: 'connection/identity-provider' },
    });
  });

  it('R2: shows its URL at any time, and its token never', async () => {
    for (const path of ['/connections', `/connections/${idp.id}`]) {
      const { text } = await plum.directory.get(path);
      expect(text).toContain(idp.scimUrl);
      expect(text).not.toContain(idp.token);
    }
    const { body } = await plum.directory.get(`/connections/${idp.id}`);
    expect(body.token).toEqual({
      issuerId: plum.superAdmin.id,
      issuedAt: await system.now(),
      hint: expect.any(String),
    });
  });

  it('R20: of a profile has its defaults, and each switch can be set by itself', async () => {
    const google = await newConnection({ profile: 'google', settings: { userPatchStatus: 204 } });
    expect(google.body.settings).toMatchObject({
      groups: false,
      missingOp: 'replace',
      userPatchStatus: 204,
      unassign: 'delete',
    });
    const replaced = await plum.directory.put(`/connections/${google.body.id}/settings`, { groups: true });
    expect(replaced.body.settings).toMatchObject({ groups: true, missingOp: 'replace', userPatchStatus: 200 });
    expect((await plum.directory.put(`/connections/${google.body.id}/settings`, { patchStatus: 200 })).status).toBe(
      400,
    );
  });

  it('R20: lets users share an externalId unless its settings say otherwise (C17)', async () => {
    const shared = await plum.connect();
    const [one, two] = [await shared.hire('one-r20', { externalId: 'e-r20' }), await shared.hire('two-r20', {})];
    await shared.set(two, { op: 'add', path: 'externalId', value: 'e-r20' });
    const found = await shared.scim.ok('GET', `/Users?filter=${encodeURIComponent('externalId eq "e-r20"')}`);
    expect(sorted(found.Resources.map(({ id }: any) => id))).toEqual(sorted([one, two]));

    const settings = await plum.directory.ok('PUT', `/connections/${shared.id}/settings`, { uniqueExternalId: true });
    expect(settings.settings).toMatchObject({ uniqueExternalId: true });
    expect(await shared.setActive(one, false)).toMatchObject({ active: false, externalId: 'e-r20' });
    expect(await shared.scim.post('/Users', person('three-r20', { externalId: 'e-r20' }))).toMatchObject({
      status: 409,
      body: { scimType: 'uniqueness' },
    });
    await shared.hire('three-r20', { externalId: 'other-r20' });
    expect(await shared.scim.post('/Users', person('four-r20', { externalId: 'other-r20' }))).toMatchObject({
      status: 409,
      body: { scimType: 'uniqueness' },
    });
  });

  it.each([
    ['generic', 200],
    ['strict', 200],
    ['entra', 204],
    ['okta', 204],
  ])('R20: of profile %s answers a PATCH of a group with %i (C4)', async (profile, status) => {
    const connected = await plum.connect(profile);
    const ada = await connected.hire(`ada-${profile}`);
    const group = await connected.group(`Group of ${profile}`, ada);
    const rename = operations({ op: 'replace', path: 'displayName', value: `Renamed by ${profile}` });
    const answer = await connected.scim.patch(`/Groups/${group}`, rename);
    expect(answer.status).toBe(status);
    if (status === 200)
      expect(answer.body).toMatchObject({ id: group, displayName: `Renamed by ${profile}`, members: [{ value: ada }] });
  });

  it('R9: that is disabled can be read, refuses writes and keeps everything', async () => {
    const connected = await plum.connect();
    const ada = await connected.hire('ada-r9');
    expect(await plum.directory.post(`/connections/${connected.id}/disable`)).toMatchObject({
      status: 200,
      body: { enabled: false },
    });
    expect(await connected.scim.get(`/Users/${ada}`)).toMatchObject({ status: 200 });
    const refused = await connected.scim.post('/Users', person('bob-r9'));
    expect(refused).toMatchObject({ status: 403, body: { detail: expect.stringContaining('disabled') } });
    expect(await plum.directory.post(`/connections/${connected.id}/disable`)).toMatchObject({ status: 200 });
    await plum.directory.ok('POST', `/connections/${connected.id}/enable`);
    expect(
      (await connected.scim.patch(`/Users/${ada}`, operations({ op: 'replace', path: 'title', value: 'Baker' }))).body
        .title,
    ).toBe('Baker');
  });
});

describe('a token', () => {
  it('R3: is chosen by the admin, of sixteen characters at least, or made by Tenure, and shown once', async () => {
    const { body: connection } = await newConnection();
    const path = `/connections/${connection.id}/token`;
    expect(await plum.directory.post(path, { secret: 'fifteen-letters' })).toMatchObject({
      status: 400,
      body: { code: 'token/too-short' },
    });
    const chosen = await plum.directory.post(path, { secret: 'sixteen-letters!' });
    expect(chosen).toMatchObject({ status: 201, body: { token: 'sixteen-letters!', scimUrl: connection.scimUrl } });
    expect(chosen.headers.get('location')).toBeTruthy();
    const made = await plum.directory.post(path);
    expect(made.status).toBe(201);
    expect(made.body.token.length).toBeGreaterThanOrEqual(32);
    expect((await client(connection.scimUrl, 'sixteen-letters!').get('/Users')).status).toBe(401);
    expect((await client(connection.scimUrl, made.body.token).get('/Users')).status).toBe(200);
  });

  it('R4: that is lost is deleted, with a confirmation, and replaced by another', async () => {
    const connected = await plum.connect();
    const path = `/connections/${connected.id}/token`;
    expect(await plum.directory.delete(path)).toMatchObject({ status: 400, body: { code: 'confirm/required' } });
    expect((await connected.scim.get('/Users')).status).toBe(200);
    expect((await plum.directory.delete(`${path}?confirm=true`)).status).toBe(204);
    for (const answer of [
      await connected.scim.get('/Users'),
      await connected.scim.post('/Users', person('r4')),
      await connected.scim.get('/Groups/x'),
      await connected.scim.get('/Schemas'),
    ])
      expect(answer.status).toBe(401);
    const { token } = await plum.directory.ok('POST', path, {});
    expect((await client(connected.scimUrl, token).get('/Users')).status).toBe(200);
  });

  it('R5: and enabling need SSO, and the refusal says so', async () => {
    const fresh = await makeTenant(system, 'Fresh', {
      sso: { configured: false, providers: [{ id: 'idp', name: 'The IdP' }] },
    });
    const { id } = await fresh.directory.ok('POST', '/connections', {
      name: 'Okta',
      identityProviderId: 'idp',
      profile: 'okta',
    });
    expect(await fresh.directory.post(`/connections/${id}/enable`)).toMatchObject({
      status: 409,
      body: { code: 'connection/sso-missing' },
    });
    expect(await fresh.directory.post(`/connections/${id}/token`)).toMatchObject({
      status: 409,
      body: { code: 'connection/sso-missing' },
    });
    await fresh.directory.ok('PUT', '', { ...fresh.profile, sso: { ...fresh.profile.sso, configured: true } });
    expect((await fresh.directory.post(`/connections/${id}/token`)).status).toBe(201);
    expect((await fresh.directory.post(`/connections/${id}/enable`)).status).toBe(200);
  });

  it('R6: and connections are for admins: an auditor may look, the root key not even that', async () => {
    const ann = plum.as((await plum.addAdmin('ann@plum.example', 'auditor')).key);
    expect((await ann.directory.get(`/connections/${idp.id}`)).status).toBe(200);
    expect((await ann.directory.post(`/connections/${idp.id}/token`)).status).toBe(403);
    expect((await system.root().post(`${plum.directoryPath}/connections/${idp.id}/token`)).status).toBe(403);
    const gus = plum.as((await plum.addAdmin('gus@gmail.com', 'super_admin')).key);
    expect(await gus.mapping.post('/apps', { name: 'x', preset: 'scim' })).toMatchObject({
      status: 403,
      body: { code: 'admin/consumer-mail' },
    });
  });
});

describe('the issuer of a token', () => {
  it('R7, R65: is locked while it lives: not removed, changed, suspended or deleted, by an admin or by the IdP', async () => {
    const okta = await plum.connect('okta');
    const { id, key, userId } = await plum.addAdmin('igor@plum.example', 'admin');
    await plum.as(key).directory.ok('POST', `/connections/${okta.id}/token`, { secret: 'token-of-igor-1234' });
    const locked = {
      status: 409,
      body: { code: expect.stringContaining('token-issuer'), detail: expect.stringContaining('The okta connection') },
    };
    expect(await plum.directory.delete(`/admins/${id}`)).toMatchObject(locked);
    expect(await plum.directory.put(`/admins/${id}`, { role: 'auditor' })).toMatchObject(locked);
    expect(await plum.directory.patch(`/users/${userId}`, { resource: { active: false } })).toMatchObject(locked);
    expect(await plum.directory.patch(`/users/${userId}`, { resource: { roles: [{ value: 'GUEST' }] } })).toMatchObject(
      locked,
    );
    expect(await plum.directory.delete(`/users/${userId}`)).toMatchObject(locked);

    // The IdP may see him once an admin lets it.
    await plum.directory.ok('PATCH', `/users/${userId}`, { accountType: 'managed' });
    const scim = client(okta.scimUrl, 'token-of-igor-1234', 'application/scim+json');
    await system.settled();
    const refused = await scim.patch(`/Users/${userId}`, operations({ op: 'replace', path: 'active', value: false }));
    expect(refused).toMatchObject({ status: 409, body: { detail: expect.stringContaining('The okta connection') } });
    expect((await scim.delete(`/Users/${userId}`)).status).toBe(409);
    expect(
      (await scim.patch(`/Users/${userId}`, operations({ op: 'replace', path: 'title', value: 'Igor the First' })))
        .status,
    ).toBe(200);

    await system.settled();
    const refusals = (await entries('outcome=refused')).filter(({ subject }) => subject.id === okta.id);
    expect(refusals.map(({ reason, actor }) => [reason.code, actor.id])).toContainEqual(['user/token-issuer', okta.id]);
    const bySue = (await entries(`outcome=refused&actor=${plum.superAdmin.id}`)).filter(
      ({ subject }) => subject.id === plum.superAdmin.id,
    );
    expect(new Set(bySue.map(({ reason, subject }) => `${subject.kind} ${reason.code}`))).toEqual(
      new Set(['admin admin/token-issuer', 'admin user/token-issuer']),
    );
  });

  it('R8: is free once another admin issues the token anew', async () => {
    const okta = await plum.connect('okta');
    const jo = await plum.addAdmin('jo@plum.example', 'admin');
    await plum.as(jo.key).directory.ok('POST', `/connections/${okta.id}/token`, {});
    expect((await plum.directory.delete(`/admins/${jo.id}`)).status).toBe(409);
    await plum.directory.ok('POST', `/connections/${okta.id}/token`, {});
    expect((await plum.directory.delete(`/admins/${jo.id}`)).status).toBe(204);
    expect((await plum.as(jo.key).directory.get('/users')).status).toBe(401);
  });
});

describe('what is refused', () => {
  it('R70: has an audit entry: a bad token, a gate, a write through a disabled connection; and a flood is a few', async () => {
    const connected = await plum.connect();
    await Promise.all(Array.from({ length: 200 }, () => client(connected.scimUrl, 'not-the-token').get('/Users')));
    const another = await plum.connect();
    await plum.directory.ok('POST', `/connections/${another.id}/disable`);
    await another.scim.post('/Users', person('r70'));
    await system.settled();
    const ofAnother = (await entries('outcome=refused&limit=500')).filter(({ subject }) => subject.id === another.id);
    expect(ofAnother).toMatchObject([
      { reason: { code: 'connection/disabled' }, actor: { kind: 'connection', id: another.id } },
    ]);
    const refused = (await entries('outcome=refused&limit=500')).filter(({ subject }) => subject.id === connected.id);
    const codes = refused.map(({ reason }) => reason.code);
    expect(codes.filter((code) => code === 'token/unknown').length).toBeGreaterThan(0);
    expect(codes.filter((code) => code === 'token/unknown').length).toBeLessThan(100);
  });
});

describe('groups that are switched off', () => {
  it('R18: are refused on write, absent from lists and discovery, and 404 by id', async () => {
    const google = await plum.connect('google');
    expect(await google.scim.post('/Groups', { displayName: 'Staff' })).toMatchObject({ status: 403 });
    expect(await google.scim.get('/Groups')).toMatchObject({ status: 200, body: { totalResults: 0, Resources: [] } });
    expect((await google.scim.get('/Groups/any')).status).toBe(404);
    expect((await google.scim.get('/ResourceTypes')).body.Resources.map(({ name }: any) => name)).toEqual(['User']);
  });
});

describe('unassigning', () => {
  it('R19: deletes, or deactivates and lets go, as the connection is set', async () => {
    const deleting = await plum.connect();
    const ada = await deleting.hire('ada-r19');
    expect((await deleting.scim.delete(`/Users/${ada}`)).status).toBe(204);
    expect((await plum.directory.get(`/users/${ada}`)).status).toBe(404);

    const keeping = await plum.connect('generic', { unassign: 'deactivate' });
    const bob = await keeping.hire('bob-r19');
    expect((await keeping.scim.delete(`/Users/${bob}`)).status).toBe(204);
    expect((await keeping.scim.get(`/Users/${bob}`)).status).toBe(404);
    const kept = await plum.directory.get(`/users/${bob}`);
    expect(kept.body).toMatchObject({ active: false });
    expect(kept.body.connectionId).toBeUndefined();
    const again = await keeping.scim.post('/Users', person('bob-r19'));
    expect(again).toMatchObject({ status: 201, body: { id: bob, active: true } });
  });
});

describe('Entra', () => {
  it('R21: tests its connection with a random name, and gets an empty list', async () => {
    const entra = await plum.connect('entra');
    expect(
      await entra.scim.get(`/Users?filter=${encodeURIComponent('userName eq "5f6b8c1e-3a7d-4a5e-9c53-2f0b4d6e8a11"')}`),
    ).toMatchObject({ status: 200, body: { totalResults: 0, Resources: [] } });
  });

  it('R21: speaks its old dialect: capitalised ops, booleans as strings, members as lists', async () => {
    const entra = await plum.connect('entra');
    const { body: ada } = await entra.scim.post(
      '/Users',
      person('ada-r21', { active: 'True', meta: { resourceType: 'User' }, roles: [] }),
    );
    expect(ada.active).toBe(true);
    const patched = await entra.scim.patch(
      `/Users/${ada.id}`,
      operations(
        { op: 'Replace', path: 'active', value: 'False' },
        { op: 'Add', path: 'phoneNumbers[type eq "work"].value', value: '+31 20 1' },
        { op: 'Add', path: 'roles[primary eq "True"].value', value: 'Baker' },
      ),
    );
    expect(patched.body).toMatchObject({
      active: false,
      phoneNumbers: [{ type: 'work', value: '+31 20 1' }],
      roles: [{ primary: true, value: 'Baker' }],
    });
    const bob = await entra.hire('bob-r21');
    const group = await entra.group('Old dialect');
    expect(
      (
        await entra.scim.patch(
          `/Groups/${group}`,
          operations({
            op: 'Add',
            path: 'members',
            value: [
              { $ref: null, value: ada.id },
              { $ref: null, value: bob },
            ],
          }),
        )
      ).status,
    ).toBe(204);
    expect(
      (
        await entra.scim.patch(
          `/Groups/${group}`,
          operations({ op: 'Remove', path: 'members', value: [{ $ref: null, value: ada.id }] }),
        )
      ).status,
    ).toBe(204);
    expect((await entra.scim.get(`/Groups/${group}`)).body.members.map(({ value }: any) => value)).toEqual([bob]);
  });

  it('R21: speaks the dialect of ?aadOptscim062020: one operation without a path, keys with dots and colons, members by filter', async () => {
    const entra = await plum.connect('entra');
    const cy = await entra.hire('cy-r21');
    const flag = '?aadOptscim062020';
    const value = {
      'name.givenName': 'Cyril',
      displayName: 'Cyril Plum',
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department': 'Ovens',
    };
    const patched = await entra.scim.patch(
      `/Users/${cy}${flag}`,
      operations({ op: 'replace', value }, { op: 'replace', path: 'active', value: false }),
    );
    expect(patched.body).toMatchObject({
      active: false,
      displayName: 'Cyril Plum',
      name: { givenName: 'Cyril' },
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'Ovens' },
    });
    const group = await entra.group('New dialect');
    expect(
      (
        await entra.scim.patch(
          `/Groups/${group}${flag}`,
          operations({ op: 'add', path: 'members', value: [{ value: cy }] }),
        )
      ).status,
    ).toBe(204);
    expect(
      (
        await entra.scim.patch(
          `/Groups/${group}${flag}`,
          operations({ op: 'remove', path: `members[value eq "${cy}"]` }),
        )
      ).status,
    ).toBe(204);
    expect((await entra.scim.get(`/Groups/${group}`)).body.members ?? []).toEqual([]);
  });
});

describe('features that are off', () => {
  it('R64, R70: are refused with a word that says so, and an audit entry', async () => {
    const gated = await makeTenant(system, 'Gated', { features: { provisioning: false, entitlements: false } });
    expect(
      await gated.directory.post('/jit', { identityProviderId: 'idp', attributes: { userName: 'jit@plum.example' } }),
    ).toMatchObject({ status: 403, body: { code: 'feature/provisioning' } });
    await system.settled();
    const audited = await gated.audit.ok('GET', '/entries?outcome=refused');
    expect(audited.items).toMatchObject([
      {
        type: 'RequestRefused',
        reason: { code: 'feature/provisioning' },
        actor: { kind: 'admin', id: gated.superAdmin.id },
      },
    ]);
    const { id } = await gated.mapping.ok('POST', '/apps', { name: 'App', preset: 'scim' });
    expect(await gated.mapping.get(`/apps/${id}/entitlements`)).toMatchObject({
      status: 403,
      body: { code: 'feature/entitlements' },
    });
    expect(await gated.mapping.post(`/apps/${id}/on`, { confirm: true })).toMatchObject({
      status: 409,
      body: { code: 'app/incomplete' },
    });
    expect((await gated.mapping.ok('GET', `/apps/${id}`)).missing).toContain('feature');
  });
});
