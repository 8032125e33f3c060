import { describe, expect, it } from '@jest/globals';
import {
  type Assignments,
  type ScopeConfig,
  type ScopeFacts,
  type ScopePerson,
  assignedRoles,
  inScope,
  isWithinUnit,
  scopeConfig,
} from './index.ts';

const ada: ScopePerson = {
  id: 'ada',
  userName: 'Ada@Acme.example',
  archived: false,
  orgUnitPath: '/Sales/Inside',
  appRoles: ['STAFF'],
};

const everyone: ScopeConfig = { assignment: 'everyone', groups: [], orgUnits: [] };
const assigned: ScopeConfig = { ...everyone, assignment: 'assigned' };

const assignments = (given: Partial<Assignments>): Assignments => ({
  users: new Map(),
  groups: new Map(),
  roles: new Map(),
  ...given,
});
const facts = (given: Partial<ScopeFacts>): ScopeFacts => ({
  primaryDomain: 'acme.example',
  assignments: assignments({}),
  directGroups: new Set(),
  allGroups: new Set(),
  skippedByRule: false,
  ...given,
});

const sellers = { directGroups: new Set(['inside']), allGroups: new Set(['inside', 'sellers']) };

describe('R39: an app for everyone', () => {
  it('has every person in scope, of any domain', () => {
    expect(inScope({ ...ada, userName: 'ada@other.example' }, everyone, facts({}))).toEqual({
      in: true,
      because: 'scope/everyone',
    });
  });
});

describe('R39: an app for those who are assigned', () => {
  it('leaves out everyone else', () => {
    expect(inScope(ada, assigned, facts({ assignments: assignments({ users: new Map([['bob', {}]]) }) }))).toEqual({
      in: false,
      because: 'scope/not-assigned',
    });
  });

  it.each<[object, Assignments]>([
    [{ because: 'scope/assigned-user' }, assignments({ users: new Map([['ada', {}]]) })],
    [{ because: 'scope/assigned-group', by: 'inside' }, assignments({ groups: new Map([['inside', {}]]) })],
    [{ because: 'scope/assigned-role', by: 'STAFF' }, assignments({ roles: new Map([['STAFF', {}]]) })],
  ])('says %j', (answer, given) => {
    expect(inScope(ada, assigned, facts({ ...sellers, assignments: given }))).toEqual({ in: true, ...answer });
  });

  it('does not count members of a group nested in the assigned one', () => {
    expect(
      inScope(ada, assigned, facts({ ...sellers, assignments: assignments({ groups: new Map([['sellers', {}]]) }) })),
    ).toEqual({ in: false, because: 'scope/not-assigned' });
  });

  it('carries roles: of the person first, then of groups, then of roles', () => {
    const given = assignments({
      users: new Map([['ada', { role: 'ADMIN' }]]),
      groups: new Map([
        ['inside', { role: 'USER' }],
        ['other', { role: 'GUEST' }],
      ]),
      roles: new Map([
        ['STAFF', {}],
        ['BOSS', { role: 'ADMIN' }],
      ]),
    });
    expect(assignedRoles(ada, facts({ ...sellers, assignments: given }))).toEqual(['ADMIN', 'USER', 'STAFF']);
  });
});

describe('R40, R26: scope groups', () => {
  const onlyDirect: ScopeConfig = { ...everyone, groups: [{ id: 'sellers', nested: false }] };
  const nested: ScopeConfig = {
    ...everyone,
    groups: [
      { id: 'board', nested: false },
      { id: 'sellers', nested: true },
    ],
  };

  it('added by itself counts its own members', () => {
    expect(inScope(ada, onlyDirect, facts(sellers))).toEqual({ in: false, because: 'scope/not-in-group' });
  });

  it('added with nested groups counts the members of these too', () => {
    expect(inScope(ada, nested, facts(sellers))).toEqual({ in: true, because: 'scope/everyone' });
  });

  it('R42: leave out people of a secondary domain', () => {
    expect(inScope({ ...ada, userName: 'ada@second.example' }, nested, facts(sellers))).toEqual({
      in: false,
      because: 'scope/other-domain',
    });
    expect(inScope({ ...ada, userName: 'ada@sub.acme.example' }, nested, facts(sellers))).toEqual({
      in: false,
      because: 'scope/other-domain',
    });
  });
});

describe('R41: organisational units', () => {
  it.each<[string | null, string, boolean]>([
    ['/Sales/Inside', '/sales', true],
    ['/Sales', '/Sales', true],
    ['/Sales/Inside', '/Sales/INSIDE/', true],
    ['/Salesforce', '/Sales', false],
    ['/Sales', '/Sales/Inside', false],
    ['/Sales', '/', true],
    [null, '/', false],
  ])('%s is in %s: %s', (path, unit, expected) => {
    expect(isWithinUnit(path, unit)).toBe(expected);
  });

  it('are asked besides the groups', () => {
    const config: ScopeConfig = { ...everyone, groups: [{ id: 'inside', nested: false }], orgUnits: ['/Support'] };
    expect(inScope(ada, config, facts(sellers))).toEqual({ in: false, because: 'scope/not-in-unit' });
    expect(inScope(ada, { ...config, orgUnits: ['/Support', '/Sales'] }, facts(sellers))).toEqual({
      in: true,
      because: 'scope/everyone',
    });
  });
});

describe('R43: archived people', () => {
  it('are outside, whatever else is true', () => {
    expect(inScope({ ...ada, archived: true }, everyone, facts({ skippedByRule: true }))).toEqual({
      in: false,
      because: 'scope/archived',
    });
  });
});

describe('R59: a rule that says skip', () => {
  it('takes a person out', () => {
    expect(inScope(ada, everyone, facts({ skippedByRule: true }))).toEqual({
      in: false,
      because: 'scope/skipped-by-rule',
    });
  });
});

describe('a scope in a request', () => {
  it('is checked', () => {
    expect(
      scopeConfig.safeParse({ assignment: 'assigned', groups: [{ id: 'g', nested: true }], orgUnits: ['/Sales', '/'] })
        .success,
    ).toBe(true);
    expect(scopeConfig.safeParse({ assignment: 'all', groups: [], orgUnits: [] }).success).toBe(false);
    expect(scopeConfig.safeParse({ ...everyone, orgUnits: ['Sales'] }).success).toBe(false);
    expect(scopeConfig.safeParse({ ...everyone, more: [] }).success).toBe(false);
  });
});
