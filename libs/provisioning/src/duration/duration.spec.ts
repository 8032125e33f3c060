import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDuration, compareDurations, durationSchema, millisecondsOf } from './index.ts';

const problemOf = (text: string) => durationSchema.safeParse(text).error?.issues[0]?.message;
const hour = 3_600_000;

describe('R44: a duration', () => {
  it.each<[string, number]>([
    ['PT0S', 0],
    ['P1D', 24 * hour],
    ['P7D', 7 * 24 * hour],
    ['P3W', 21 * 24 * hour],
    ['P1W2DT3H4M5S', 9 * 24 * hour + 3 * hour + 245_000],
    ['PT90M', 1.5 * hour],
    ['P0D', 0],
  ])('%s is read', (text, length) => {
    expect(problemOf(text)).toBeUndefined();
    expect(millisecondsOf(text)).toBe(length);
  });

  it.each(['P1M', 'P1Y', 'P2Y3M', 'P1M2D', 'P1MT1H'])('%s is refused, because months and years vary', (text) => {
    expect(problemOf(text)).toMatch(/^Months and years are refused/);
  });

  it.each(['', 'P', 'PT', 'P1DT', '1D', 'P-1D', 'p1d', 'PT1.5H', 'P1H', 'PT1D', 'P1D ', 'P99999999D'])(
    '%j is refused',
    (text) => {
      expect(problemOf(text)).toMatch(/^Must be an ISO 8601 duration/);
      expect(() => millisecondsOf(text)).toThrow(RangeError);
    },
  );

  it('is added to an instant in UTC, whatever the clocks of a country do', () => {
    expect(addDuration('2026-03-28T12:00:00.000Z', 'P1D')).toBe('2026-03-29T12:00:00.000Z');
    expect(addDuration('2026-03-28T12:00:00+02:00', 'PT0S')).toBe('2026-03-28T10:00:00.000Z');
  });

  it('is compared by its length', () => {
    expect(compareDurations('P1D', 'PT24H')).toBe(0);
    expect(compareDurations('P1D', 'P1W')).toBeLessThan(0);
    fc.assert(
      fc.property(
        fc.nat(9999),
        fc.nat(9999),
        (one, other) => Math.sign(compareDurations(`PT${one}M`, `PT${other}M`)) === Math.sign(one - other),
      ),
    );
  });
});
