import type { Failure } from '../connector/index.ts';
import { grown, shrunk, slowness, startWindow } from './aimd.ts';
import { isBroken, ratioOf, recentCalls } from './breaker.ts';
import { startRate } from './rate.ts';

export type LaneState = 'healthy' | 'throttled' | 'degraded';

/** A call of the app that ended. */
export type Called = { isWrite: boolean; beganAt: number; failure?: Failure };

/** As much as an app is believed: one that is throttled may ask for an hour, one that is down for five minutes. */
const LONGEST_PAUSE_MS = { throttled: 3_600_000, unavailable: 300_000 };
const DEGRADED_FROM = 0.2;
const HEALTHY_BELOW = 0.1;
const ENOUGH_CALLS = 5;

export type Lane = ReturnType<typeof openLane>;

/** What this process knows of how an app bears its deliveries (R96). `most`: how many at once its kind allows. */
export const openLane = (most: number, now: () => number = Date.now) => {
  let window = startWindow(most);
  let pausedUntil = 0;
  let state: LaneState = 'healthy';
  const recent = recentCalls(now);
  const rate = startRate(now);
  const isSlow = slowness();
  const running = { fresh: 0, retries: 0 };

  const troubled = ({ beganAt }: Called) => void (window = shrunk(window, { beganAt, now: now() }));

  const paused = (call: Called, failure: Failure) => {
    if (failure.kind !== 'throttled' && failure.kind !== 'unavailable') return;
    const ms = Math.min(failure.afterMs ?? 0, LONGEST_PAUSE_MS[failure.kind]);
    pausedUntil = Math.max(pausedUntil, now() + ms);
    if (failure.kind === 'throttled') rate.throttled({ beganAt: call.beganAt, resumesAt: pausedUntil });
  };

  return {
    running,
    rate,
    called: (call: Called): void => {
      const { failure, isWrite, beganAt } = call;
      if (!failure) {
        recent.called('good', isWrite);
        if (isSlow(now() - beganAt)) troubled(call);
        else window = grown(window, most);
        return;
      }
      if (failure.kind === 'unavailable' || failure.kind === 'unknown') recent.called('bad', isWrite);
      if (failure.kind === 'unavailable' || failure.kind === 'unknown' || failure.kind === 'throttled') troubled(call);
      paused(call, failure);
    },
    tried: (outcome: 'good' | 'bad'): void => recent.tried(outcome),
    isBroken: (): boolean => isBroken(recent.sum()),
    /** The share of tries that fail; 0 while there are too few to tell. */
    failing: (): number => {
      const { tries } = recent.sum();
      return tries.good + tries.bad < ENOUGH_CALLS ? 0 : ratioOf(tries);
    },
    pauseLeft: (): number => Math.max(0, pausedUntil - now()),
    /** Another process was told to wait. */
    pause: (until: number): void => void (pausedUntil = Math.max(pausedUntil, until)),
    size: (): number => window.size,
    failureRatio: (): number => ratioOf(recent.sum().calls),
    /** How many more may begin: at least one for people who weren't tried yet, whoever else is being tried again. */
    allowance: (): { fresh: number; retries: number } => {
      const size = Math.floor(window.size);
      const allowed = rate.allowed();
      const left = Math.max(0, Math.min(size - running.fresh - running.retries, allowed));
      return {
        fresh: left === 0 && running.fresh === 0 ? Math.min(1, allowed) : left,
        retries: Math.max(0, Math.min(left, Math.max(1, Math.floor(size / 2)) - running.retries)),
      };
    },
    state: (): LaneState => {
      const { calls } = recent.sum();
      const isTold = calls.good + calls.bad >= ENOUGH_CALLS;
      const bound = state === 'degraded' ? HEALTHY_BELOW : DEGRADED_FROM;
      state =
        isTold && ratioOf(calls) >= bound
          ? 'degraded'
          : pausedUntil > now() || rate.isBound()
            ? 'throttled'
            : 'healthy';
      return state;
    },
    /** The app is back, or is left alone from now on: what was counted says nothing about later. */
    forget: (): void => {
      recent.forget();
      pausedUntil = 0;
      window = startWindow(most);
    },
  };
};
