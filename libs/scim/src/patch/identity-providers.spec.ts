import { describe, expect, it } from '@jest/globals';
import {
  type JsonObject,
  groupType,
  memberIds,
  parsePatch,
  parseResource,
  profiles,
  replaceResource,
  splitMembers,
  userSchema,
  userType,
} from '../index.ts';
import { patchBody, patched } from '../testing/index.ts';

/** What the identity providers really send, `idp-wire.md` §2; each with its number there. */

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const mira: JsonObject = {
  schemas: [userSchema.id],
  externalId: 'mira.holt',
  userName: 'mira.holt@plum.example',
  active: true,
  emails: [{ primary: true, type: 'work', value: 'mira.holt@plum.example' }],
  name: { formatted: 'Mira Holt', familyName: 'Holt', givenName: 'Mira' },
};

const entra = (...operations: JsonObject[]) => patched(userType, mira, operations, profiles.entra).resource;
const members = (...operations: JsonObject[]) =>
  splitMembers(parsePatch(groupType, patchBody(...operations), profiles.entra).operations).members;
const notes = (...operations: JsonObject[]) => parsePatch(userType, patchBody(...operations), profiles.entra).notes;

describe('Entra', () => {
  it('E11 creates with its meta, its empty roles and the enterprise schema though empty', () => {
    const body = {
      ...mira,
      schemas: [userSchema.id, enterprise],
      meta: { resourceType: 'User' },
      roles: [],
      title: null,
    };
    expect(parseResource(userType, body, profiles.entra)).toEqual({ resource: mira, notes: [] });
  });

  it('E12 creates a group with a second schema of its own, without members', () => {
    const body = {
      schemas: [groupType.schema.id, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
      externalId: 'g-1',
      displayName: 'Plum Engineers',
    };
    const { resource, notes: noted } = parseResource(groupType, body, profiles.entra);
    expect(resource).toEqual({ schemas: [groupType.schema.id], externalId: 'g-1', displayName: 'Plum Engineers' });
    expect(noted).toEqual([{ code: 'unknown-schema', attribute: body.schemas[1] }]);
    expect(memberIds(resource)).toBeUndefined();
  });

  it('E13 sends attributes of an extension that `schemas` does not list', () => {
    const { resource } = parseResource(userType, { ...mira, [enterprise]: { department: 'Ovens' } }, profiles.entra);
    expect(resource).toMatchObject({ schemas: [userSchema.id, enterprise], [enterprise]: { department: 'Ovens' } });
  });

  it('E4, E5, R21 deactivates with a capital op and a string', () => {
    expect(entra({ op: 'Replace', path: 'active', value: 'False' }).active).toBe(false);
    expect(notes({ op: 'Replace', path: 'active', value: 'False' })).toEqual([
      { code: 'boolean-as-string', attribute: 'active' },
    ]);
  });

  it('E4 changes several attributes, one op each', () => {
    const changed = entra(
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'm.holt@plum.example' },
      { op: 'Add', path: 'name.familyName', value: 'Holt-Ray' },
      { op: 'Add', path: `${enterprise}:department`, value: 'Ovens' },
    );
    expect(changed).toMatchObject({
      emails: [{ primary: true, type: 'work', value: 'm.holt@plum.example' }],
      name: { familyName: 'Holt-Ray' },
      [enterprise]: { department: 'Ovens' },
    });
  });

  it('E6, R21 merges replaces into one op with dotted and URN keys, asked for with aadOptscim062020', () => {
    const value = {
      displayName: 'Mira H.',
      'name.givenName': 'Miranda',
      active: false,
      [`${enterprise}:employeeNumber`]: '00417',
    };
    expect(
      entra(
        { op: 'replace', value },
        { op: 'replace', path: 'emails[type eq "work"].value', value: 'miranda@plum.example' },
      ),
    ).toMatchObject({
      displayName: 'Mira H.',
      name: { formatted: 'Mira Holt', givenName: 'Miranda' },
      active: false,
      emails: [{ value: 'miranda@plum.example' }],
      [enterprise]: { employeeNumber: '00417' },
    });
    expect(notes({ op: 'replace', value })).toEqual([{ code: 'flattened-name', attribute: 'name.givenName' }]);
  });

  it.each([
    [
      'emails[type eq "home"].value',
      'mira@home.example',
      { emails: [mira.emails, { type: 'home', value: 'mira@home.example' }].flat() },
    ],
    ['phoneNumbers[type eq "mobile"].value', '+31 6', { phoneNumbers: [{ type: 'mobile', value: '+31 6' }] }],
    ['addresses[type eq "work"].streetAddress', 'Kade 3', { addresses: [{ type: 'work', streetAddress: 'Kade 3' }] }],
    ['roles[primary eq "True"].value', 'GUEST', { roles: [{ primary: true, value: 'GUEST' }] }],
    [
      'emails[type eq "home"].primary',
      'True',
      {
        emails: [
          { primary: false, type: 'work', value: 'mira.holt@plum.example' },
          { type: 'home', primary: true },
        ],
      },
    ],
  ])('E8, E9, E24 makes the missing element of %s', (path, value, expected) => {
    expect(entra({ op: 'Add', path, value })).toMatchObject(expected as JsonObject);
    expect(entra({ op: 'Replace', path, value })).toMatchObject(expected as JsonObject);
  });

  it.each([
    [`${enterprise}:manager`, 'u-0042'],
    [`${enterprise}.manager`, { value: 'u-0042' }],
    ['manager', [{ $ref: null, value: 'u-0042' }]],
    [`${enterprise}:manager.value`, 'u-0042'],
    [`${enterprise.toUpperCase()}:MANAGER`, { Value: 'u-0042', displayName: 'Boss' }],
  ])('E10 names a manager as %s: %j', (path, value) => {
    expect(entra({ op: 'Add', path, value })[enterprise]).toEqual({ manager: { value: 'u-0042' } });
    expect(entra({ op: 'Replace', path, value })[enterprise]).toEqual({ manager: { value: 'u-0042' } });
  });

  it.each(['', null, { value: '' }, [{ $ref: null, value: '' }], []])(
    'E10, C8 takes the manager away with %j',
    (value) => {
      const managed = {
        ...mira,
        schemas: [userSchema.id, enterprise],
        [enterprise]: { manager: { value: 'u-1', $ref: '../Users/u-1' } },
      };
      const { resource, changed } = patched(
        userType,
        managed,
        [{ op: 'Replace', path: `${enterprise}:manager`, value }],
        profiles.entra,
      );
      expect(resource).toEqual(mira);
      expect(changed).toEqual([`${enterprise}:manager`]);
    },
  );

  it('E14 puts a role as JSON text into its value', () => {
    const value = [{ value: '{"id":"r-1","value":"ADMIN","displayName":"Admin"}' }];
    expect(entra({ op: 'Add', path: 'roles', value }).roles).toEqual([{ value: 'ADMIN', display: 'Admin' }]);
    expect(entra({ op: 'Add', path: 'roles', value: [{ value: '{not json' }] }).roles).toEqual([
      { value: '{not json' },
    ]);
    const unstorable = '{"value":"a\\u0000"}';
    expect(entra({ op: 'Add', path: 'roles', value: [{ value: unstorable }] }).roles).toEqual([{ value: unstorable }]);
  });

  it('E24 sends no operations at all, and junk as phone and country', () => {
    expect(parsePatch(userType, patchBody(), profiles.entra)).toEqual({
      operations: [],
      notes: [{ code: 'no-operations', attribute: 'Operations' }],
    });
    expect(entra({ op: 'Add', path: 'addresses[type eq "home"].country', value: 'Nowhere' }).addresses).toEqual([
      { type: 'home', country: 'Nowhere' },
    ]);
  });

  it.each(['', null])('E25 clears with %j', (value) => {
    expect(entra({ op: 'Replace', path: 'name.givenName', value }).name).toEqual({
      formatted: 'Mira Holt',
      familyName: 'Holt',
    });
    expect(entra({ op: 'Replace', path: 'emails[type eq "work"].value', value })).not.toHaveProperty('emails');
  });

  it('E26 wraps a single value', () => {
    expect(entra({ op: 'Replace', path: 'active', value: [{ value: 'False' }] }).active).toBe(false);
    expect(entra({ op: 'Replace', path: 'displayName', value: ['Mira'] }).displayName).toBe('Mira');
    expect(entra({ op: 'Replace', value: [{ active: 'False' }] }).active).toBe(false);
    const home = { type: 'home', value: 'mira@home.example' };
    expect(
      entra(
        { op: 'add', path: 'emails', value: [{ type: 'home', value: 'old@home.example' }] },
        { op: 'replace', path: 'emails[type eq "home"]', value: [home] },
      ).emails,
    ).toContainEqual(home);
  });

  it('E7 adds and removes members without and with the flag, only those listed', () => {
    expect(members({ op: 'Add', path: 'members', value: [{ $ref: null, value: 'u-42' }] })).toEqual([
      { op: 'add', ids: ['u-42'] },
    ]);
    expect(members({ op: 'Remove', path: 'members', value: [{ $ref: null, value: 'u-42' }] })).toEqual([
      { op: 'remove', ids: ['u-42'] },
    ]);
    expect(members({ op: 'remove', path: 'members[value eq "u-42"]' })).toEqual([{ op: 'remove', ids: ['u-42'] }]);
    expect(members({ op: 'Remove', path: 'members', value: [] })).toEqual([]);
  });

  it('E23 replaces members', () => {
    expect(members({ op: 'replace', path: 'members', value: [{ value: 'u-42' }] })).toEqual([
      { op: 'replace', ids: ['u-42'] },
    ]);
  });
});

describe('Okta', () => {
  const tove = {
    schemas: [userSchema.id],
    userName: 'tove@fig.example',
    name: { givenName: 'Tove', familyName: 'Lind' },
    emails: [{ primary: true, value: 'tove@fig.example', type: 'work' }],
    displayName: 'Tove Lind',
    locale: 'en-US',
    externalId: '00uFIG0001',
    groups: [],
    password: 'placeholder-9',
    active: true,
  };

  it('O4 creates with groups and a password', () => {
    const { resource, notes: noted } = parseResource(userType, tove, profiles.okta);
    expect(resource).toEqual(Object.fromEntries(Object.entries(tove).filter(([name]) => name !== 'groups')));
    expect(noted).toEqual([]);
  });

  it('O5 sends everything back with PUT, id, meta, groups and what it does not know', () => {
    const { password: _, groups: __, ...current } = tove;
    const body = {
      ...current,
      id: 'u-1',
      meta: { version: 'W/"2"' },
      groups: [{ value: 'g-1' }],
      favouriteColour: 'blue',
      active: false,
    };
    expect(replaceResource(userType, current, body, profiles.okta)).toEqual({
      resource: { ...current, active: false },
      changed: ['active'],
      notes: [{ code: 'unknown-attribute', attribute: 'favouriteColour' }],
    });
  });

  it('O6 deactivates without a path', () => {
    expect(patched(userType, mira, [{ op: 'replace', value: { active: false } }], profiles.okta)).toMatchObject({
      changed: ['active'],
      resource: { active: false },
    });
  });

  it('O8 renames a group with its id, and swaps members', () => {
    const rename = parsePatch(
      groupType,
      patchBody({ op: 'replace', value: { id: 'g-7', displayName: 'Bakers' } }),
      profiles.okta,
    );
    expect(rename).toEqual({ operations: [{ op: 'replace', path: 'displayName', value: 'Bakers' }], notes: [] });
    expect(
      members(
        { op: 'remove', path: 'members[value eq "u-1"]' },
        { op: 'add', path: 'members', value: [{ value: 'u-2', display: 'tove@fig.example' }] },
      ),
    ).toEqual([
      { op: 'remove', ids: ['u-1'] },
      { op: 'add', ids: ['u-2'] },
    ]);
  });
});

describe('OneLogin', () => {
  const current = {
    schemas: [userSchema.id],
    userName: 'ida@rye.example',
    title: 'Miller',
    nickName: 'Idi',
    active: true,
  };

  it('L4 replaces from a template: old URNs, a null id, active as a string, managerId', () => {
    const body = {
      schemas: ['urn:scim:schemas:core:2.0'],
      id: null,
      userName: 'ida@rye.example',
      name: { familyName: 'Voss', givenName: 'Ida' },
      emails: { value: 'ida@rye.example' },
      active: 'true',
      'urn:scim:schemas:extension:enterprise:2.0': { manager: { managerId: 'u-9', displayName: 'Otto' } },
    };
    const { resource, notes: noted } = replaceResource(userType, current, body, profiles.onelogin, ['title']);
    expect(resource).toEqual({
      schemas: [userSchema.id, enterprise],
      userName: 'ida@rye.example',
      name: { familyName: 'Voss', givenName: 'Ida' },
      emails: [{ value: 'ida@rye.example' }],
      nickName: 'Idi',
      active: true,
      [enterprise]: { manager: { value: 'u-9' } },
    });
    expect(noted.map(({ code }) => code)).toEqual([
      'legacy-schema',
      'legacy-schema',
      'single-as-list',
      'boolean-as-string',
      'manager-id',
    ]);
  });
});

describe('JumpCloud, Google and others', () => {
  it('J2 patches one attribute per op', () => {
    expect(
      entra(
        { op: 'replace', path: 'name.givenName', value: 'Mi' },
        { op: 'replace', path: 'name.familyName', value: 'Ho' },
        { op: 'replace', path: 'active', value: false },
      ),
    ).toMatchObject({
      name: { givenName: 'Mi', familyName: 'Ho' },
      active: false,
    });
  });

  it('J3 removes members by a list of values', () => {
    expect(
      members(
        { op: 'add', path: 'members', value: [{ value: 'u-1' }] },
        { op: 'remove', path: 'members', value: [{ value: 'u-1' }] },
      ),
    ).toEqual([
      { op: 'add', ids: ['u-1'] },
      { op: 'remove', ids: ['u-1'] },
    ]);
  });

  it('G5 may leave out the op', () => {
    expect(patched(userType, mira, [{ value: { active: false } }], profiles.google).resource.active).toBe(false);
  });

  it.each(['/displayName', 'displayname', `${userSchema.id}:displayName`, '%64isplayName', ' displayName'])(
    '§2.7 writes the path as %j',
    (path) => {
      expect(entra({ op: 'replace', path, value: 'M' }).displayName).toBe('M');
    },
  );

  it('§2.7 writes `members[value eq"x"]`, `emails[primary eq true].value` and pathless members', () => {
    expect(members({ op: 'remove', path: 'members[value eq"u-1"]' })).toEqual([{ op: 'remove', ids: ['u-1'] }]);
    expect(entra({ op: 'replace', path: 'emails[primary eq true].value', value: 'x@plum.example' }).emails).toEqual([
      { primary: true, type: 'work', value: 'x@plum.example' },
    ]);
    expect(
      entra(
        { op: 'add', path: 'emails%5Btype%20eq%20%22home%22%5D.value', value: 'x' },
        { op: 'add', path: 'ims[value eq "%41"].type', value: 'y' },
      ),
    ).toMatchObject({ ims: [{ value: '%41', type: 'y' }], emails: [{}, { type: 'home', value: 'x' }] });
    expect(members({ op: 'add', value: { Members: [{ value: 'u-1' }, { value: 'u-1' }] } })).toEqual([
      { op: 'add', ids: ['u-1'] },
    ]);
  });
});

describe('members', () => {
  it('are split from the profile, which stays free of them', () => {
    const { operations } = parsePatch(
      groupType,
      patchBody(
        { op: 'replace', value: { displayName: 'Bakers', members: [] } },
        { op: 'remove', path: 'members[value eq "a" or value eq "b"]' },
        { op: 'remove', path: 'members[type eq "Group"]' },
      ),
      profiles.generic,
    );
    const { profile, members: changes } = splitMembers(operations);
    expect(profile).toEqual([{ op: 'replace', path: 'displayName', value: 'Bakers' }]);
    expect(changes).toMatchObject([
      { op: 'removeAll' },
      { op: 'remove', ids: ['a', 'b'] },
      { op: 'removeWhere', filter: { op: 'eq', attribute: { path: 'type' }, value: 'Group' } },
    ]);
  });

  it.each(['u-1', ['u-1', 'u-2'], { value: 'u-1' }])('are named by %j too', (value) => {
    expect(members({ op: 'add', path: 'members', value })).toEqual([
      { op: 'add', ids: Array.isArray(value) ? value : ['u-1'] },
    ]);
  });

  it.each(['https://t.example/v2/Users/u-1', '../Users/u-1', '/Users/u-1/'])(
    'are named by the reference %j alone, which ends in their id (RFC 7643 §2.4)',
    ($ref) => {
      expect(members({ op: 'add', path: 'members', value: [{ $ref, type: 'User' }] })).toEqual([
        { op: 'add', ids: ['u-1'] },
      ]);
      expect(members({ op: 'remove', path: 'members', value: [{ $ref }] })).toEqual([{ op: 'remove', ids: ['u-1'] }]);
      expect(members({ op: 'add', path: 'members', value: [{ $ref, value: 'u-2' }] })).toEqual([
        { op: 'add', ids: ['u-2'] },
      ]);
      expect(
        memberIds(
          parseResource(
            groupType,
            { schemas: [groupType.schema.id], displayName: 'B', members: [{ $ref }] },
            profiles.strict,
          ).resource,
        ),
      ).toEqual(['u-1']);
    },
  );

  it('are never changed in place, and need an id', () => {
    expect(() => members({ op: 'replace', path: 'members[value eq "a"].value', value: 'b' })).toThrow(
      expect.objectContaining({ scimType: 'mutability' }),
    );
    expect(() => members({ op: 'add', path: 'members', value: [{ display: 'x' }] })).toThrow(
      expect.objectContaining({ scimType: 'invalidValue' }),
    );
    expect(() => members({ op: 'add', path: 'members', value: [{ $ref: '/' }] })).toThrow(
      expect.objectContaining({ scimType: 'invalidValue' }),
    );
  });

  it('of a body are its ids, none where it clears them, undefined where it is silent', () => {
    const body = parseResource(
      groupType,
      { schemas: [groupType.schema.id], displayName: 'B', members: [{ value: 'a' }, { value: 'b', type: 'User' }] },
      profiles.generic,
    );
    expect(memberIds(body.resource)).toEqual(['a', 'b']);
    expect(memberIds({ displayName: 'B' }, ['members'])).toEqual([]);
  });
});
