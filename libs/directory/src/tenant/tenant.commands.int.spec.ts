import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ReplaceAppRoles, ReplaceTenant, tenantBody } from '@tenure/contracts';
import { dropView, openLeases, startView } from '@tenure/eventing';
import { testSealing } from '@tenure/sealing/testing';
import { fullDirectoryView } from '../directory.ts';
import { testTenancy, type TestTenancy } from '../testing/test-tenancy.ts';

describe('tenants', () => {
  let tenancy: TestTenancy;
  beforeAll(async () => {
    tenancy = await testTenancy();
  });
  afterAll(() => tenancy.close());

  const replace = (tenantId: string, profile: object, more: object = {}) =>
    tenancy.ask(ReplaceTenant.pattern, { profile, ...more }, { tenantId, key: tenantId });

  it('are made with keys of their own before anything is written of them', async () => {
    const tenant = await tenancy.createTenant({ language: 'ja', timezone: 'Asia/Tokyo' });
    expect(tenant).toMatchObject({
      name: 'Plum',
      version: 1,
      domains: ['plum.example'],
      features: { provisioning: true, entitlements: true },
      createdAt: '2026-01-05T09:00:00.000Z',
    });
    expect(await tenancy.keys.tenantKey(tenant.id, 'transport')).toBeDefined();
    expect(await tenancy.directory.queries.tenants.get(tenant.id)).toEqual(tenant);
    expect(tenancy.failures).toEqual([]);
  });

  it('are replaced whole, at the version that If-Match allows', async () => {
    const {
      id,
      version: _,
      createdAt: __,
      updatedAt: ___,
      ...profile
    } = await tenancy.createTenant({ language: 'ja' });
    const { language: ____, ...silent } = profile;
    await expect(replace(id, silent, { ifMatch: [7] })).rejects.toMatchObject({ kind: 'stale' });
    const replaced = await replace(
      id,
      { ...silent, features: { provisioning: false, entitlements: true } },
      { ifMatch: [1] },
    );
    expect(replaced).toMatchObject({ version: 2, features: { provisioning: false } });
    expect(replaced).not.toHaveProperty('language');
    expect(await tenancy.directory.queries.tenants.get(id)).toEqual(replaced);
  });

  it('that are not there are 404', async () => {
    const body = tenantBody.parse({ name: 'None', primaryDomain: 'none.example', sso: { configured: false } });
    await expect(tenancy.directory.queries.tenants.get(randomUUID())).rejects.toMatchObject({
      kind: 'not-found',
      code: 'tenant/not-found',
    });
    await expect(replace(randomUUID(), body)).rejects.toMatchObject({ code: 'tenant/not-found' });
  });

  it('have the app roles that an admin defines (R22)', async () => {
    const { id } = await tenancy.createTenant();
    const editor = {
      id: randomUUID(),
      displayName: 'Editor',
      value: 'Editor',
      description: 'Edits',
      allowedMemberTypes: ['User', 'Group'],
      enabled: true,
    };
    const replaceRoles = (appRoles: object[]) =>
      tenancy.ask(ReplaceAppRoles.pattern, { appRoles }, { tenantId: id, key: id });
    expect(await tenancy.directory.queries.tenants.appRoles(id)).toEqual({ appRoles: [], version: 1 });
    expect(await replaceRoles([editor])).toEqual({ appRoles: [editor], version: 2 });
    expect(await tenancy.directory.queries.tenants.appRoles(id)).toEqual({ appRoles: [editor], version: 2 });
    await replaceRoles([]);
    expect(await tenancy.directory.queries.tenants.appRoles(id)).toEqual({ appRoles: [], version: 3 });
  });

  it('stand in a view built anew as in the one that writers applied', async () => {
    const { id } = await tenancy.createTenant();
    const ada = await tenancy.addAdmin(id, 'ada@plum.example');
    const gone = await tenancy.addAdmin(id, 'gone@plum.example');
    await tenancy.ask('admin.change', { role: 'super_admin' }, { tenantId: id, key: gone.id });
    await tenancy.ask('admin.remove', {}, { tenantId: id, key: gone.id });
    const { id: connectionId } = await tenancy.createConnection(id);
    for (const pattern of ['connection.enable', 'connection.disable', 'connection.enable'])
      await tenancy.ask(pattern, {}, { tenantId: id, key: connectionId });
    await tenancy.issueToken(id, connectionId, ada.actor);
    await tenancy.ask('token.delete', { confirm: true }, { tenantId: id, key: connectionId });
    await tenancy.issueToken(id, connectionId, ada.actor);

    const rebuilt = fullDirectoryView('directory_rebuilt');
    const { sealer } = await testSealing(tenancy.database);
    const leases = openLeases(tenancy.database);
    const view = await startView({
      view: rebuilt,
      database: tenancy.database,
      schema: 'directory',
      store: tenancy.store,
      sealer,
      leases,
    });
    await view.serving;
    for (const table of ['tenants', 'admins', 'connections', 'heads']) {
      const rows = (schema: string) => tenancy.database.query(`select * from ${schema}.${table} order by 1, 2`);
      expect(await rows('directory_rebuilt')).toEqual(await rows('directory_v4'));
    }
    await view.stop();
    await leases.close();
    await dropView(tenancy.database, 'directory', rebuilt);
  });
});
