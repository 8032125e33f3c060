import { describe, expect, it } from '@jest/globals';
import { presets, validateAttributes } from '@tenure/provisioning';
import { readAttribute } from './ldap-attributes.ts';
import { ldapKind } from './ldap-kind.ts';

const connection = {
  kind: 'ldap',
  url: 'ldaps://directory.example',
  base: 'ou=people,dc=x',
  template: 'uid={uid},ou=people,dc=x',
  disable: { kind: 'pwdAccountLockedTime' },
} as const;

describe.each(['openldap', 'active-directory'] as const)('R93: the preset %s', (name) => {
  const { attributes, mandatory, kind, capabilities } = presets[name];
  const targets = attributes.mappings.map(({ target }) => target);

  it('maps attributes of LDAP, in their one spelling', () => {
    expect(kind).toBe('ldap');
    expect(targets.map((target) => readAttribute(target))).toEqual(
      targets.map((target) => expect.objectContaining({ name: target, write: 'always' })),
    );
    expect(attributes.matching.every(({ target }) => targets.includes(target))).toBe(true);
  });

  it('is valid by the rules of LDAP', () => {
    expect(validateAttributes(attributes, mandatory, readAttribute)).toEqual([]);
  });

  it('maps what it needs, and gives groups only', () => {
    expect(mandatory.filter((target) => !targets.includes(target))).toEqual([]);
    expect(capabilities).toMatchObject({
      suspend: true,
      hardDelete: true,
      groups: true,
      entitlements: true,
      roles: false,
    });
  });
});

describe('the connection of a directory', () => {
  it('is told what is wrong with it, by field', () => {
    const problem = (wrong: Partial<typeof connection> | Record<string, unknown>) =>
      ldapKind.connectionProblem({ ...connection, ...wrong } as never)?.field;
    expect(problem({})).toBeUndefined();
    expect(problem({ url: 'https://directory.example' })).toBe('url');
    expect(problem({ startTls: true })).toBe('startTls');
    expect(problem({ base: 'people' })).toBe('base');
    expect(problem({ template: 'ou=people' })).toBe('template');
    expect(problem({ kind: 'scim' })).toBe('kind');
  });
});
