import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { client } from './testing/client.ts';
import { later, MONDAY, testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant, person, type Tenant } from './testing/world.ts';

let system: TestSystem;
let plum: Tenant;
let pear: Tenant;
beforeAll(async () => {
  system = await testSystem();
  plum = await makeTenant(system);
  pear = await makeTenant(system, 'Pear', { primaryDomain: 'pear.example', domains: ['pear.example'] });
});
afterAll(() => system?.close());

const addKey = (name: string, role: string, expiresAt?: string, tenant = plum): Promise<{ id: string; key: string }> =>
  tenant.directory.ok('POST', '/keys', { name, role, ...(expiresAt !== undefined && { expiresAt }) });
const me = (key: string) => client(system.url(), key).get('/auth/v1/me');

describe('a key for machines (R110)', () => {
  it('is shown once, and afterwards by its last characters', async () => {
    const made = await plum.directory.post('/keys', { name: 'Terraform', role: 'admin' });
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe(`${plum.directoryPath}/keys/${made.body.id}`);
    const { key, ...shown } = made.body;
    expect(shown).toMatchObject({ name: 'Terraform', role: 'admin', expiresAt: null, hint: `…${key.slice(-4)}` });
    expect(await plum.directory.ok('GET', `/keys/${made.body.id}`)).toEqual(shown);
    expect((await plum.directory.ok('GET', '/keys')).items).toContainEqual(shown);
    expect(await system.rowsWith(key)).toEqual([]);
  });

  it('works on every service with its role, under its own name, in its own tenant', async () => {
    const { id, key } = await addKey('Backup', 'auditor');
    const backup = plum.as(key);
    for (const call of [backup.directory.get('/users'), backup.mapping.get('/apps'), backup.audit.get('/entries')])
      expect((await call).status).toBe(200);
    expect(await backup.mapping.post('/apps', { name: 'Wiki', preset: 'scim' })).toMatchObject({
      status: 403,
      body: { code: 'key/role', detail: 'Requires the role super_admin; this key has the role auditor.' },
    });
    expect((await client(`${system.url()}${pear.directoryPath}`, key).get('/users')).status).toBe(404);
    expect((await me(key)).body).toMatchObject({
      kind: 'key',
      tenant: plum.id,
      role: 'auditor',
      keyId: id,
      name: 'Backup',
      can: expect.arrayContaining(['users.read', 'keys.read']),
    });
    expect((await me(key)).body).not.toHaveProperty('userId');
  });

  it('is who the audit names for what it does', async () => {
    const { id, key } = await addKey('Onboarding', 'admin');
    const user = await plum.as(key).directory.ok('POST', '/users', { resource: person('bo') });
    await system.settled();
    const { items } = await plum.audit.ok('GET', `/entries?user=${user.id}`);
    expect(items[0].actor).toEqual({ kind: 'key', id, name: 'Onboarding' });
    const made = await plum.audit.ok('GET', '/entries?type=KeyCreated');
    expect(made.items[0]).toMatchObject({
      subject: { kind: 'key', id },
      actor: { kind: 'admin', id: plum.superAdmin.id },
    });
  });

  it('can’t issue tokens of connections, for it is no admin (R6)', async () => {
    const { key } = await addKey('Setup', 'super_admin');
    const { directory } = plum.as(key);
    const wanted = { name: 'Idp', identityProviderId: 'idp', profile: 'generic' };
    const { id } = await directory.ok('POST', '/connections', wanted);
    expect(await directory.post(`/connections/${id}/token`, {})).toMatchObject({
      status: 403,
      body: { code: 'token/issuer' },
    });
  });

  it('made by an admin of a consumer mail domain configures no apps either (R6)', async () => {
    const con = await plum.addAdmin('con@gmail.com', 'super_admin');
    const made = await plum.as(con.key).directory.ok('POST', '/keys', { name: 'Detour', role: 'super_admin' });
    expect(await plum.as(made.key).mapping.post('/apps', { name: 'Wiki', preset: 'scim' })).toMatchObject({
      status: 403,
      body: { code: 'admin/consumer-mail' },
    });
    expect((await me(made.key)).body.can).not.toContain('apps.write');
  });

  it('is made by super admins only, for the future only', async () => {
    const al = await plum.addAdmin('al@plum.example', 'admin');
    expect((await plum.as(al.key).directory.post('/keys', { name: 'Mine', role: 'admin' })).body.code).toBe('key/role');
    expect((await plum.as(al.key).directory.get('/keys')).status).toBe(200);
    expect(await plum.directory.post('/keys', { name: 'Old', role: 'admin', expiresAt: MONDAY })).toMatchObject({
      status: 400,
      body: { code: 'key/expiry' },
    });
    expect((await plum.directory.post('/keys', { name: ' ', role: 'root' })).body.errors).toHaveLength(2);
  });

  it('says when it was last used, to the minute', async () => {
    const { id, key } = await addKey('Nightly', 'auditor');
    expect(await plum.directory.ok('GET', `/keys/${id}`)).not.toHaveProperty('lastUsedAt');
    await me(key);
    const lastUsed = async () => (await plum.directory.ok('GET', `/keys/${id}`)).lastUsedAt;
    while ((await lastUsed()) === undefined) await sleep(10);
    const first = await lastUsed();
    await me(key);
    expect(await lastUsed()).toBe(first);
  });

  it('is refused at once when it is deleted, and with a code of its own when it has expired', async () => {
    const [gone, old] = [
      await addKey('Gone', 'auditor'),
      await addKey('Old', 'auditor', later(await system.now(), { hours: 2 })),
    ];
    expect((await plum.directory.delete(`/keys/${gone.id}`)).status).toBe(204);
    expect(await me(gone.key)).toMatchObject({ status: 401, body: { code: 'http/401' } });
    expect(await plum.directory.delete(`/keys/${gone.id}`)).toMatchObject({
      status: 404,
      body: { code: 'key/unknown' },
    });

    expect((await me(old.key)).status).toBe(200);
    await system.moveTo(later(await system.now(), { hours: 2 }));
    const refused = await me(old.key);
    expect(refused).toMatchObject({ status: 401, body: { code: 'key/expired' } });
    expect(refused.headers.get('www-authenticate')).toContain('Bearer');
    expect((await plum.as(old.key).mapping.get('/apps')).body.code).toBe('key/expired');
  });

  it('stands in the views again after they were built anew', async () => {
    const { id, key } = await addKey('Lasting', 'auditor');
    await system.rebuild();
    expect((await me(key)).body).toMatchObject({ keyId: id, name: 'Lasting' });
    expect((await me(plum.superAdmin.key)).status).toBe(200);
  });
});
