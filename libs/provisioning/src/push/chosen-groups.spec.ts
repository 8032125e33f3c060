import { describe, expect, it } from '@jest/globals';
import { noPushes, type Pushes } from '../app/app-config.ts';
import { appConfig } from '../testing/app-config.ts';
import { chosenMode, matchesPattern, scopedGroups } from './chosen-groups.ts';

const bakers = { id: 'g1', displayName: 'Team Bakers', deleted: false };
const mode = (pushes: Partial<Pushes>, group = bakers, inScope = true) =>
  chosenMode({ pushes: { ...noPushes, ...pushes } }, group, () => inScope);

describe('R89: groups are chosen', () => {
  it('one by one, by name, or because they are in scope', () => {
    expect(mode({})).toBeUndefined();
    expect(mode({ groups: [{ id: 'g1', mode: 'mirror' }] })).toBe('mirror');
    expect(mode({ names: [{ pattern: 'team *', mode: 'mirror' }] })).toBe('mirror');
    expect(mode({ allInScope: true })).toBe('merge');
    expect(mode({ allInScope: true }, bakers, false)).toBeUndefined();
  });
  it('by the most particular choice', () => {
    const names = [{ pattern: 'Team*', mode: 'mirror' as const }];
    expect(mode({ groups: [{ id: 'g1', mode: 'merge' }], names })).toBe('merge');
    expect(mode({ names, allInScope: true })).toBe('mirror');
  });
  it('as long as they exist', () =>
    expect(mode({ groups: [{ id: 'g1', mode: 'merge' }] }, { ...bakers, deleted: true })).toBeUndefined());

  it.each([
    ['Bakers', 'bakers', true],
    ['Bakers', 'Bakers 2', false],
    ['*', '', true],
    ['Team *', 'team a', true],
    ['Team *', 'Teams', false],
    ['* Ltd', 'Acme ltd', true],
    ['a*b*c', 'axxbyyc', true],
    ['a*b*c', 'acb', false],
    ['aa*a', 'aa', false],
    ['(a+)+$', 'aaaa', false],
    ['Ärzte*', 'A\u0308rzte Nord', true],
  ])('%s as a pattern of %s: %s', (pattern, name, isMatch) => expect(matchesPattern(pattern, name)).toBe(isMatch));

  it('in scope are those that the scope names, else those that are assigned', () => {
    const groups = [{ id: 'g1', nested: true }];
    const assignments = [{ kind: 'groups' as const, id: 'g2' }];
    const scope = (assignment: 'everyone' | 'assigned', named = groups) => ({
      assignment,
      groups: named,
      orgUnits: [],
    });
    expect(scopedGroups(appConfig({ scope: scope('everyone', []) }))).toBe('everything');
    expect(scopedGroups(appConfig({ scope: scope('everyone') }))).toEqual(groups);
    expect(scopedGroups(appConfig({ scope: scope('assigned', []), assignments }))).toEqual([
      { id: 'g2', nested: false },
    ]);
  });
});
