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
