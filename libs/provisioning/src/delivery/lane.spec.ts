import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { grown, ROUND_TRIP_MS, shrunk, slowness, startWindow } from './aimd.ts';
import { isBroken, recentCalls } from './breaker.ts';
import { openLane } from './lane.ts';
import { startRate } from './rate.ts';

const clock = () => {
  const time = { at: 1_000_000 };
  return { now: () => time.at, pass: (ms: number) => void (time.at += ms) };
};
const unavailable = { kind: 'unavailable', reason: '503' } as const;

describe('R96: the window of an app', () => {
  it('starts at four, or less where the app takes less, and grows by one for a window of successes', () => {
    expect([startWindow(16).size, startWindow(2).size]).toEqual([4, 2]);
    let window = startWindow(16);
    for (let n = 0; n < 4; n++) window = grown(window, 16);
    expect(Math.round(window.size)).toBe(5);
    for (let n = 0; n < 1000; n++) window = grown(window, 16);
    expect(window.size).toBe(16);
  });

  it('halves at most once for each round trip, and never below one', () => {
    let window = shrunk(startWindow(16), { beganAt: 0, now: 10 });
    expect(window.size).toBe(2);
    // Began before the window was halved, or ended right after.
    window = shrunk(window, { beganAt: 5, now: 10 + ROUND_TRIP_MS });
    window = shrunk(window, { beganAt: 11, now: 12 });
    expect(window.size).toBe(2);
    window = shrunk(window, { beganAt: 11, now: 10 + ROUND_TRIP_MS });
    expect(window.size).toBe(1);
    expect(shrunk(window, { beganAt: 2 * ROUND_TRIP_MS, now: 3 * ROUND_TRIP_MS }).size).toBe(1);
  });

  it('halves for a call that takes three times as long as most, once there is something to compare it with', () => {
    const isSlow = slowness();
    expect(isSlow(5000)).toBe(false);
    for (let n = 0; n < 30; n++) expect(isSlow(100 + n)).toBe(false);
    expect([isSlow(300), isSlow(400)]).toEqual([false, true]);
  });
});

describe('R96: the circuit breaker of an app', () => {
  const after = (good: number, bad: number, isWrite = false) => {
    const recent = recentCalls(clock().now);
    for (let n = 0; n < good; n++) recent.called('good', isWrite);
    for (let n = 0; n < bad; n++) recent.called('bad', isWrite);
    return isBroken(recent.sum());
  };

  it('opens at 90 % of at least 20 calls, not at half of any number', () => {
    expect([after(2, 18), after(3, 17), after(500, 500)]).toEqual([true, false, false]);
    expect(after(1, 17)).toBe(false);
  });

  it('opens after five calls where none was good: one waiting person is enough to notice an outage', () => {
    expect([after(0, 4), after(0, 5)]).toEqual([false, true]);
  });

  it('opens where all changes fail, although questions are answered', () => {
    const recent = recentCalls(clock().now);
    for (let n = 0; n < 100; n++) recent.called('good', false);
    for (let n = 0; n < 5; n++) recent.called('bad', true);
    expect(isBroken(recent.sum())).toBe(true);
  });

  it('forgets what is older than a minute', () => {
    const { now, pass } = clock();
    const recent = recentCalls(now);
    for (let n = 0; n < 30; n++) recent.called('bad', false);
    pass(59_000);
    expect(isBroken(recent.sum())).toBe(true);
    pass(1000);
    expect(recent.sum().calls).toEqual({ good: 0, bad: 0 });
  });
});

describe('R96: the lane of an app', () => {
  const opened = () => {
    const { now, pass } = clock();
    const lane = openLane(16, now);
    return {
      lane,
      pass,
      call: (failure?: Parameters<typeof lane.called>[0]['failure']) =>
        lane.called({ isWrite: true, beganAt: now(), ...(failure && { failure }) }),
    };
  };

  it('counts refusals, conflicts, missing objects and throttling neither for nor against the app', () => {
    const { lane, call } = opened();
    for (let n = 0; n < 30; n++) {
      call({ kind: 'refused', code: 'app/refused', reason: '400' });
      call({ kind: 'conflict', reason: '409' });
      call({ kind: 'gone', reason: '404' });
      call({ kind: 'throttled', reason: '429' });
    }
    expect([lane.isBroken(), lane.failureRatio()]).toEqual([false, 0]);
  });

  it('pauses for as long as the app asks, then goes on at 70 % of the rate that was throttled', () => {
    const { lane, pass, call } = opened();
    for (let n = 0; n < 20; n++) {
      lane.rate.began();
      pass(100);
    }
    call({ kind: 'throttled', reason: '429', afterMs: 5000 });
    expect([lane.pauseLeft(), lane.state()]).toEqual([5000, 'throttled']);
    pass(5000);
    expect(lane.pauseLeft()).toBe(0);
    // Ten a second were throttled: seven a second are left, and one to begin with.
    let begun = 0;
    for (let n = 0; n < 30; n++) {
      if (lane.rate.allowed() > 0) {
        lane.rate.began();
        begun += 1;
      }
      pass(100);
    }
    expect(begun).toBeGreaterThanOrEqual(20);
    expect(begun).toBeLessThanOrEqual(24);
  });

  it('is degraded while a fifth of its calls fail, and healthy again below a tenth', () => {
    const { lane, call } = opened();
    for (let n = 0; n < 8; n++) call();
    for (let n = 0; n < 2; n++) call(unavailable);
    expect(lane.state()).toBe('degraded');
    for (let n = 0; n < 9; n++) call();
    expect(lane.state()).toBe('degraded');
    call();
    call();
    expect(lane.state()).toBe('healthy');
  });

  it('keeps room for somebody new, however many are tried again', () => {
    const { lane } = opened();
    expect(lane.allowance()).toEqual({ fresh: 4, retries: 2 });
    lane.running.retries = 2;
    expect(lane.allowance()).toEqual({ fresh: 2, retries: 0 });
    lane.running.retries = 4;
    expect(lane.allowance()).toEqual({ fresh: 1, retries: 0 });
    lane.running.fresh = 1;
    expect(lane.allowance()).toEqual({ fresh: 0, retries: 0 });
  });
});

describe('R96: the rate of an app', () => {
  it('is bound to what was throttled once, however many answers say so, and free again in the end', () => {
    const { now, pass } = clock();
    const rate = startRate(now);
    expect(rate.allowed()).toBe(Infinity);
    rate.began();
    const beganAt = now();
    pass(10);
    rate.throttled({ beganAt, resumesAt: now() });
    pass(10);
    rate.throttled({ beganAt, resumesAt: now() + 60_000 });
    expect([rate.isBound(), rate.allowed()]).toEqual([true, 1]);
    pass(200_000);
    expect([rate.isBound(), rate.allowed()]).toEqual([false, Infinity]);
  });

  it('never stops altogether', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2000), { maxLength: 30 }), (pauses) => {
        const { now, pass } = clock();
        const rate = startRate(now);
        for (const ms of pauses) {
          rate.throttled({ beganAt: now(), resumesAt: now() });
          pass(ms);
        }
        pass(5000);
        expect(rate.allowed()).toBeGreaterThan(0);
      }),
    );
  });
});
