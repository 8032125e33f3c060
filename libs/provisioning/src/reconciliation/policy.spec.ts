import { describe, expect, it } from '@jest/globals';
import { reportAll, type Reconciliation } from '../app/app-config.ts';
import { agrees } from './compare.ts';
import { byPolicy, isDue, isSuspicious } from './policy.ts';

const changes = ['title', 'displayName'].map((target) => ({ target, from: 'a', to: 'b' }));
const found = { ...agrees, kinds: ['changed', 'suspendedThere', 'entitlementAdded'] as const, changes };
const settings = (policies: Partial<Reconciliation['policies']>, targets: Reconciliation['targets'] = {}) => ({
  ...reportAll,
  policies: { ...reportAll.policies, ...policies },
  targets,
});

describe('R88: the policies', () => {
  it('report everything and repair nothing unless they say so', () => {
    expect(byPolicy(found, reportAll)).toEqual({ found, repair: { kinds: [], targets: [] } });
  });

  it('count for each target by itself', () => {
    expect(byPolicy(found, settings({ suspendedThere: 'ignore' }, { title: 'repair', displayName: 'ignore' }))).toEqual(
      {
        found: { ...found, kinds: ['changed', 'entitlementAdded'], changes: [changes[0]] },
        repair: { kinds: ['changed'], targets: ['title'] },
      },
    );
    expect(byPolicy(found, settings({ changed: 'ignore' })).found.kinds).toEqual([
      'suspendedThere',
      'entitlementAdded',
    ]);
  });
});

describe('R88: a run is suspicious', () => {
  it.each([
    ['above a twentieth missing', { linked: 1000, missing: 51, changed: 0 }, true],
    ['not at a twentieth', { linked: 1000, missing: 50, changed: 0 }, false],
    ['not of a few, however small the app is', { linked: 60, missing: 49, changed: 0 }, false],
    ['above a fifth changed', { linked: 1000, missing: 0, changed: 201 }, true],
    ['not at a fifth', { linked: 1000, missing: 0, changed: 200 }, false],
  ])('%s', (_, tally, is) => {
    expect(isSuspicious(tally)).toBe(is);
  });
});

describe('R88: a schedule', () => {
  const now = '2026-01-05T23:00:00.000Z';
  it('never begins by itself unless it is set', () => {
    expect(isDue({ every: null, window: null }, now, null)).toBe(false);
  });
  it('begins at once, and then every so often', () => {
    expect(isDue({ every: 'PT1H', window: null }, now, null)).toBe(true);
    expect(isDue({ every: 'PT1H', window: null }, now, '2026-01-05T22:00:01.000Z')).toBe(false);
    expect(isDue({ every: 'PT1H', window: null }, now, '2026-01-05T22:00:00.000Z')).toBe(true);
  });
  it('begins only in its window, also across midnight', () => {
    expect(isDue({ every: 'PT1H', window: { from: '22:00', to: '05:00' } }, now, null)).toBe(true);
    expect(isDue({ every: 'PT1H', window: { from: '22:00', to: '23:00' } }, now, null)).toBe(false);
    expect(isDue({ every: 'PT1H', window: { from: '01:00', to: '05:00' } }, now, null)).toBe(false);
  });
});
