import { describe, expect, it } from '@jest/globals';
import { localPath } from './local-path.ts';
import { roleIn, type RoleMap } from './roles.ts';

const roles: RoleMap = {
  readers: { tenant: 'plum', role: 'auditor' },
  admins: { tenant: 'plum', role: 'admin' },
  'pear-admins': { tenant: 'pear', role: 'admin' },
  'ada@plum.example': { tenant: 'plum', role: 'super_admin' },
};
const role = (tenantId: string, name: string) => ({ kind: 'role', tenantId, role: name });

describe('the role in an ID token (R110)', () => {
  it.each([
    ['a list', { groups: ['others', 'admins'] }, 'groups'],
    ['one text', { groups: 'admins' }, 'groups'],
    ['a path, as Keycloak’s', { realm_access: { roles: ['admins'] } }, 'realm_access.roles'],
    ['a name with dots, as Auth0’s', { 'https://plum.example/roles': ['admins'] }, 'https://plum.example/roles'],
  ])('is read from %s', (_, claims, path) => {
    expect(roleIn(claims, path, roles)).toEqual(role('plum', 'admin'));
  });

  it('is the highest of several, and of equal ones the first in the list', () => {
    expect(roleIn({ groups: ['readers', 'admins'] }, 'groups', roles)).toEqual(role('plum', 'admin'));
    expect(roleIn({ groups: ['pear-admins', 'admins'] }, 'groups', roles)).toEqual(role('plum', 'admin'));
    expect(roleIn({ groups: ['pear-admins', 'readers'] }, 'groups', roles)).toEqual(role('pear', 'admin'));
    expect(roleIn({ groups: ['pear-admins', 'readers'] }, 'groups', roles, 'plum')).toEqual(role('plum', 'auditor'));
  });

  it('follows from an address only where the provider has verified it', () => {
    const email = 'ada@plum.example';
    expect(roleIn({ email, email_verified: true }, 'email', roles)).toEqual(role('plum', 'super_admin'));
    for (const email_verified of [undefined, false, 'true'])
      expect(roleIn({ email, email_verified }, 'email', roles)).toMatchObject({ kind: 'none' });
  });

  it('is none where the claim holds nothing of the list, whatever else it holds', () => {
    expect(roleIn({ groups: ['others', 7, null] }, 'groups', roles)).toEqual({
      kind: 'none',
      found: ['others'],
      isOverage: false,
    });
    for (const claims of [{}, { groups: { admins: true } }, { groups: null }])
      expect(roleIn(claims, 'groups', roles)).toEqual({ kind: 'none', found: undefined, isOverage: false });
    for (const path of ['constructor', 'groups.length', '__proto__', 'toString.name'])
      expect(roleIn({ groups: ['admins'] }, path, roles)).toMatchObject({ kind: 'none' });
    expect(roleIn({ groups: ['constructor', '__proto__'] }, 'groups', roles)).toMatchObject({ kind: 'none' });
  });

  it('may have been left out by Entra because of too many groups', () => {
    expect(roleIn({ _claim_names: { groups: 'src1' } }, 'groups', roles)).toMatchObject({ isOverage: true });
    expect(roleIn({ hasgroups: true }, 'groups', roles)).toMatchObject({ isOverage: true });
    expect(roleIn({ _claim_names: { other: 'src1' } }, 'groups', roles)).toMatchObject({ isOverage: false });
  });
});

describe('where a sign-in leads (R110)', () => {
  it.each(['/t/plum/queue?kind=failed#first', '/', '/auth'])('is the page %s that was asked for', (path) => {
    expect(localPath(path)).toBe(path);
  });

  it.each([
    undefined,
    '',
    'queue',
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/\n/evil.example',
    '/./\\evil.example',
    '/.//evil.example',
    'javascript:alert(1)',
    '\\\\evil.example',
  ])('is never another site: %j', (path) => {
    expect(localPath(path)).toBe('/auth');
  });
});
