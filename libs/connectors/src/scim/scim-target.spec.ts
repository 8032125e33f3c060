import { describe, expect, it } from '@jest/globals';
import { presetNames, presets, validateAttributes } from '@tenure/provisioning';
import { scimKind } from './scim-target.ts';

const { readTarget, offered } = scimKind;

describe('R36: a target of a SCIM app', () => {
  it.each([
    ['username', { name: 'userName', type: 'string', multiValued: false, compare: 'ignoreCase' }],
    ['EXTERNALID', { name: 'externalId', compare: 'exact' }],
    ['emails[TYPE eq "work"].value', { name: 'emails[type eq "work"].value', type: 'string', multiValued: false }],
    ['roles[primary eq "True"].value', { type: 'string', multiValued: false }],
    ['roles', { type: 'complex', multiValued: true }],
    ['active', { type: 'boolean' }],
    ['department', { name: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department' }],
    ['manager.value', { refersTo: 'account' }],
    ['urn:acme:schemas:2.0:User:badge', { name: 'urn:acme:schemas:2.0:User:badge', type: 'string' }],
  ])('%s is read as what it is', (name, expected) => {
    expect(readTarget(name)).toMatchObject(expected);
  });

  it.each([
    ['emails[type eq].value', 'is no path'],
    ['shoeSize', 'There is no attribute shoeSize.'],
    ['id', "id can't be set."],
    ['groups', "groups can't be set."],
    ['password', "password can't be set."],
    ['name', 'needs a part'],
    ['emails.value', 'which element is meant'],
    ['emails[type eq "home"]', 'needs a part'],
    ['emails[type sw "h"].value', 'with eq'],
  ])('%s is refused', (name, message) => {
    expect(readTarget(name)).toEqual(expect.stringContaining(message));
  });

  it('R35: is one of those that an admin chooses from, which all can be read', () => {
    const names = offered().map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'userName',
        'name.givenName',
        'addresses[type eq "work"].country',
        'phoneNumbers[type eq "mobile"].value',
        'roles',
        'roles[primary eq "True"].value',
        'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department',
      ]),
    );
    expect(names.filter((name) => /^(id|password|groups|meta|schemas)\b|:tenure:/.test(name))).toEqual([]);
    expect(names.filter((name) => typeof readTarget(name) === 'string')).toEqual([]);
  });

  it.each(presetNames.filter((name) => presets[name].kind === 'scim'))(
    'R33: the preset %s is valid by the rules of SCIM',
    (name) => {
      const { attributes, mandatory } = presets[name];
      expect(validateAttributes(attributes, mandatory, readTarget)).toEqual([]);
    },
  );
});
