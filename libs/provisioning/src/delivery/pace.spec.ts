import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { backoffMs } from './backoff.ts';
import { circuitBreaker } from './circuit-breaker.ts';
import { limiter } from './limiter.ts';

describe('the wait between two tries', () => {
  it('doubles up to a bound, and is spread between half of it and all of it', () => {
    const bounds = { baseMs: 1000, capMs: 600_000 };
    expect([0, 1, 2, 20].map((attempts) => backoffMs(attempts, bounds, () => 1))).toEqual([1000, 2000, 4000, 600_000]);
    fc.assert(
      fc.property(fc.nat(200), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, chance) => {
        const [wait, full] = [backoffMs(attempts, bounds, () => chance), backoffMs(attempts, bounds, () => 1)];
        expect(wait).toBeGreaterThanOrEqual(full / 2);
        expect(wait).toBeLessThanOrEqual(full);
      }),
    );
  });
});

describe('the circuit breaker of an app', () => {
  const broken = () => {
    let at = 0;
    const breaker = circuitBreaker({ baseMs: 100, capMs: 1000, now: () => at });
    for (let n = 0; n < 5; n++) breaker.failed('git');
    return { breaker, pass: (ms: number) => (at += ms) };
  };

  it('leaves it alone after five failures in a row, then lets one call at a time try', () => {
    const { breaker, pass } = broken();
    expect(breaker.resting()).toEqual(['git']);
    pass(100);
    expect([breaker.resting(), breaker.onTrial()]).toEqual([[], ['git']]);
  });

  it('leaves it alone for longer each time, up to a bound', () => {
    const { breaker, pass } = broken();
    pass(100);
    breaker.failed('git');
    pass(199);
    expect(breaker.resting()).toEqual(['git']);
    for (let n = 0; n < 50; n++) breaker.failed('git');
    pass(1000);
    expect(breaker.resting()).toEqual([]);
  });

  it('forgets its troubles with the first success, and knows each app by itself', () => {
    const { breaker } = broken();
    breaker.failed('chat');
    expect(breaker.resting()).toEqual(['git']);
    breaker.succeeded('git');
    expect([breaker.resting(), breaker.onTrial()]).toEqual([[], []]);
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
