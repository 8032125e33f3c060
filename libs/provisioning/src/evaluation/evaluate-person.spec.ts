import { describe, expect, it } from '@jest/globals';
import { accountIdOf } from '../account/account.aggregate.ts';
import { firstState, type AccountState, type PresentAccount } from '../account/account.state.ts';
import type { KnownGroups, KnownPerson } from '../people/find-person.ts';
import { fakeKind } from '../testing/fake-kind.ts';
import { appConfig } from '../testing/app-config.ts';
import { ENGINE, evaluatePerson, type Views } from './evaluate-person.ts';

const joined = '2026-01-01T00:00:00.000Z';
const monday = '2026-01-05T09:00:00.000Z';
const tuesday = '2026-01-06T09:00:00.000Z';
const now = '2026-01-07T09:00:00.000Z';

const person = (parts: Partial<KnownPerson> = {}): KnownPerson => ({
  tenantId: 'acme',
  id: 'ada',
  revision: 7,
  activeRevision: 5,
  resource: { userName: 'ada@plum.example', displayName: 'Ada', active: true },
  active: true,
  archived: false,
  deletedAt: null,
  since: { active: joined, archived: joined, unit: joined, domain: joined, changed: joined },
  ...parts,
});
const groups = (parts: Partial<KnownGroups> = {}): KnownGroups => ({
  direct: new Set(),
  all: new Set(),
  directUntil: new Map(),
  allUntil: new Map(),
  ...parts,
});
const evaluated = (parts: Partial<Views> = {}, account: AccountState = { kind: 'none' }) =>
  evaluatePerson(
    {
      app: appConfig(),
      readTarget: fakeKind.readTarget,
      appRevision: 12,
      groupRevisions: new Map([['staff', 41]]),
      person: person(),
      groups: groups(),
      tenant: { revision: 2, primaryDomain: 'plum.example', domainSince: joined, entitlements: true },
      causedAt: now,
      ...parts,
    },
    account,
  );

describe('R44 R47: what is planned for a person', () => {
  it('never has active in it, which is the timers’ business; only a new account is told that it is active', () => {
    const { plan } = evaluated({
      person: person({
        active: false,
        resource: { userName: 'ada@plum.example', active: false },
        since: { ...person().since, active: monday },
      }),
    });
    expect(Object.keys(plan!.attributes)).not.toContain('active');
    expect(plan!.onCreate).toEqual({ active: true });
  });

  it('has the account’s own id as externalId, unless that is mapped otherwise', () => {
    expect(evaluated().plan!.attributes['externalId']).toBe(accountIdOf('git', 'ada'));
    const { attributes } = appConfig();
    const mapped = {
      ...attributes,
      mappings: [
        ...attributes.mappings,
        { kind: 'direct' as const, target: 'externalId', source: 'userName', apply: 'always' as const },
      ],
    };
    expect(evaluated({ app: appConfig({ attributes: mapped }) }).plan!.attributes['externalId']).toBe(
      'ada@plum.example',
    );
  });

  it('R60: follows the rules of today for an account that is to be made, and those of its own plan for one that is there', () => {
    const rule = (id: string) => ({
      id,
      name: id,
      enabled: true,
      match: 'all' as const,
      conditions: [],
      actions: [{ type: 'setAttribute' as const, target: 'title', value: id }],
    });
    const app = appConfig({
      ruleSets: [
        { version: 3, rules: [rule('three')] },
        { version: 4, rules: [rule('four')] },
        { version: 5, rules: [rule('five')] },
      ],
    });
    const there = (rulesVersion: number, remote: PresentAccount['remote'] = 'active') => ({
      ...firstState('git', 'ada'),
      remote,
      rulesVersion,
    });
    expect(evaluated({ app })).toMatchObject({
      reasons: { ruleIds: ['five'] },
      rulesVersion: 5,
      plan: { attributes: { title: 'five' } },
    });
    for (const remote of ['none', 'deleted'] as const)
      expect(evaluated({ app }, there(4, remote)).rulesVersion).toBe(5);
    expect(evaluated({ app }, there(4))).toMatchObject({ reasons: { ruleIds: ['four'] }, rulesVersion: 4 });
    expect(evaluated({ app }, there(3, 'suspended')).rulesVersion).toBe(3);
    // Planned before the rules were last reapplied.
    expect(evaluated({ app }, there(1)).rulesVersion).toBe(3);
  });

  it('is nothing for who is out of scope or deleted', () => {
    expect(evaluated({ person: person({ archived: true }) }).plan).toBeNull();
    expect(evaluated({ person: person({ deletedAt: monday }) }).plan).toBeNull();
  });
});

describe('R44: a trigger holds since its own condition does', () => {
  const scoped = appConfig({
    scope: { assignment: 'everyone', groups: [{ id: 'staff', nested: false }], orgUnits: [] },
  });
  const triggersOf = (parts: Partial<Views>) => evaluated(parts).triggers;

  it('of a deactivated person since then, whatever changed later', () => {
    expect(
      triggersOf({ person: person({ active: false, since: { ...person().since, active: monday, changed: tuesday } }) }),
    ).toEqual([{ trigger: 'suspended', since: monday, origin: 'user@5' }]);
  });

  it('of a deleted person that alone, with the others left as they are', () => {
    expect(evaluated({ app: scoped, person: person({ deletedAt: tuesday }) })).toMatchObject({
      triggers: [{ trigger: 'deleted', since: tuesday, origin: 'user' }],
      unsure: ['turnedOff'],
    });
    expect(evaluated({ person: person({ deletedAt: tuesday, active: false }) }).unsure).toEqual([
      'turnedOff',
      'suspended',
    ]);
  });

  it('of who left the group since they left it, and of whom an admin’s edit put outside since that', () => {
    expect(
      triggersOf({ app: scoped, groups: groups({ directUntil: new Map([['staff', { at: monday, revision: 41 }]]) }) }),
    ).toEqual([{ trigger: 'turnedOff', since: monday, origin: 'group/staff@41' }]);
    expect(
      triggersOf({
        app: { ...scoped, scopeSince: tuesday },
        groups: groups({ directUntil: new Map([['staff', { at: monday, revision: 41 }]]) }),
      }),
    ).toEqual([{ trigger: 'turnedOff', since: tuesday, origin: 'group/staff@41' }]);
  });

  it('R62: of who is both outside and deactivated each by itself', () => {
    expect(
      triggersOf({
        app: { ...scoped, scopeSince: tuesday },
        person: person({ active: false, since: { ...person().since, active: monday } }),
      }),
    ).toEqual([
      { trigger: 'suspended', since: monday, origin: 'user@5' },
      { trigger: 'turnedOff', since: tuesday, origin: 'scope' },
    ]);
  });

  it('R43: of who was archived since then', () => {
    expect(triggersOf({ person: person({ archived: true, since: { ...person().since, archived: monday } }) })).toEqual([
      { trigger: 'turnedOff', since: monday, origin: 'scope' },
    ]);
  });

  it('and of who is in scope and active there is none', () => {
    expect(evaluated({ app: scoped, groups: groups({ direct: new Set(['staff']) }) })).toMatchObject({
      triggers: [],
      scope: { in: true },
    });
  });
});

describe('the reasons of an evaluation', () => {
  const rules = [
    {
      id: 'r3',
      name: 'Bakers',
      enabled: true,
      match: 'all' as const,
      conditions: [{ operator: 'memberOf' as const, value: 'bakers' }],
      actions: [{ type: 'setAttribute' as const, target: 'title', value: 'Baker' }],
    },
  ];
  const app = appConfig({
    scope: { assignment: 'assigned', groups: [], orgUnits: [] },
    assignments: [{ kind: 'groups', id: 'staff' }],
    ruleSets: [{ version: 0, rules }],
    attributes: {
      matching: [{ source: 'userName', target: 'userName' }],
      mappings: [
        { kind: 'direct', target: 'userName', source: 'userName', apply: 'always' },
        { kind: 'direct', target: 'nickName', source: 'displayName', apply: 'always' },
        { kind: 'constant', target: 'title', value: 'Clerk', apply: 'always' },
        { kind: 'constant', target: 'timezone', value: 'UTC', apply: 'create' },
      ],
    },
  });
  const member = groups({ direct: new Set(['staff', 'bakers']), all: new Set(['staff', 'bakers']) });
  const { reasons, origins } = evaluated({ app, groups: member });

  it('name the revisions that it saw, the answer of the scope and the rules that applied', () => {
    expect(reasons).toEqual({
      basis: {
        engine: ENGINE,
        user: 7,
        app: 12,
        tenant: 2,
        groups: [
          ['staff', 41],
          ['bakers', 0],
        ],
      },
      scope: { in: true, because: 'scope/assigned-group', by: 'staff' },
      ruleIds: ['r3'],
    });
    expect(evaluated({ app }).reasons.scope).toEqual({ in: false, because: 'scope/not-assigned' });
  });

  it('say of each target where its value comes from, and hold no value', () => {
    expect(origins).toEqual({
      userName: { by: 'mapping', n: 0 },
      nickName: { by: 'mapping', n: 1, source: 'displayName' },
      title: { by: 'rule', id: 'r3' },
      timezone: { by: 'mapping', n: 3 },
      externalId: { by: 'system' },
      active: { by: 'system' },
    });
  });

  it('stay small however many groups an app names: those of the person come first', () => {
    const many = Array.from({ length: 100 }, (_, n) => ({ id: `g${n}`, nested: false }));
    const crowded = { ...app, scope: { ...app.scope, groups: many } };
    const { basis } = evaluated({ app: crowded, groups: groups({ all: new Set(['g97']) }) }).reasons;
    expect(basis!.groups).toHaveLength(20);
    expect(basis!.groups[0]).toEqual(['g97', 0]);
  });
});

describe('R64: entitlements of rules while the tenant’s gate is closed', () => {
  it('are neither given nor taken', () => {
    const give = (value: string) => ({
      id: 'r1',
      name: 'All',
      enabled: true,
      match: 'all' as const,
      conditions: [],
      actions: [{ type: 'addEntitlement' as const, kind: 'group' as const, value }],
    });
    const app = appConfig({ ruleSets: [{ version: 0, rules: [give('Sales')] }] });
    const tenant = { revision: 3, primaryDomain: 'plum.example', domainSince: joined, entitlements: false };
    expect(evaluated({ app, tenant }).plan!.entitlements).toEqual([]);
    const held = { ...firstState('git', 'ada'), remote: 'active' as const };
    const entitled = { ...held, plan: { ...held.plan, entitlements: [{ kind: 'group' as const, value: 'Legal' }] } };
    expect(evaluated({ app, tenant }, entitled).plan!.entitlements).toEqual([{ kind: 'group', value: 'Legal' }]);
  });
});

describe('R96: the budget of an evaluation', () => {
  const evil = String.raw`Replace([title], , "(a|a|aa)*x", , "")`;
  const long = person({ resource: { ...person().resource, title: 'a'.repeat(20_000) } });
  const mapped = (expression: string, target = 'title') => ({
    kind: 'expression' as const,
    target,
    expression,
    apply: 'always' as const,
  });
  const withMappings = (...more: ReturnType<typeof mapped>[]) => {
    const { attributes } = appConfig();
    const others = attributes.mappings.filter(({ target }) => !more.some((each) => each.target === target));
    return appConfig({ attributes: { ...attributes, mappings: [...others, ...more] } });
  };
  const rule = (id: string, parts: object) => ({
    id,
    name: id,
    enabled: true,
    match: 'all' as const,
    conditions: [],
    actions: [{ type: 'skip' as const }],
    ...parts,
  });

  it('names the mapping that used it up, and plans nothing', () => {
    expect(evaluated({ app: withMappings(mapped(evil)), person: long })).toMatchObject({
      plan: null,
      problem: { code: 'mapping/too-complex', limit: 'steps', target: 'title', ruleId: null },
    });
    expect(evaluated({ app: withMappings(mapped(evil)) })).toMatchObject({ plan: { attributes: {} }, problem: null });
  });

  it('is for all mappings together, so that many dear ones use it up as one does', () => {
    const dear = (index: number) => mapped('Replace([title], , "a+b", , "")', `urn:acme:2.0:X:a${index}`);
    const some = person({ resource: { ...person().resource, title: 'a'.repeat(150) } });
    const withDear = (count: number) =>
      evaluated({ app: withMappings(...Array.from({ length: count }, (_, index) => dear(index))), person: some });
    expect(withDear(1).problem).toBeNull();
    expect(withDear(150).problem).toMatchObject({
      limit: 'steps',
      target: expect.stringContaining('urn:acme:2.0:X:a'),
    });
  });

  it('names the rule, and leaves open whether one of them would have taken the app away', () => {
    const app = appConfig({
      ruleSets: [
        {
          version: 0,
          rules: [rule('dear', { actions: [{ type: 'setAttribute', target: 'title', expression: evil }] })],
        },
      ],
    });
    expect(evaluated({ app, person: long })).toMatchObject({
      plan: null,
      problem: { target: 'title', ruleId: 'dear' },
      triggers: [],
      unsure: ['turnedOff'],
    });
    const many = Array.from({ length: 1000 }, (_, index) => `Value ${index}`);
    const listed = Array.from({ length: 200 }, (_, index) =>
      rule(`r${index}`, { conditions: [{ operator: 'in', source: 'title', value: many }] }),
    );
    expect(evaluated({ app: appConfig({ ruleSets: [{ version: 0, rules: listed }] }) })).toMatchObject({
      problem: { target: null, ruleId: expect.stringMatching(/^r/) },
    });
  });

  it('is enough for 200 mappings of the usual kind', () => {
    const usual = Array.from({ length: 200 }, (_, index) =>
      mapped(
        String.raw`ToLower(Append(Left(NormalizeDiacritics([displayName]), 3), Replace([userName], , "(?<n>[a-z]+)@.*", , "$1-${index}")))`,
        `urn:acme:2.0:X:a${index}`,
      ),
    );
    expect(evaluated({ app: withMappings(...usual) }).problem).toBeNull();
  });

  it('every text of a plan is storable, whatever the configuration says', () => {
    const { attributes } = appConfig();
    const app = appConfig({
      attributes: {
        ...attributes,
        mappings: [
          ...attributes.mappings,
          { kind: 'constant', target: 'urn:acme:2.0:X:c', value: 'a\uD83D', apply: 'always' },
          mapped('Left([nickName], 3)', 'urn:acme:2.0:X:n'),
        ],
      },
      ruleSets: [
        {
          version: 0,
          rules: [
            rule('r', {
              actions: [
                { type: 'setAttribute', target: 'urn:acme:2.0:X:r', value: 'b\0' },
                { type: 'addEntitlement', kind: 'role', value: 'c\uDE00' },
              ],
            }),
          ],
        },
      ],
    });
    const { plan } = evaluated({ app, person: person({ resource: { userName: 'ada\uD83D', nickName: 'ab😀d' } }) });
    expect(plan).toMatchObject({
      attributes: {
        userName: 'ada\uFFFD',
        'urn:acme:2.0:X:c': 'a\uFFFD',
        'urn:acme:2.0:X:n': 'ab😀',
        'urn:acme:2.0:X:r': 'b\uFFFD',
      },
      entitlements: [{ kind: 'role', value: 'c\uFFFD' }],
      matching: [{ value: 'ada\uFFFD' }],
    });
  });
});
