import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ReplaceTenant, type UserReply } from '@tenure/contracts';
import { userSchema, type JsonObject } from '@tenure/scim';
import { ownSchema } from '@tenure/scim/testing';
import { testTenancy, type TestTenancy } from '../testing/test-tenancy.ts';

let tenancy: TestTenancy;
let tenantId: string;
beforeAll(async () => {
  tenancy = await testTenancy();
  const products = [
    { id: 'pro', appRoles: ['Editor', 'Owner'] },
    { id: 'basic', appRoles: ['Reader'] },
  ];
  tenantId = (await tenancy.createTenant({ products })).id;
});
afterAll(() => tenancy.close());

const create = (resource: object) =>
  tenancy.ask<UserReply>('user.create', { resource: { schemas: [], ...resource } }, { tenantId });
const setActive = (key: string, value: boolean) =>
  tenancy.ask('user.patch', { operations: [{ op: 'replace', path: 'active', value }] }, { tenantId, key });

describe('signing in (R17)', () => {
  const signIn = (userName: string, password?: string) =>
    tenancy.directory.signIn(tenantId, { userName, ...(password !== undefined && { password }) });

  it('is for people who are there and active, until they are not', async () => {
    const { id } = await create({ userName: 'ada@plum.example' });
    expect(await signIn('ADA@plum.example')).toEqual({ allowed: true });
    await setActive(id, false);
    expect(await signIn('ada@plum.example')).toEqual({ allowed: false, code: 'sign-in/deactivated' });
    await setActive(id, true);
    expect(await signIn('ada@plum.example')).toEqual({ allowed: true });
    expect(await signIn('nobody@plum.example')).toEqual({ allowed: false, code: 'sign-in/unknown' });
  });

  it('with a password needs the one that is there, kept as a hash', async () => {
    await create({ userName: 'bea@plum.example', password: 'correct horse' });
    expect(await signIn('bea@plum.example', 'correct horse')).toEqual({ allowed: true });
    expect(await signIn('bea@plum.example', 'wrong horse')).toEqual({ allowed: false, code: 'sign-in/password' });
    expect(await signIn('ada@plum.example', 'correct horse')).toEqual({ allowed: false, code: 'sign-in/password' });
    expect(JSON.stringify(await tenancy.database.query('select * from secrets.secrets'))).not.toContain(
      'correct horse',
    );
  });
});

describe('licences (R17, R29)', () => {
  it('are of active users, and per product of those with one of its role values', async () => {
    const before = await tenancy.directory.queries.licences(tenantId);
    const cy = await create({ userName: 'cy@plum.example', roles: [{ value: 'editor' }, { value: 'Owner' }] });
    await create({ userName: 'dan@plum.example', roles: [{ value: 'Reader' }, { value: 'Owner' }] });
    await create({ userName: 'eve@plum.example' });
    expect(before.byProduct).toEqual({ pro: 0, basic: 0 });
    expect(await tenancy.directory.queries.licences(tenantId)).toEqual({
      used: before.used + 3,
      byProduct: { pro: 2, basic: 1 },
    });
    await setActive(cy.id, false);
    expect(await tenancy.directory.queries.licences(tenantId)).toEqual({
      used: before.used + 2,
      byProduct: { pro: 1, basic: 1 },
    });
    expect(await tenancy.directory.queries.licences(randomUUID())).toEqual({ used: 0, byProduct: {} });
  });
});

describe('a first sign-in (R23)', () => {
  const jit = async (attributes: JsonObject, identityProviderId = 'idp-1') => {
    const payload = await tenancy.directory.queries.jitUser(tenantId, { identityProviderId, attributes });
    return tenancy.ask<{ id: string; created: boolean }>('user.ensure', payload, { tenantId });
  };

  it("creates the person from the assertion's attributes, and never updates them", async () => {
    const first = await jit({
      userName: 'fay@plum.example',
      'name.givenName': 'Fay',
      'emails[type eq "work"].value': 'fay@plum.example',
    });
    expect(first.created).toBe(true);
    expect(await jit({ userName: 'FAY@plum.example', 'name.givenName': 'Faye' })).toEqual({
      id: first.id,
      created: false,
    });
    const user = await tenancy.directory.queries.users.get(tenantId, { kind: 'admin' }, first.id);
    expect(user).toMatchObject({
      accountType: 'unmanaged',
      resource: { name: { givenName: 'Fay' }, emails: [{ type: 'work', value: 'fay@plum.example' }] },
    });
  });

  it('is refused without a userName, from an unknown provider, and with what SCIM has no place for', async () => {
    await expect(jit({ 'name.givenName': 'Gus' })).rejects.toMatchObject({
      kind: 'invalid',
      code: 'user/attribute-required',
    });
    await expect(jit({ userName: 'gus@plum.example' }, 'idp-9')).rejects.toMatchObject({
      code: 'jit/identity-provider',
    });
    await expect(jit({ userName: 'gus@plum.example', 'name[': 'x' })).rejects.toMatchObject({
      kind: 'invalid',
      code: 'scim/invalidPath',
    });
  });

  it("brings attributes of the tenant's own extensions too, checked by its schemas; who is there already signs in without (R71)", async () => {
    const badge = ownSchema(
      'urn:example:plum:2.0:Badge',
      { name: 'number', required: true },
      { name: 'floor', type: 'integer' },
      { name: 'desk', type: 'complex', subAttributes: [{ name: 'room' }] },
    );
    const define = (required: boolean) =>
      tenancy.ask(
        'resource-type.define',
        {
          resourceType: {
            id: 'User',
            name: 'User',
            description: '',
            endpoint: '/Users',
            schema: userSchema.id,
            schemaExtensions: [{ schema: badge.id, required }],
          },
        },
        { tenantId, key: tenantId },
      );
    await tenancy.ask('schema.define', { schema: badge }, { tenantId, key: tenantId });
    await define(false);
    const { id } = await jit({
      userName: 'ida@plum.example',
      [`${badge.id}:number`]: '7',
      [`${badge.id}:floor`]: 3,
      [`${badge.id}:desk.room`]: 'B',
    });
    const user = await tenancy.directory.queries.users.get(tenantId, { kind: 'admin' }, id);
    expect(user?.resource).toMatchObject({
      schemas: [userSchema.id, badge.id],
      [badge.id]: { number: '7', floor: 3, desk: { room: 'B' } },
    });

    await expect(
      jit({ userName: 'jo@plum.example', [`${badge.id}:number`]: '8', [`${badge.id}:floor`]: 'high' }),
    ).rejects.toMatchObject({ code: 'scim/invalidValue' });
    await expect(jit({ userName: 'jo@plum.example', [`${badge.id}:floor`]: 3 })).rejects.toMatchObject({
      code: 'scim/invalidValue',
    });
    await define(true);
    await expect(jit({ userName: 'jo@plum.example' })).rejects.toMatchObject({ code: 'scim/invalidValue' });
    expect(await jit({ userName: 'fay@plum.example' })).toMatchObject({ created: false });
    await define(false);
  });

  it('is refused while provisioning is not enabled (R64)', async () => {
    const {
      id: _,
      version: __,
      createdAt: ___,
      updatedAt: ____,
      ...profile
    } = await tenancy.directory.queries.tenants.get(tenantId);
    await tenancy.ask(
      ReplaceTenant.pattern,
      { profile: { ...profile, features: { provisioning: false, entitlements: true } } },
      { tenantId, key: tenantId },
    );
    await expect(jit({ userName: 'hal@plum.example' })).rejects.toMatchObject({
      kind: 'forbidden',
      code: 'feature/provisioning',
    });
  });
});
