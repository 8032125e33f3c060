import { describe, expect, it } from '@jest/globals';
import {
  AppRolesReplaced,
  appRolesBody,
  TenantCreated,
  TenantReplaced,
  tenantBody,
  type AppRole,
  type TenantProfile,
} from '@tenure/contracts';
import { given } from '@tenure/eventing/testing';
import { tenantDecider } from './tenant.decider.ts';

const tenant = given(tenantDecider);
const body = {
  name: 'Plum',
  primaryDomain: 'Plum.example',
  sso: { configured: true, providers: [{ id: 'idp-1', name: 'Entra' }] },
};
const plum: TenantProfile = tenantBody.parse(body);
const stored: TenantProfile = { ...plum, domains: ['plum.example'] };
const created = TenantCreated(stored);
const editor: AppRole = {
  id: 'r-1',
  displayName: 'Editor',
  value: 'Editor',
  description: 'Edits',
  allowedMemberTypes: ['User'],
  enabled: true,
};

describe('a tenant', () => {
  it('has its primary domain among its domains, and its feature gates open (R64)', () => {
    tenant().when({ type: 'Create', profile: plum }).then(created);
    expect(stored).toMatchObject({
      primaryDomain: 'plum.example',
      features: { provisioning: true, entitlements: true },
      products: [],
    });
  });

  it('is replaced whole, and not at all where nothing differs', () => {
    tenant(created).when({ type: 'Replace', profile: plum }).thenNothing();
    const gated = { ...stored, features: { provisioning: false, entitlements: true } };
    tenant(created).when({ type: 'Replace', profile: gated }).then(TenantReplaced(gated));
  });

  it('is created once, and changed only where it exists', () => {
    tenant(created).when({ type: 'Create', profile: plum }).thenRejected('tenant/exists');
    tenant().when({ type: 'Replace', profile: plum }).thenRejected('tenant/not-found');
  });

  it('has the app roles that an admin defines, until the next list (R22)', () => {
    const replaced = AppRolesReplaced({ appRoles: [editor] });
    tenant(created)
      .when({ type: 'ReplaceAppRoles', appRoles: [editor] })
      .then(replaced);
    tenant(created, replaced)
      .when({ type: 'ReplaceAppRoles', appRoles: [editor] })
      .thenNothing();
    tenant(created, replaced, TenantReplaced({ ...stored, name: 'Prune' }))
      .when({ type: 'ReplaceAppRoles', appRoles: [] })
      .then(AppRolesReplaced({ appRoles: [] }));
  });
});

describe('the body of a tenant', () => {
  it.each([
    ['an unknown field', { ...body, colour: 'plum' }],
    ['no domain', { ...body, primaryDomain: 'plum' }],
    ['a time zone that is none', { ...body, timezone: 'Europe/Plumville' }],
    ['a language that is none', { ...body, language: 'not a language' }],
    [
      'a provider twice',
      { ...body, sso: { configured: true, providers: [body.sso.providers[0], body.sso.providers[0]] } },
    ],
    [
      'a product twice',
      {
        ...body,
        products: [
          { id: 'pro', appRoles: [] },
          { id: 'pro', appRoles: [] },
        ],
      },
    ],
  ])('is refused with %s', (_, wrong) => {
    expect(tenantBody.safeParse(wrong).success).toBe(false);
  });

  it('takes language and time zone as SCIM has them', () => {
    expect(tenantBody.parse({ ...body, language: 'en-US', timezone: 'Asia/Tokyo' })).toMatchObject({
      language: 'en-US',
      timezone: 'Asia/Tokyo',
    });
  });
});

describe('the body of app roles', () => {
  const { id: _, ...role } = editor;

  it('takes roles without ids (R22)', () => {
    expect(appRolesBody.parse([role])).toEqual([role]);
  });

  it('refuses one value twice, whatever its case', () => {
    expect(appRolesBody.safeParse([role, { ...role, value: 'EDITOR' }]).success).toBe(false);
  });
});
