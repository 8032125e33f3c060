import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { client } from './testing/client.ts';
import { defineDevices, device } from './testing/custom-types.ts';
import { testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant, operations, person, type IdentityProvider, type Tenant } from './testing/world.ts';

let system: TestSystem;
let plum: Tenant;
let idp: IdentityProvider;
beforeAll(async () => {
  system = await testSystem();
  plum = await makeTenant(system);
  idp = await plum.connect();
});
afterAll(() => system?.close());

/** What the ledger of a tenant has of refusals by somebody: codes, oldest first. */
const refusalsBy = async (tenant: Tenant, actorId: string): Promise<string[]> => {
  await system.settled();
  const { items } = await tenant.audit.ok('GET', '/entries?outcome=refused&limit=500');
  return items
    .filter(({ actor }: any) => actor.id === actorId)
    .map(({ reason }: any) => reason.code)
    .toReversed();
};
const rename = operations({ op: 'replace', path: 'displayName', value: 'Other' });

describe('R70: the ledger has', () => {
  it('who ran into the wall of a connection, by a write; where there is nothing, there is no wall', async () => {
    const [ada, staff] = [await idp.hire('ada-wall'), await idp.group('Staff')];
    const nosy = await plum.connect();
    for (const path of [`/Users/${ada}`, `/Groups/${staff}`])
      expect((await nosy.scim.patch(path, rename)).status).toBe(404);
    await nosy.scim.post('/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: [{ method: 'DELETE', path: `/Users/${ada}` }],
    });
    await nosy.scim.delete(`/Users/${randomUUID()}`);
    expect(await refusalsBy(plum, nosy.id)).toEqual(['user/unseen', 'group/unseen', 'user/unseen']);
  });

  it('who ran into it by a read, once for each, answered as if there were nothing', async () => {
    await defineDevices(plum);
    const [ada, staff] = [await idp.hire('ada-read-wall'), await idp.group('Staff read')];
    const { id: lamp } = await idp.scim.ok('POST', '/Devices', device('L-1'));
    const nosy = await plum.connect();
    for (const [collection, id] of [
      ['Users', ada],
      ['Groups', staff],
      ['Devices', lamp],
    ]) {
      const [wall, nothing] = [
        await nosy.scim.get(`/${collection}/${id}`),
        await nosy.scim.get(`/${collection}/${randomUUID()}`),
      ];
      expect(wall).toMatchObject({ status: 404, text: nothing.text });
      expect((await idp.scim.get(`/${collection}/${id}`)).status).toBe(200);
    }
    await nosy.scim.delete(`/Devices/${lamp}`);
    expect(await refusalsBy(plum, nosy.id)).toEqual([
      'user/unseen',
      'group/unseen',
      'resource/unseen',
      'resource/unseen',
    ]);
    expect(await refusalsBy(plum, idp.id)).toEqual([]);
  });

  it('of a flood of reads at a wall a few, and how many more there were', async () => {
    const ada = await idp.hire('ada-read-flood');
    const nosy = await plum.connect();
    for (let round = 0; round < 5; round++)
      await Promise.all(Array.from({ length: 20 }, () => nosy.scim.get(`/Users/${ada}`)));
    expect(await refusalsBy(plum, nosy.id)).toHaveLength(60);
  });

  it('which gate was shut: SSO, groups, a disabled connection', async () => {
    const fresh = await makeTenant(system, 'Fresh', {
      sso: { configured: false, providers: [{ id: 'idp', name: 'The IdP' }] },
    });
    const { id } = await fresh.directory.ok('POST', '/connections', {
      name: 'Okta',
      identityProviderId: 'idp',
      profile: 'okta',
    });
    await fresh.directory.post(`/connections/${id}/enable`);
    expect(await refusalsBy(fresh, fresh.superAdmin.id)).toEqual(['connection/sso-missing']);

    const google = await plum.connect('google');
    await google.scim.post('/Groups', { displayName: 'Staff' });
    await plum.directory.ok('POST', `/connections/${google.id}/disable`);
    await google.scim.post('/Users', person('late'));
    expect(await refusalsBy(plum, google.id)).toEqual(['connection/groups-off', 'connection/disabled']);
  });

  it('which token was none, of a connection that is known; everyday refusals it has not, and a flood is a few', async () => {
    const okta = await plum.connect('okta');
    const stranger = await plum.connect('okta');
    await client(okta.scimUrl, stranger.token).get('/Users');
    await client(okta.scimUrl.replace(okta.id, randomUUID()), okta.token).get('/Users');
    const ada = await okta.hire('ada-everyday');
    await okta.scim.post('/Users', person('ada-everyday'));
    await okta.scim.get('/Users/nobody');
    await okta.scim.patch(`/Users/${ada}`, operations({ op: 'remove', path: 'userName' }));
    await okta.scim.patch(`/Users/${ada}`, rename, { 'if-match': 'W/"9"' });
    await okta.scim.get('/Users?filter=x');
    expect(await refusalsBy(plum, okta.id)).toEqual(['token/unknown']);
    expect(await refusalsBy(plum, stranger.id)).toEqual([]);

    await Promise.all(Array.from({ length: 300 }, () => client(stranger.scimUrl, 'wrong').get('/Users')));
    const written = await refusalsBy(plum, stranger.id);
    expect(written.length).toBeGreaterThan(0);
    expect(written.length).toBeLessThanOrEqual(60);
  });
});

describe('R7, R65: an identity provider that would do away with the issuer of its own token', () => {
  it('is refused by every way there is, each time with the reason, and each is in the ledger', async () => {
    const okta = await plum.connect('okta', { roles: 'adminUserGuest' });
    const igor = await plum.addAdmin('igor@plum.example', 'admin');
    await plum.directory.ok('PATCH', `/users/${igor.userId}`, {
      accountType: 'managed',
      resource: { roles: [{ value: 'ADMIN' }] },
    });
    const { token } = await plum.as(igor.key).directory.ok('POST', `/connections/${okta.id}/token`, {});
    const scim = client(okta.scimUrl, token, 'application/scim+json');
    const path = `/Users/${igor.userId}`;
    const whole = person('igor', { roles: [{ value: 'ADMIN' }] });
    const deactivated = operations({ op: 'Replace', path: 'active', value: 'False' });
    const attempts = [
      () => scim.patch(path, deactivated),
      () => scim.patch(path, operations({ op: 'replace', value: { active: false } })),
      () => scim.put(path, { ...whole, active: false }),
      () => scim.delete(path),
      () => scim.patch(path, operations({ op: 'replace', path: 'roles', value: [{ value: 'GUEST' }] })),
      () => scim.patch(path, operations({ op: 'remove', path: 'roles' })),
      () => scim.put(path, { ...whole, roles: [] }),
    ];
    for (const attempt of attempts)
      expect(await attempt()).toMatchObject({
        status: 409,
        body: { status: '409', detail: expect.stringContaining('The okta connection') },
      });
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'];
    const bulk = await scim.ok('POST', '/Bulk', {
      schemas,
      Operations: [
        { method: 'DELETE', path },
        { method: 'PATCH', path, data: deactivated },
      ],
    });
    expect(bulk.Operations.map(({ status }: any) => status)).toEqual(['409', '409']);
    expect(await plum.directory.ok('GET', `/users/${igor.userId}`)).toMatchObject({
      active: true,
      resource: { roles: [{ value: 'ADMIN' }] },
    });
    expect(await refusalsBy(plum, okta.id)).toEqual(
      Array.from({ length: attempts.length + 2 }, () => 'user/token-issuer'),
    );

    expect((await scim.put(path, { ...whole, title: 'Still here' })).body.title).toBe('Still here');
    await plum.directory.ok('DELETE', `/connections/${okta.id}/token?confirm=true`);
    const other = await plum.directory.ok('POST', `/connections/${okta.id}/token`, {});
    expect(
      (await client(okta.scimUrl, other.token, 'application/scim+json').patch(path, deactivated)).body.active,
    ).toBe(false);
    expect((await plum.as(igor.key).directory.get('/users')).status).toBe(401);
  });
});

describe('R9: a connection that is disabled', () => {
  it('refuses every write by every method with 403 and a reason, reads on, and keeps token, users and groups', async () => {
    const okta = await plum.connect('okta');
    const ada = await okta.hire('ada-r9b');
    const group = await okta.group('R9', ada);
    await plum.directory.ok('POST', `/connections/${okta.id}/disable`);
    const { scim } = okta;
    const writes = [
      scim.post('/Users', person('bob-r9b')),
      scim.put(`/Users/${ada}`, person('ada-r9b')),
      scim.patch(`/Users/${ada}`, rename),
      scim.delete(`/Users/${ada}`),
      scim.post('/Groups', { displayName: 'More' }),
      scim.put(`/Groups/${group}`, { displayName: 'More' }),
      scim.patch(`/Groups/${group}`, rename),
      scim.delete(`/Groups/${group}`),
    ];
    for (const refused of await Promise.all(writes))
      expect(refused).toMatchObject({
        status: 403,
        body: { status: '403', detail: expect.stringContaining('disabled') },
      });
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'];
    expect(
      (await scim.ok('POST', '/Bulk', { schemas, Operations: [{ method: 'DELETE', path: `/Users/${ada}` }] }))
        .Operations,
    ).toMatchObject([{ status: '403' }]);
    expect((await scim.ok('GET', `/Groups/${group}`)).members).toMatchObject([{ value: ada }]);
    expect(await plum.directory.ok('GET', `/connections/${okta.id}`)).toMatchObject({
      enabled: false,
      token: { issuerId: plum.superAdmin.id },
    });
    await plum.directory.ok('DELETE', `/connections/${okta.id}/token?confirm=true`);
    expect((await scim.get(`/Users/${ada}`)).status).toBe(401);
    expect(await plum.directory.ok('POST', `/connections/${okta.id}/enable`)).toMatchObject({ enabled: true });
    const { token } = await plum.directory.ok('POST', `/connections/${okta.id}/token`, {});
    expect((await client(okta.scimUrl, token, 'application/scim+json').patch(`/Users/${ada}`, rename)).status).toBe(
      200,
    );
  });
});

describe('R3: a token', () => {
  it('is a hash wherever it is kept, and in no answer but the one that made it', async () => {
    const okta = await plum.connect('okta');
    const secret = `chosen-${randomUUID()}`;
    await plum.directory.ok('POST', `/connections/${okta.id}/token`, { secret });
    await client(okta.scimUrl, secret).get('/Users');
    await client(okta.scimUrl, `${secret}x`).get('/Users');
    await system.settled();
    for (const text of [secret, okta.token]) {
      expect(await system.rowsWith(text)).toEqual([]);
      expect(system.logged.join('\n')).not.toContain(text);
      for (const path of ['/connections', `/connections/${okta.id}`])
        expect((await plum.directory.get(path)).text).not.toContain(text);
      expect((await plum.audit.get('/entries?limit=500')).text).not.toContain(text);
    }
  });
});
