import { fakeKind } from '../testing/fake-kind.ts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Person } from '../mapping/index.ts';
import {
  type Condition,
  type Rule,
  type RuleAction,
  evaluateRules,
  putRules,
  ruleSchema,
  validateRules,
} from './index.ts';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const personIn = (department?: string): Person => ({
  id: 'ada',
  appRoles: [],
  resource: {
    userName: 'ada@acme.example',
    active: true,
    emails: [{ value: 'ada@acme.example' }, { value: 'ada@second.example' }],
    ...(department === undefined ? {} : { [enterprise]: { department } }),
  },
});

const rule = (id: string, conditions: Condition[], actions: RuleAction[], more: Partial<Rule> = {}): Rule => ({
  id,
  name: id,
  enabled: true,
  match: 'all',
  conditions,
  actions,
  ...more,
});

const isSales: Condition = { source: 'department', operator: 'equals', value: 'Sales' };
const toGroup = (value: string): RuleAction => ({ type: 'setEntitlement', kind: 'group', value });
const alsoGroup = (value: string): RuleAction => ({ type: 'addEntitlement', kind: 'group', value });
const nothing = { attributes: {}, targetRules: {}, entitlements: {}, skip: false, applied: [] };

const outcome = (person: Person, ...rules: Rule[]) =>
  evaluateRules(rules, person, new Set(['board']), fakeKind.readTarget);

describe('R59: Sales becomes Sales and Marketing', () => {
  const salesAndMarketing = rule('sales', [isSales], [toGroup('Sales and Marketing')]);

  it('for those in the department', () => {
    expect(outcome(personIn('Sales'), salesAndMarketing)).toEqual({
      ...nothing,
      entitlements: { group: { set: true, values: ['Sales and Marketing'] } },
      applied: ['sales'],
    });
  });

  it('and no longer after the department has changed', () => {
    expect(outcome(personIn('Support'), salesAndMarketing)).toEqual(nothing);
  });

  it('and not while the rule is off', () => {
    expect(outcome(personIn('Sales'), { ...salesAndMarketing, enabled: false })).toEqual(nothing);
  });
});

describe('R59: a condition', () => {
  it.each<[Condition, boolean]>([
    [{ source: 'department', operator: 'equals', value: 'SALES emea' }, true],
    [{ source: 'department', operator: 'equals', value: 'Sales' }, false],
    [{ source: 'department', operator: 'notEquals', value: 'sales' }, true],
    [{ source: 'department', operator: 'notEquals', value: 'sales EMEA' }, false],
    [{ source: 'title', operator: 'notEquals', value: 'Boss' }, true],
    [{ source: 'department', operator: 'contains', value: 'LES' }, true],
    [{ source: 'department', operator: 'startsWith', value: 'sal' }, true],
    [{ source: 'department', operator: 'startsWith', value: 'emea' }, false],
    [{ source: 'department', operator: 'endsWith', value: 'emea' }, true],
    [{ source: 'department', operator: 'in', value: ['Support', 'sales emea'] }, true],
    [{ source: 'department', operator: 'in', value: [] }, false],
    [{ source: 'title', operator: 'in', value: [''] }, false],
    [{ source: 'department', operator: 'present' }, true],
    [{ source: 'title', operator: 'present' }, false],
    [{ source: 'title', operator: 'absent' }, true],
    [{ source: 'department', operator: 'absent' }, false],
    [{ operator: 'memberOf', value: 'board' }, true],
    [{ operator: 'memberOf', value: 'BOARD' }, false],
    [{ source: 'active', operator: 'equals', value: true }, true],
    [{ source: 'accountEnabled', operator: 'equals', value: 'False' }, false],
    [{ source: 'emails.value', operator: 'endsWith', value: '@SECOND.example' }, true],
    [{ source: 'emails.value', operator: 'notEquals', value: 'ada@second.example' }, false],
  ])('%j holds: %s', (condition, holds) => {
    expect(outcome(personIn('Sales EMEA'), rule('r', [condition], [{ type: 'skip' }])).skip).toBe(holds);
  });

  it('of which all must hold, or any', () => {
    const conditions: Condition[] = [isSales, { source: 'title', operator: 'present' }];
    const skips = (match: Rule['match'], some: Condition[]) =>
      outcome(personIn('Sales'), rule('r', some, [{ type: 'skip' }], { match })).skip;
    expect([skips('all', conditions), skips('any', conditions), skips('all', []), skips('any', [])]).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});

describe('R59: on conflict the later rule wins', () => {
  const ada = personIn('Sales');

  it('about an attribute, in whatever spelling', () => {
    const { attributes, applied } = outcome(
      ada,
      rule(
        'one',
        [],
        [
          { type: 'setAttribute', target: 'department', value: 'A' },
          { type: 'setAttribute', target: 'active', value: 'False' },
        ],
      ),
      rule(
        'two',
        [],
        [{ type: 'setAttribute', target: `${enterprise}:Department`, expression: 'Append([department], "!")' }],
      ),
    );
    expect(attributes).toEqual({ active: false, [`${enterprise}:Department`]: 'Sales!' });
    expect(applied).toEqual(['one', 'two']);
  });

  it('about the role', () => {
    expect(
      outcome(
        ada,
        rule('one', [], [{ type: 'setRole', value: 'USER' }]),
        rule('two', [], [{ type: 'setRole', value: 'ADMIN' }]),
      ).role,
    ).toBe('ADMIN');
  });

  it('about an entitlement that it sets, of that kind alone', () => {
    const { entitlements } = outcome(
      ada,
      rule('one', [], [toGroup('A'), alsoGroup('B'), { type: 'addEntitlement', kind: 'role', value: 'r' }]),
      rule('two', [], [toGroup('C'), toGroup('D')]),
      rule('three', [], [alsoGroup('E'), alsoGroup('C')]),
    );
    expect(entitlements).toEqual({
      group: { set: true, values: ['D', 'E', 'C'] },
      role: { set: false, values: ['r'] },
    });
  });

  it('but nothing undoes "do not provision"', () => {
    expect(
      outcome(ada, rule('one', [], [{ type: 'skip' }]), rule('two', [], [{ type: 'setRole', value: 'USER' }])),
    ).toMatchObject({ skip: true, role: 'USER' });
  });

  it('as if only the last had been there, whatever came before', () => {
    const groups = fc.array(
      fc.constantFrom('A', 'B', 'C').chain((value) => fc.constantFrom(toGroup(value), alsoGroup(value))),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(fc.array(groups, { maxLength: 4 }), fc.constantFrom('A', 'B', 'C'), (before, value) => {
        const rules = before.map((actions, index) => rule(String(index), [], actions));
        const last = rule('last', [], [toGroup(value)]);
        expect(outcome(ada, ...rules, last).entitlements).toEqual(outcome(ada, last).entitlements);
      }),
    );
  });
});

describe('R59: rules in a request', () => {
  const good = {
    name: 'Sales',
    enabled: true,
    match: 'all',
    conditions: [isSales],
    actions: [toGroup('Sales and Marketing')],
  };

  it('have the shape of PUT /rules', () => {
    expect(putRules.parse({ rules: [good, { ...good, id: 'kept' }] })).toEqual({
      rules: [good, { ...good, id: 'kept' }],
    });
  });

  it.each([
    [{ ...good, match: 'some' }],
    [{ ...good, actions: [] }],
    [{ ...good, more: 1 }],
    [{ ...good, conditions: [{ source: 'department', operator: 'in', value: 'Sales' }] }],
    [{ ...good, conditions: [{ source: 'department', operator: 'equals' }] }],
    [{ ...good, conditions: [{ source: 'department', operator: 'present', value: 'x' }] }],
    [{ ...good, conditions: [{ source: 'department', operator: 'like', value: 'x' }] }],
    [{ ...good, actions: [{ type: 'setAttribute', target: 'title' }] }],
    [{ ...good, actions: [{ type: 'setAttribute', target: 'title', value: 'x', expression: '[y]' }] }],
    [{ ...good, actions: [{ type: 'setEntitlement', kind: 'car', value: 'x' }] }],
  ])('are refused as %j', (body) => {
    expect(ruleSchema.safeParse(body).success).toBe(false);
  });

  it('are refused for what is unknown in them, and where', () => {
    const conditions: Condition[] = [
      { source: 'shoeSize', operator: 'present' },
      { operator: 'memberOf', value: 'x' },
    ];
    const actions: RuleAction[] = [
      { type: 'setAttribute', target: 'id', value: 'x' },
      { type: 'setAttribute', target: 'title', expression: 'Trim([x])' },
      { type: 'skip' },
    ];
    expect(
      validateRules([rule('fine', [isSales], [toGroup('A')]), rule('wrong', conditions, actions)], fakeKind.readTarget),
    ).toMatchObject([
      { code: 'mapping/source', field: 'rules[1].conditions[0].source' },
      { code: 'mapping/target', field: 'rules[1].actions[0].target' },
      { code: 'mapping/expression', field: 'rules[1].actions[1].expression', position: 5 },
    ]);
  });
});
