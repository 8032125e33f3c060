import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { backoffMs, probePauseMs } from './backoff.ts';
import { failingBy } from './conclude.ts';
import { limiter } from './limiter.ts';

describe('the wait between two tries', () => {
  const bounds = { baseMs: 1000, capMs: 900_000 };
  const longest = (attempts: number, failing: number) => backoffMs(attempts, failing, bounds, () => 1);

  it('doubles up to a bound where the others succeed', () => {
    expect([0, 1, 2, 20].map((attempts) => longest(attempts, 0))).toEqual([1000, 2000, 4000, 900_000]);
  });

  it('grows slowly where every second try of the app fails, and not at all where all fail', () => {
    expect(longest(9, 0.5)).toBe(8000);
    expect(longest(50, 1)).toBe(1000);
  });

  it('is spread over all of it, so that those that failed together don’t come back together', () => {
    fc.assert(
      fc.property(
        fc.nat(200),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempts, failing, chance) => {
          const wait = backoffMs(attempts, failing, bounds, () => chance);
          expect(wait).toBeGreaterThanOrEqual(0);
          expect(wait).toBeLessThanOrEqual(Math.ceil(chance * bounds.capMs));
        },
      ),
    );
  });
});

describe('the pause between two probes', () => {
  it('grows to its cap and never beyond, so that a recovery is noticed in time', () => {
    const bounds = { baseMs: 500, capMs: 4000 };
    expect([0, 1, 2, 3, 50].map((probes) => probePauseMs(probes, bounds, () => 1))).toEqual([
      500, 1000, 2000, 4000, 4000,
    ]);
    expect(probePauseMs(0, bounds, () => 0)).toBe(375);
  });
});

describe('how long a delivery has failed', () => {
  it('counts the time between its tries, but no gap beyond the longest wait: the app was quarantined or off', () => {
    const triedAt = '2026-01-05T09:00:00.000Z';
    const at = (ms: number) => Date.parse(triedAt) + ms;
    expect(failingBy({ failingMs: 0, triedAt: null }, 900_000, at(5))).toBe(0);
    expect(failingBy({ failingMs: 1000, triedAt }, 900_000, at(60_000))).toBe(61_000);
    expect(failingBy({ failingMs: 1000, triedAt }, 900_000, at(86_400_000))).toBe(901_000);
  });
});

describe('a limiter', () => {
  it('runs no more at once than it may, also after failures', async () => {
    const limited = limiter(2);
    let [running, most] = [0, 0];
    const work = async (n: number) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running -= 1;
      if (n % 3 === 0) throw new Error('no');
    };
    await Promise.allSettled(Array.from({ length: 20 }, (_, n) => limited(() => work(n))));
    expect([running, most]).toEqual([0, 2]);
  });
});
