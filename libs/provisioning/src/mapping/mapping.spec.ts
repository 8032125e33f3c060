import { describe, expect, it } from '@jest/globals';
import {
  type Mapping,
  type Person,
  additiveTargets,
  attributesConfig,
  desiredAttributes,
  emptyMandatory,
  canonicalAttributes,
  matchKeysFor,
  validateAttributes,
} from './index.ts';
import { fakeKind } from '../testing/fake-kind.ts';

const { readTarget } = fakeKind;

const workEmail = 'emails[type eq "work"].value';

const ada: Person = {
  id: 'ada',
  appRoles: ['ADMIN', 'USER'],
  resource: {
    userName: 'ada@acme.example',
    name: { givenName: 'Ada' },
    active: true,
    emails: [{ value: 'ada@acme.example', type: 'work' }],
    addresses: [{ country: 'Netherlands' }],
    roles: [{ value: 'a' }, { value: 'b' }],
  },
};

const direct = (target: string, source: string, more: Partial<Mapping> = {}) =>
  ({ kind: 'direct', target, source, apply: 'always', ...more }) as Mapping;
const expression = (target: string, text: string, more: Partial<Mapping> = {}) =>
  ({ kind: 'expression', target, expression: text, apply: 'always', ...more }) as Mapping;
const constant = (target: string, value: string | number | boolean | string[]): Mapping => ({
  kind: 'constant',
  target,
  value,
  apply: 'always',
});

const creating = (...mappings: Mapping[]) => desiredAttributes(mappings, ada, { creating: true, readTarget });
const updating = (...mappings: Mapping[]) => desiredAttributes(mappings, ada, { creating: false, readTarget });

describe('R36: a mapping', () => {
  it('is direct, constant or an expression', () => {
    expect(
      creating(
        direct(workEmail, 'mail'),
        constant('userType', 'Employee'),
        expression(
          'timezone',
          'Switch([country], "Asia/Tokyo", "United States", "America/New_York", "Netherlands", "Europe/Amsterdam")',
        ),
      ),
    ).toEqual({ [workEmail]: 'ada@acme.example', userType: 'Employee', timezone: 'Europe/Amsterdam' });
  });

  it('falls back to its default where the value is empty', () => {
    expect(
      creating(
        direct('title', 'jobTitle', { default: 'Staff' }),
        expression('nickName', 'Trim([jobTitle])', { default: 'none' }),
      ),
    ).toEqual({ title: 'Staff', nickName: 'none' });
  });

  it('falls back to its default where the value does not fit the target', () => {
    expect(creating(direct('active', 'userName', { default: false }))).toEqual({ active: false });
  });

  it('clears what has neither value nor default', () => {
    expect(creating(direct('title', 'jobTitle'), constant('nickName', ''))).toEqual({ title: null, nickName: null });
  });

  it('that applies on create says nothing later', () => {
    const once = direct('timezone', 'country', { apply: 'create' });
    expect(creating(once)).toEqual({ timezone: 'Netherlands' });
    expect(updating(once, direct('userName', 'userName'))).toEqual({ userName: 'ada@acme.example' });
  });

  it('may ask to leave an attribute as it is when there is no value', () => {
    expect(
      creating(
        expression('title', 'IgnoreFlowIfNullOrEmpty([jobTitle])'),
        expression('nickName', 'IgnoreFlowIfNullOrEmpty([givenName])'),
      ),
    ).toEqual({ nickName: 'Ada' });
  });
});

describe('R36: the value of a target has its type', () => {
  it.each<[Mapping, unknown]>([
    [expression('active', 'Switch([isSoftDeleted],, "False", "True", "True", "False")'), true],
    [constant('active', 'fAlse'), false],
    [constant('active', 'maybe'), null],
    [constant('title', 7), '7'],
    [constant('title', true), 'True'],
    [direct('title', 'emails.value'), 'ada@acme.example'],
    [direct('roles', 'roles'), [{ value: 'a' }, { value: 'b' }]],
    [constant('roles', ['x', 'y']), [{ value: 'x' }, { value: 'y' }]],
    [constant('entitlements', 'x'), [{ value: 'x' }]],
    [constant('manager', 'bob'), { value: { ref: 'bob' } }],
    [expression('roles[primary eq "True"].value', 'SingleAppRoleAssignment([appRoleAssignments])'), 'ADMIN'],
    [constant('roles[value eq "x"].primary', 'True'), true],
    [constant('urn:acme:schemas:2.0:User:badge', 'red'), 'red'],
  ])('%j', (mapping, value) => {
    expect(creating(mapping)).toEqual({ [mapping.target]: value });
  });
});

describe('R35: a configuration of attributes', () => {
  const mandatory = ['userName', workEmail];
  const good = {
    matching: [{ source: 'userName', target: 'userName' }],
    mappings: [direct('userName', 'userName'), direct('emails[TYPE eq "work"].value', 'mail')],
  };
  const problemsOf = (...mappings: Mapping[]) =>
    validateAttributes(
      canonicalAttributes({ ...good, mappings: [...good.mappings, ...mappings] }, readTarget),
      mandatory,
      readTarget,
    );

  it('is fine when all that is mandatory is mapped, in whatever spelling', () => {
    expect(validateAttributes(canonicalAttributes(good, readTarget), mandatory, readTarget)).toEqual([]);
  });

  it('is refused without a mandatory target', () => {
    expect(validateAttributes({ ...good, mappings: [direct('userName', 'userName')] }, mandatory, readTarget)).toEqual([
      { code: 'mapping/mandatory', field: 'mappings', message: `${workEmail} must be mapped.` },
    ]);
  });

  it.each<[Mapping, object]>([
    [direct('nickName', 'shoeSize'), { code: 'mapping/source', field: 'mappings[2].source' }],
    [
      direct('shoeSize', 'userName'),
      { code: 'mapping/target', field: 'mappings[2].target', message: 'There is no attribute shoeSize.' },
    ],
    [direct('id', 'userName'), { code: 'mapping/target', message: "id can't be set." }],
    [direct('groups', 'userName'), { code: 'mapping/target', message: "groups can't be set." }],
    [direct('password', 'userName'), { code: 'mapping/target', message: "password can't be set." }],
    [direct('USERNAME', 'mail'), { code: 'mapping/target-twice', field: 'mappings[2].target' }],
    [
      expression('timezone', 'Switch([country], )'),
      { code: 'mapping/expression', field: 'mappings[2].expression', position: 18 },
    ],
    [
      expression('timezone', 'Trim([shoeSize])'),
      { code: 'mapping/expression', field: 'mappings[2].expression', position: 5 },
    ],
  ])('is refused because of %j', (mapping, problem) => {
    expect(problemsOf(mapping)).toEqual([expect.objectContaining(problem)]);
  });

  it('R96: is refused where its expressions are longer together than an evaluation can pay for', () => {
    const long = Array.from({ length: 13 }, (_, index) =>
      expression(`urn:acme:2.0:X:a${index}`, `"${'x'.repeat(4000)}"`),
    );
    expect(validateAttributes({ ...good, mappings: [...good.mappings, ...long] }, mandatory, readTarget)).toEqual([
      { code: 'mapping/expression', field: 'mappings', message: expect.stringContaining('at most 50000 characters') },
    ]);
  });

  it('R38: is refused when nothing, or nothing known, finds an existing account', () => {
    expect(validateAttributes({ ...good, matching: [] }, mandatory, readTarget)).toMatchObject([
      { code: 'mapping/matching', field: 'matching' },
    ]);
    expect(
      validateAttributes({ ...good, matching: [{ source: 'x', target: 'y' }] }, mandatory, readTarget),
    ).toMatchObject([{ field: 'matching[0].source' }, { field: 'matching[0].target' }]);
  });

  it('has the shape of PUT /attributes', () => {
    const parsed = attributesConfig.parse({
      matching: good.matching,
      mappings: [{ target: 'title', kind: 'direct', source: 'jobTitle' }],
    });
    expect(parsed.mappings).toEqual([direct('title', 'jobTitle')]);
    for (const wrong of [
      { kind: 'direct', target: 'title' },
      { kind: 'constant', target: 'title', value: 'x', default: 'y' },
      { kind: 'direct', target: 'title', source: 'a', more: 1 },
      { kind: 'magic', target: 'title' },
      { kind: 'direct', target: 'title', source: 'a', apply: 'never' },
    ]) {
      expect(attributesConfig.safeParse({ matching: [], mappings: [wrong] }).success).toBe(false);
    }
  });
});

describe('R35: mandatory targets', () => {
  it('are told when they would be empty', () => {
    expect(emptyMandatory({ userName: 'ada', [workEmail]: null }, ['username', workEmail, 'active'])).toEqual([
      workEmail,
      'active',
    ]);
  });
});

describe('R37: AppRoleAssignmentsComplex', () => {
  it('adds to the roles of the app, and its assertive sister replaces them', () => {
    expect(additiveTargets([expression('roles', 'AppRoleAssignmentsComplex([appRoleAssignments])')])).toEqual([
      'roles',
    ]);
    expect(
      additiveTargets([
        expression('roles', 'AssertiveAppRoleAssignmentsComplex([appRoleAssignments])'),
        expression('title', '[jobTitle]'),
      ]),
    ).toEqual([]);
  });
});

describe('R38: an existing account', () => {
  it('is looked for by each attribute in turn that the person has a value for', () => {
    const matching = [
      { source: 'employeeId', target: 'externalId' },
      { source: 'mail', target: workEmail },
      { source: 'userName', target: 'userName' },
    ];
    const quoted: Person = { ...ada, resource: { ...ada.resource, userName: 'a"da\\' } };
    expect(matchKeysFor(matching, quoted)).toEqual([
      { target: workEmail, value: 'ada@acme.example' },
      { target: 'userName', value: 'a"da\\' },
    ]);
  });
});
