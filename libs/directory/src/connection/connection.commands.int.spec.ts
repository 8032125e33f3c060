import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ReplaceTenant, type ConnectionState } from '@tenure/contracts';
import { profiles } from '@tenure/scim';
import { generateToken } from '@tenure/sealing';
import { testTenancy, type TestTenancy } from '../testing/test-tenancy.ts';

describe('connections', () => {
  let tenancy: TestTenancy;
  let tenantId: string;
  let ada: Awaited<ReturnType<TestTenancy['addAdmin']>>;
  let key: string;
  beforeAll(async () => {
    tenancy = await testTenancy();
    tenantId = (await tenancy.createTenant()).id;
    ada = await tenancy.addAdmin(tenantId, 'ada@plum.example', 'admin', {
      preferredLanguage: 'ja',
      timezone: 'Asia/Tokyo',
    });
  });
  beforeEach(async () => {
    key = (await tenancy.createConnection(tenantId)).id;
  });
  afterAll(() => tenancy.close());

  const ask = <Reply = ConnectionState>(pattern: string, payload: object = {}) =>
    tenancy.ask<Reply>(pattern, payload, { tenantId, key });
  const forScim = () => tenancy.directory.queries.connections.connectionForScim(tenantId, key);
  const accepts = async (token: string) => tenancy.secrets.tokenMatches((await forScim())?.tokenHmac ?? '', token);
  const replaceTenant = async (more: object) => {
    const {
      id: _,
      version: __,
      createdAt: ___,
      updatedAt: ____,
      ...profile
    } = await tenancy.directory.queries.tenants.get(tenantId);
    await tenancy.ask(ReplaceTenant.pattern, { profile: { ...profile, ...more } }, { tenantId, key: tenantId });
  };

  it('answer as they are read back, and never with the token (R1, R2)', async () => {
    const created = await tenancy.directory.queries.connections.get(tenantId, key);
    expect(created).toMatchObject({
      name: 'Entra',
      identityProviderId: 'idp-1',
      profile: 'entra',
      settings: profiles.entra,
      enabled: false,
      version: 1,
    });
    const { connection, token } = await tenancy.issueToken(tenantId, key, ada.actor);
    expect(connection.token).toEqual({
      issuerId: ada.id,
      issuedAt: '2026-01-05T09:00:00.000Z',
      hint: `…${token.slice(-4)}`,
    });
    expect(await tenancy.directory.queries.connections.get(tenantId, key)).toEqual(connection);
    expect(JSON.stringify(connection)).not.toContain(token);
    expect((await tenancy.directory.queries.connections.list(tenantId, { limit: 1000 })).items).toContainEqual(
      connection,
    );
    expect(tenancy.failures).toEqual([]);
  });

  it('of another tenant are not there', async () => {
    const other = await tenancy.createTenant();
    await expect(tenancy.directory.queries.connections.get(other.id, key)).rejects.toMatchObject({
      kind: 'not-found',
      code: 'connection/unknown',
    });
    expect(await tenancy.directory.queries.connections.connectionForScim(other.id, key)).toBeUndefined();
    await expect(tenancy.ask('connection.enable', {}, { tenantId: other.id, key })).rejects.toMatchObject({
      code: 'connection/unknown',
    });
  });

  it('tell the gateway in one select all that it needs', async () => {
    const { token } = await tenancy.issueToken(tenantId, key, ada.actor);
    await ask('connection.enable');
    expect(await forScim()).toEqual({
      tenantId,
      connectionId: key,
      schemasVersion: 0,
      name: 'Entra',
      enabled: true,
      settings: profiles.entra,
      tokenHmac: tenancy.secrets.tokenHmac(token),
      features: { provisioning: true, entitlements: true },
      primaryDomain: 'plum.example',
      defaults: {},
    });
  });

  it('close with the feature gates of their tenant, at once (R64)', async () => {
    await replaceTenant({ features: { provisioning: false, entitlements: true } });
    expect(await forScim()).toMatchObject({ features: { provisioning: false } });
    await replaceTenant({ features: { provisioning: true, entitlements: true } });
  });

  it('refuse a token and being enabled while the tenant has no SSO (R5)', async () => {
    await replaceTenant({ sso: { configured: false, providers: [{ id: 'idp-1', name: 'Entra' }] } });
    await expect(ask('connection.enable')).rejects.toMatchObject({ kind: 'conflict', code: 'connection/sso-missing' });
    await expect(tenancy.issueToken(tenantId, key, ada.actor)).rejects.toMatchObject({
      kind: 'conflict',
      code: 'connection/sso-missing',
    });
    await replaceTenant({ sso: { configured: true, providers: [{ id: 'idp-1', name: 'Entra' }] } });
    await expect(ask('connection.enable')).resolves.toMatchObject({ enabled: true });
  });

  describe('tokens', () => {
    it('may be chosen, not too short (R3)', async () => {
      await expect(tenancy.issueToken(tenantId, key, ada.actor, 'fifteen-letters')).rejects.toMatchObject({
        kind: 'invalid',
        code: 'token/too-short',
      });
      const { token } = await tenancy.issueToken(tenantId, key, ada.actor, 'sixteen-letters!');
      expect(await accepts(token)).toBe(true);
    });

    it('are issued by admins of the tenant only (R6)', async () => {
      await expect(tenancy.issueToken(tenantId, key, { kind: 'root', id: 'root' })).rejects.toMatchObject({
        kind: 'forbidden',
        code: 'token/issuer',
      });
      await expect(tenancy.issueToken(tenantId, key, { kind: 'admin', id: randomUUID() })).rejects.toMatchObject({
        code: 'token/issuer',
      });
    });

    it('that were replaced are refused at once (R4)', async () => {
      const { token: lost } = await tenancy.issueToken(tenantId, key, ada.actor);
      const { token } = await tenancy.issueToken(tenantId, key, ada.actor);
      expect([await accepts(lost), await accepts(token)]).toEqual([false, true]);
    });

    it('that were deleted are refused at once, in the view and in the store of secrets (R4)', async () => {
      const { token } = await tenancy.issueToken(tenantId, key, ada.actor);
      await expect(ask('token.delete', { confirm: false })).rejects.toMatchObject({ code: 'confirm/required' });
      expect(await accepts(token)).toBe(true);
      expect(await ask('token.delete', { confirm: true })).not.toHaveProperty('token');
      expect(await forScim()).not.toHaveProperty('tokenHmac');
      const rows = await tenancy.database.query({
        text: 'select id from secrets.secrets where hmac = $1',
        values: [tenancy.secrets.tokenHmac(token)],
      });
      expect(rows).toEqual([]);
    });

    it('are refused even where the view has not heard of it yet (decision 13)', async () => {
      const { token } = await tenancy.issueToken(tenantId, key, ada.actor);
      await tenancy.database.query({
        text: 'delete from secrets.secrets where hmac = $1',
        values: [tenancy.secrets.tokenHmac(token)],
      });
      expect(await accepts(token)).toBe(false);
    });

    it('survive that the connection is disabled (R9)', async () => {
      const { token } = await tenancy.issueToken(tenantId, key, ada.actor);
      await ask('connection.enable');
      await ask('connection.disable');
      expect(await forScim()).toMatchObject({ enabled: false });
      expect(await accepts(token)).toBe(true);
    });

    it('answer a repeated command without another token', async () => {
      const message = tenancy.message({ token: generateToken(), chosen: false }, { tenantId, key, actor: ada.actor });
      const context = { place: { log: 'commands-1', offset: 1, at: 1 } };
      const first = await tenancy.directory.commands['token.issue']!(message, context);
      expect(await tenancy.directory.commands['token.issue']!(message, context)).toEqual(first);
    });
  });

  describe('their settings', () => {
    const userName = () => `${randomUUID()}@plum.example`;
    const create = (resource: object) =>
      tenancy.ask<{ id: string; resource: Record<string, unknown> }>(
        'user.create',
        { resource: { schemas: [], ...resource } },
        { tenantId, connectionId: key },
      );

    it('hold from the next write on, whoever asked just before (R9, R18)', async () => {
      await expect(create({ userName: userName() })).rejects.toMatchObject({ code: 'connection/disabled' });
      await ask('connection.enable');
      await expect(create({ userName: userName() })).resolves.toMatchObject({ connectionId: key });
      await ask('connection.replace-settings', { settings: { required: ['displayName'] } });
      await expect(create({ userName: userName() })).rejects.toMatchObject({ code: 'user/attribute-required' });
    });

    it("give a create the issuer's language and time zone where they are create-only, and nothing where they are not (R12)", async () => {
      await tenancy.issueToken(tenantId, key, ada.actor);
      await ask('connection.enable');
      expect((await create({ userName: userName() })).resource).not.toHaveProperty('timezone');
      await ask('connection.replace-settings', {
        settings: { authority: { preferredLanguage: 'user', timezone: 'create' } },
      });
      expect((await create({ userName: userName(), timezone: 'Europe/Rome' })).resource).toMatchObject({
        preferredLanguage: 'ja',
        timezone: 'Europe/Rome',
      });
    });

    it('keep the issuer of a living token from being deactivated, deleted or erased, by the identity provider too (R7, R65)', async () => {
      await ask('connection.enable');
      const bob = await tenancy.addAdmin(tenantId, userName());
      await tenancy.issueToken(tenantId, key, bob.actor);
      await tenancy.ask('user.patch', { operations: [], accountType: 'managed' }, { tenantId, key: bob.userId });
      const deactivate = { operations: [{ op: 'replace', path: 'active', value: false }] };
      for (const connectionId of [key, undefined]) {
        const asked = { tenantId, key: bob.userId, ...(connectionId && { connectionId }) };
        await expect(tenancy.ask('user.patch', deactivate, asked)).rejects.toMatchObject({
          kind: 'conflict',
          code: 'user/token-issuer',
          message: expect.stringContaining(key),
        });
        await expect(tenancy.ask('user.delete', {}, asked)).rejects.toMatchObject({ code: 'user/token-issuer' });
      }
      const cy = await tenancy.addAdmin(tenantId, userName());
      await tenancy.issueToken(tenantId, key, cy.actor);
      await expect(
        tenancy.ask('user.patch', deactivate, { tenantId, key: bob.userId, connectionId: key }),
      ).resolves.toMatchObject({ resource: { active: false } });
    });
  });
});
