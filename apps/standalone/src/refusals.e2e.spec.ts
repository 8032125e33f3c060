import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { client } from './testing/client.ts';
import { testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant, type Tenant } from './testing/world.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await testSystem();
});
afterAll(() => system.close());

/** What the audit of a tenant says was refused, oldest first. */
const refusedIn = async ({ audit }: Tenant): Promise<any[]> => {
  await system.settled();
  return (await audit.ok('GET', '/entries?outcome=refused&limit=500')).items.toReversed();
};
const entry = (code: string, actorId: string, more: object = {}) =>
  expect.objectContaining({
    type: 'RequestRefused',
    reason: expect.objectContaining({ code }),
    actor: expect.objectContaining({ id: actorId }),
    ...more,
  });

describe('R70: what is refused at the door of an API has an audit entry', () => {
  it('a role that does not suffice, of the directory and of mapping', async () => {
    const plum = await makeTenant(system);
    const [gil, ann] = [
      await plum.addAdmin('gil@plum.example', 'auditor'),
      await plum.addAdmin('ann@plum.example', 'admin'),
    ];
    expect((await plum.as(gil.key).directory.post('/users', {})).body.code).toBe('key/role');
    expect((await plum.as(ann.key).mapping.post('/apps', { name: 'Git', preset: 'scim' })).body.code).toBe('key/role');
    expect((await client(system.url(), ann.key).get('/clock')).body.code).toBe('key/role');
    const refused = await refusedIn(plum);
    const ofActor = (id: string) => refused.filter(({ actor }) => actor.id === id);
    // Attempts of two people are two streams: which of them is written first is open.
    expect(ofActor(gil.id)).toEqual([entry('key/role', gil.id, { subject: { kind: 'admin', id: gil.id } })]);
    expect(ofActor(ann.id)).toEqual([entry('key/role', ann.id), entry('key/role', ann.id)]);
    expect(refused).toHaveLength(3);
  });

  it('an admin of a consumer mail domain who configures an app', async () => {
    const plum = await makeTenant(system);
    const gus = await plum.addAdmin('gus@gmail.com', 'super_admin');
    expect((await plum.as(gus.key).mapping.post('/apps', { name: 'Git', preset: 'scim' })).body.code).toBe(
      'admin/consumer-mail',
    );
    expect(await refusedIn(plum)).toEqual([entry('admin/consumer-mail', gus.id)]);
  });

  it('a gate that is shut, once, whether the directory or mapping holds it', async () => {
    const gated = await makeTenant(system, 'Gated', { features: { provisioning: false, entitlements: false } });
    const { id } = await gated.mapping.ok('POST', '/apps', { name: 'App', preset: 'scim' });
    const codes = [
      await gated.directory.post('/jit', { identityProviderId: 'idp', attributes: { userName: 'jit@plum.example' } }),
      await gated.mapping.post(`/apps/${id}/initial-cycle`),
      await gated.mapping.get(`/apps/${id}/entitlements`),
    ].map(({ body }) => body.code);
    expect(codes).toEqual(['feature/provisioning', 'feature/provisioning', 'feature/entitlements']);
    expect(await refusedIn(gated)).toEqual(codes.map((code) => entry(code, gated.superAdmin.id)));
  });

  it('a key that is tried on another tenant, in the tenant of the key; and the root key that looks at people, in theirs', async () => {
    const [plum, pear] = [await makeTenant(system), await makeTenant(system, 'Pear')];
    expect(
      (await client(`${system.url()}/directory/v1/tenants/${pear.id}`, plum.superAdmin.key).get('/users')).status,
    ).toBe(404);
    expect(
      (await client(`${system.url()}/mapping/v1/tenants/${pear.id}`, plum.superAdmin.key).get('/apps')).status,
    ).toBe(404);
    expect((await system.root().get(`/directory/v1/tenants/${pear.id}/users`)).body.code).toBe('key/role');
    expect((await system.root().get(`/directory/v1/tenants/nobody@plum.example/users`)).body.code).toBe('key/role');
    expect(await refusedIn(plum)).toEqual([
      entry('tenant/not-found', plum.superAdmin.id),
      entry('tenant/not-found', plum.superAdmin.id),
    ]);
    expect(await refusedIn(pear)).toEqual([entry('key/role', 'root')]);
    expect(await system.rowsWith('nobody@plum.example')).toEqual([]);
  });

  it('a flood is a few entries, and a count of the rest when the service stops', async () => {
    const plum = await makeTenant(system);
    const gil = await plum.addAdmin('gil@plum.example', 'auditor');
    const { mapping } = plum.as(gil.key);
    await Promise.all(Array.from({ length: 100 }, () => mapping.post('/apps', {})));
    expect((await refusedIn(plum)).length).toBe(60);
    await system.restart();
    await system.settled();
    const { items } = await plum.audit.ok('GET', '/entries?type=AttemptsSuppressed');
    expect(items).toHaveLength(1);
    expect(await plum.audit.ok('GET', '/entries?outcome=refused&limit=500')).toMatchObject({ items: { length: 60 } });
  });

  it('what is everyday has none: a wrong value, a name that is taken, an id that is not there', async () => {
    const plum = await makeTenant(system);
    await plum.directory.post('/users', { nonsense: true });
    await plum.directory.get('/users/5b6f9a52-1c0e-4a53-9f0e-0d0b7f3c2a11');
    await plum.mapping.post('/apps', { nonsense: true });
    expect(await refusedIn(plum)).toEqual([]);
  });
});
