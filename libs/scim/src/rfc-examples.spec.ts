import { describe, expect, it } from '@jest/globals';
import {
  type JsonObject,
  enterpriseUserSchema,
  groupSchema,
  groupType,
  matches,
  parseFilter,
  parsePatch,
  parseResource,
  profiles,
  splitMembers,
  userSchema,
  userType,
} from './index.ts';
import { patchBody, patched } from './testing/index.ts';

/** The examples of RFC 7643 §8 and RFC 7644 §3, with values of our own, to the letter. */

const enterprise = enterpriseUserSchema.id;

const writable: JsonObject = {
  schemas: [userSchema.id, enterprise],
  externalId: '8812',
  userName: 'vera@larch.example',
  name: {
    formatted: 'Dr. Vera Ilse Nagel, MSc',
    familyName: 'Nagel',
    givenName: 'Vera',
    middleName: 'Ilse',
    honorificPrefix: 'Dr.',
    honorificSuffix: 'MSc',
  },
  displayName: 'Vera Nagel',
  nickName: 'Vee',
  profileUrl: 'https://larch.example/vera',
  title: 'Forester',
  userType: 'Employee',
  preferredLanguage: 'de-CH',
  locale: 'de-CH',
  timezone: 'Europe/Zurich',
  active: true,
  password: 'not-kept-here',
  emails: [
    { value: 'vera@larch.example', type: 'work', primary: true },
    { value: 'vera@home.example', type: 'home' },
  ],
  phoneNumbers: [
    { value: 'tel:+41-44-555', type: 'work' },
    { value: '555-8377', type: 'mobile' },
  ],
  ims: [{ value: 'veran', type: 'xmpp' }],
  photos: [
    { value: 'https://larch.example/v/F', type: 'photo' },
    { value: 'https://larch.example/v/T', type: 'thumbnail' },
  ],
  addresses: [
    {
      streetAddress: 'Waldweg 8',
      locality: 'Zürich',
      region: 'ZH',
      postalCode: '8001',
      country: 'CH',
      formatted: 'Waldweg 8\n8001 Zürich',
      type: 'work',
      primary: true,
    },
    { streetAddress: 'Am Bach 2', locality: 'Uster', type: 'home' },
  ],
  entitlements: [{ value: 'felling' }],
  roles: [{ value: 'lead', display: 'Lead', primary: true }],
  x509Certificates: [{ value: 'TUlJRGVyYQ==' }],
  [enterprise]: {
    employeeNumber: '7013',
    costCenter: '41',
    organization: 'Larch',
    division: 'North',
    department: 'Felling',
    manager: { value: 'u-boss', $ref: '../Users/u-boss' },
  },
};

const sent: JsonObject = {
  ...writable,
  id: 'u-1',
  groups: [{ value: 'g-1', $ref: '../Groups/g-1', display: 'Foresters' }],
  [enterprise]: {
    ...(writable[enterprise] as JsonObject),
    manager: { value: 'u-boss', $ref: '../Users/u-boss', displayName: 'Otto Berg' },
  },
  meta: {
    resourceType: 'User',
    created: '2026-01-23T04:56:22Z',
    lastModified: '2026-05-13T04:42:34Z',
    version: 'W/"7"',
    location: 'https://larch.example/v2/Users/u-1',
  },
};

describe('RFC 7643 §8', () => {
  it('the full enterprise user is read whole, but for what is read-only', () => {
    expect(parseResource(userType, sent, profiles.strict)).toEqual({ resource: writable, notes: [] });
  });

  it('the minimal user and the group are read', () => {
    expect(parseResource(userType, { schemas: [userSchema.id], userName: 'v' }, profiles.strict).resource).toEqual({
      schemas: [userSchema.id],
      userName: 'v',
    });
    const group = {
      schemas: [groupSchema.id],
      displayName: 'Foresters',
      members: [{ value: 'u-1', $ref: 'https://larch.example/v2/Users/u-1', type: 'User' }],
    };
    expect(
      parseResource(
        groupType,
        { ...group, id: 'g-1', members: [{ ...group.members[0], display: 'Vera' }] },
        profiles.strict,
      ).resource,
    ).toEqual(group);
  });
});

describe('RFC 7644 §3.4.2.2', () => {
  it.each([
    ['userName eq "VERA@larch.example"', true],
    ['name.familyName co "AGE"', true],
    ['userName sw "V"', true],
    [`${userSchema.id}:userName sw "V"`, true],
    ['title pr', true],
    ['meta.lastModified gt "2026-05-13T04:42:33Z"', true],
    ['meta.lastModified ge "2026-05-13T06:42:34+02:00"', true],
    ['meta.lastModified lt "2026-05-13T04:42:34Z"', false],
    ['meta.lastModified le "2026-05-13T04:42:34Z"', true],
    ['title pr and userType eq "Employee"', true],
    ['title pr or userType eq "Intern"', true],
    [`schemas eq "${enterprise}"`, true],
    ['userType eq "Employee" and (emails co "larch.example" or emails.value co "elm.example")', true],
    ['userType ne "Employee" and not (emails co "larch.example" or emails.value co "elm.example")', false],
    ['userType eq "Employee" and (emails.type eq "work")', true],
    ['userType eq "Employee" and emails[type eq "work" and value co "@larch.example"]', true],
    ['emails[type eq "home" and value co "@larch.example"] or ims[type eq "xmpp" and value co "@foo.example"]', false],
  ])('%s is %s', (text, expected) =>
    expect(matches(parseFilter(text, userType, profiles.strict), sent)).toBe(expected),
  );
});

describe('RFC 7644 §3.5.2', () => {
  const user = { ...writable, password: undefined } as unknown as JsonObject;
  const { password: _, ...stored } = user;
  const patch = (...operations: JsonObject[]) => patched(userType, stored, operations, profiles.strict);
  const members = (...operations: JsonObject[]) =>
    splitMembers(parsePatch(groupType, patchBody(...operations), profiles.strict).operations).members;

  it('adds members, values and attributes', () => {
    expect(
      members({
        op: 'add',
        path: 'members',
        value: [{ display: 'Vera', $ref: 'https://larch.example/v2/Users/u-1', value: 'u-1' }],
      }),
    ).toEqual([{ op: 'add', ids: ['u-1'] }]);
    const { resource, changed } = patch({
      op: 'add',
      value: { emails: [{ value: 'v2@home.example', type: 'home' }], nickName: 'Vera' },
    });
    expect(changed).toEqual(['nickName', 'emails']);
    expect(resource.emails).toHaveLength(3);
  });

  it('removes one member, all members, and addresses by a filter', () => {
    expect(members({ op: 'remove', path: 'members[value eq "u-1"]' }, { op: 'remove', path: 'members' })).toEqual([
      { op: 'remove', ids: ['u-1'] },
      { op: 'removeAll' },
    ]);
    expect(
      patch({ op: 'remove', path: 'emails[type eq "work" and value ew "larch.example"]' }).resource.emails,
    ).toEqual([{ value: 'vera@home.example', type: 'home' }]);
  });

  it('replaces all members, one address, part of it, and attributes', () => {
    expect(members({ op: 'replace', path: 'members', value: [{ value: 'u-1' }, { value: 'u-2' }] })).toEqual([
      { op: 'replace', ids: ['u-1', 'u-2'] },
    ]);
    const moved = {
      type: 'work',
      streetAddress: 'Talweg 1',
      locality: 'Chur',
      region: 'GR',
      postalCode: '7000',
      country: 'CH',
      primary: true,
    };
    expect(patch({ op: 'replace', path: 'addresses[type eq "work"]', value: moved }).resource.addresses).toEqual([
      moved,
      (stored.addresses as JsonObject[])[1],
    ]);
    expect(
      patch({ op: 'replace', path: 'addresses[type eq "work"].streetAddress', value: 'Talweg 2' }).resource.addresses,
    ).toEqual([
      { ...(stored.addresses as JsonObject[])[0], streetAddress: 'Talweg 2' },
      (stored.addresses as JsonObject[])[1],
    ]);
    expect(
      patch({
        op: 'replace',
        value: { emails: [{ value: 'v@larch.example', type: 'work', primary: true }], nickName: 'V' },
      }).changed,
    ).toEqual(['nickName', 'emails']);
  });
});
