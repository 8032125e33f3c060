import { describe, expect, it } from '@jest/globals';
import type { Value } from '../expression/index.ts';
import { type Person, entraSourceNames, isKnownSource, sourceValue } from './index.ts';

const entra = 'urn:ietf:params:scim:schemas:extension:tenure:2.0:EntraUser';
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const ada: Person = {
  id: 'ada-id',
  appRoles: ['ADMIN', 'USER'],
  resource: {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', enterprise],
    userName: 'ada@acme.example',
    name: { givenName: 'Ada', familyName: 'Lovelace' },
    title: 'Analyst',
    active: false,
    emails: [
      { value: 'ada@home.example', type: 'home' },
      { value: 'ada.work@acme.example', type: 'work', primary: true },
    ],
    phoneNumbers: [
      { value: '+1', type: 'work' },
      { value: '+2', type: 'mobile' },
      { value: '+3', type: 'fax' },
    ],
    addresses: [
      { country: 'FR', type: 'home' },
      {
        country: 'NL',
        locality: 'Utrecht',
        region: 'UT',
        postalCode: '3511',
        streetAddress: 'Oudegracht 1',
        type: 'work',
      },
    ],
    roles: [{ value: 'boss', primary: true }, { value: 'clerk' }],
    [enterprise]: {
      department: 'Sales',
      employeeNumber: '007',
      organization: 'Acme',
      manager: { value: 'bob-id', displayName: 'Bob' },
    },
    [entra]: {
      ...Object.fromEntries(
        Array.from({ length: 15 }, (_, index) => [`extensionAttribute${index + 1}`, `x${index + 1}`]),
      ),
      proxyAddresses: ['SMTP:ada@acme.example', 'smtp:a@acme.example'],
      physicalDeliveryOfficeName: 'Room 1',
      usageLocation: 'NL',
      employeeHireDate: '2026-01-05T00:00:00Z',
      onPremisesSamAccountName: 'alovelace',
      originalUserPrincipalName: 'ada@home.example',
      employeeOrgData: { division: 'Engines', costCenter: '42' },
    },
    'urn:acme:params:scim:schemas:2.0:Badge': { colour: 'red' },
  },
};

const nobody: Person = { id: 'x', appRoles: [], resource: {} };

describe("R36: Entra's names of attributes", () => {
  const table: Record<string, [Value, Value]> = {
    userPrincipalName: ['ada@acme.example', null],
    mail: ['ada.work@acme.example', null],
    mailNickname: ['ada', null],
    jobTitle: ['Analyst', null],
    surname: ['Lovelace', null],
    givenName: ['Ada', null],
    country: ['NL', null],
    city: ['Utrecht', null],
    state: ['UT', null],
    postalCode: ['3511', null],
    streetAddress: ['Oudegracht 1', null],
    mobile: ['+2', null],
    telephoneNumber: ['+1', null],
    department: ['Sales', null],
    employeeId: ['007', null],
    companyName: ['Acme', null],
    manager: ['bob-id', null],
    objectId: ['ada-id', 'x'],
    id: ['ada-id', 'x'],
    accountEnabled: [false, true],
    isSoftDeleted: [true, false],
    appRoleAssignments: [['ADMIN', 'USER'], []],
    facsimileTelephoneNumber: ['+3', null],
    ...Object.fromEntries(
      Array.from({ length: 15 }, (_, index) => [`extensionAttribute${index + 1}`, [`x${index + 1}`, null]]),
    ),
    proxyAddresses: [['SMTP:ada@acme.example', 'smtp:a@acme.example'], null],
    physicalDeliveryOfficeName: ['Room 1', null],
    usageLocation: ['NL', null],
    employeeHireDate: ['2026-01-05T00:00:00Z', null],
    onPremisesSamAccountName: ['alovelace', null],
    originalUserPrincipalName: ['ada@home.example', null],
    employeeOrgData: [[{ division: 'Engines', costCenter: '42' }], null],
    'employeeOrgData.division': ['Engines', null],
    'employeeOrgData.costCenter': ['42', null],
  };

  it('are all here', () => {
    expect(Object.keys(table).toSorted()).toEqual(entraSourceNames.toSorted());
  });

  it.each(Object.entries(table))('%s', (source, [ofAda, ofNobody]) => {
    expect(sourceValue(ada, source)).toEqual(ofAda);
    expect(sourceValue(ada, source.toUpperCase())).toEqual(ofAda);
    expect(sourceValue(nobody, source)).toEqual(ofNobody);
    expect(isKnownSource(source)).toBe(true);
  });
});

describe('R36: what stands for an attribute of Entra’s that was not sent', () => {
  const bob: Person = {
    id: 'bob',
    appRoles: [],
    resource: { userName: 'bob@acme.example', [enterprise]: { division: 'Sales', costCenter: '7' } },
  };

  it.each([
    ['originalUserPrincipalName', 'bob@acme.example'],
    ['employeeOrgData.division', 'Sales'],
    ['employeeOrgData.costCenter', '7'],
  ])('%s is %s', (source, value) => {
    expect(sourceValue(bob, source)).toBe(value);
  });
});

describe('R96: a text that can’t be stored', () => {
  it('is one that can when it leaves a source, also within an object', () => {
    const broken: Person = {
      id: 'x',
      appRoles: ['a\0b'],
      resource: { displayName: 'ab\uD83D', emails: [{ value: '\uDE00@x.example' }] },
    };
    expect(
      ['displayName', 'emails', 'mail', 'appRoleAssignments'].map((source) => sourceValue(broken, source)),
    ).toEqual(['ab\uFFFD', [{ value: '\uFFFD@x.example' }], '\uFFFD@x.example', ['a\uFFFDb']]);
  });
});

describe('R36: SCIM paths as sources', () => {
  it.each<[string, Value]>([
    ['userName', 'ada@acme.example'],
    ['USERNAME', 'ada@acme.example'],
    ['active', false],
    ['name.familyName', 'Lovelace'],
    ['emails[type eq "work"].value', 'ada.work@acme.example'],
    ['emails[type eq "other"].value', null],
    ['roles[primary eq "True"].value', 'boss'],
    ['emails.value', ['ada@home.example', 'ada.work@acme.example']],
    ['roles', [{ value: 'boss', primary: true }, { value: 'clerk' }]],
    [`${enterprise}:department`, 'Sales'],
    [`${enterprise}:manager.value`, 'bob-id'],
    ['costCenter', null],
    ['urn:acme:params:scim:schemas:2.0:Badge:colour', 'red'],
    ['urn:acme:params:scim:schemas:2.0:Badge:size', null],
    ['name', null],
  ])('%s', (source, value) => {
    expect(sourceValue(ada, source)).toEqual(value);
    expect(isKnownSource(source)).toBe(true);
  });

  it.each(['shoeSize', 'emails[type eq].value', 'name.nick', '', '__proto__', 'constructor', 'urn:acme:x:__proto__'])(
    '%j is not known, and has no value',
    (source) => {
      expect(isKnownSource(source)).toBe(false);
      expect(sourceValue(ada, source)).toBeNull();
    },
  );

  it('takes the first address and an untyped phone where none is for work', () => {
    const bob: Person = {
      ...nobody,
      resource: {
        addresses: [{ country: 'FR', type: 'home' }],
        phoneNumbers: [{ value: '+9' }],
        emails: [{ value: 'b@x.example' }],
      },
    };
    expect(['country', 'telephoneNumber', 'mail'].map((source) => sourceValue(bob, source))).toEqual([
      'FR',
      '+9',
      'b@x.example',
    ]);
  });
});
