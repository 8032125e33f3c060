import { describe, expect, it } from '@jest/globals';
import { accountIdOf } from '../account/account.aggregate.ts';
import { firstState, type AccountState, type PresentAccount } from '../account/account.state.ts';
import type { KnownGroups, KnownPerson } from '../people/find-person.ts';
import { fakeKind } from '../testing/fake-kind.ts';
import { appConfig } from '../testing/app-config.ts';
import { evaluatePerson, type Views } from './evaluate-person.ts';

const joined = '2026-01-01T00:00:00.000Z';
const monday = '2026-01-05T09:00:00.000Z';
const tuesday = '2026-01-06T09:00:00.000Z';
const now = '2026-01-07T09:00:00.000Z';

const person = (parts: Partial<KnownPerson> = {}): KnownPerson => ({
  tenantId: 'acme',
  id: 'ada',
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
      appSince: joined,
      person: person(),
      groups: groups(),
      tenant: { primaryDomain: 'plum.example', domainSince: joined },
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
      ruleIds: ['five'],
      rulesVersion: 5,
      plan: { attributes: { title: 'five' } },
    });
    for (const remote of ['none', 'deleted'] as const)
      expect(evaluated({ app }, there(4, remote)).rulesVersion).toBe(5);
    expect(evaluated({ app }, there(4))).toMatchObject({ ruleIds: ['four'], rulesVersion: 4 });
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
    ).toEqual([{ trigger: 'suspended', since: monday }]);
  });

  it('of a deleted person that alone, with the others left as they are', () => {
    expect(evaluated({ app: scoped, person: person({ deletedAt: tuesday }) })).toMatchObject({
      triggers: [{ trigger: 'deleted', since: tuesday }],
      unsure: ['turnedOff'],
    });
    expect(evaluated({ person: person({ deletedAt: tuesday, active: false }) }).unsure).toEqual([
      'turnedOff',
      'suspended',
    ]);
  });

  it('of who left the group since they left it, and of whom an admin’s edit put outside since that', () => {
    expect(triggersOf({ app: scoped, groups: groups({ directUntil: new Map([['staff', monday]]) }) })).toEqual([
      { trigger: 'turnedOff', since: monday },
    ]);
    expect(
      triggersOf({ app: scoped, appSince: tuesday, groups: groups({ directUntil: new Map([['staff', monday]]) }) }),
    ).toEqual([{ trigger: 'turnedOff', since: tuesday }]);
    expect(triggersOf({ app: scoped, appSince: null })).toEqual([{ trigger: 'turnedOff', since: now }]);
  });

  it('R62: of who is both outside and deactivated each by itself', () => {
    expect(
      triggersOf({
        app: scoped,
        appSince: tuesday,
        person: person({ active: false, since: { ...person().since, active: monday } }),
      }),
    ).toEqual([
      { trigger: 'suspended', since: monday },
      { trigger: 'turnedOff', since: tuesday },
    ]);
  });

  it('R43: of who was archived since then', () => {
    expect(triggersOf({ person: person({ archived: true, since: { ...person().since, archived: monday } }) })).toEqual([
      { trigger: 'turnedOff', since: monday },
    ]);
  });

  it('and of who is in scope and active there is none', () => {
    expect(evaluated({ app: scoped, groups: groups({ direct: new Set(['staff']) }) })).toMatchObject({
      triggers: [],
      scope: { in: true },
    });
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
