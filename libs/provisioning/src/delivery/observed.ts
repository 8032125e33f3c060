import { setTimeout as sleep } from 'node:timers/promises';
import type { Connector, Failure, Outcome } from '../connector/index.ts';
import type { Lane } from './lane.ts';

const reads = ['find', 'get', 'list', 'members', 'isMember', 'entitlements'] as const;
const writes = ['update', 'setActive', 'delete', 'changeMembers'] as const;
type Method = (typeof reads)[number] | (typeof writes)[number] | 'test' | 'create';

/**
 * What may be repeated without harm, and that an app failed at, is asked again at once, so that one that fails often still answers whole
 * deliveries. Whoever creates must look first.
 */
const ASKED_AT_MOST = 3;
const PAUSE_MS = 50;
/** The lease covers one call of full length after that. */
const NO_LATER_THAN_MS = 2000;

/** A connector whose calls the lane counts and measures; while the lane is paused, nothing is sent. */
export const observed = (connector: Connector, lane: Lane): Connector => {
  const once = async (method: Method, isWrite: boolean, args: readonly unknown[]): Promise<Outcome<unknown>> => {
    const afterMs = lane.pauseLeft();
    if (afterMs > 0) return { kind: 'throttled', reason: 'The app asked to wait.', afterMs };
    const beganAt = Date.now();
    const answered = await (connector[method] as (...args: readonly unknown[]) => Promise<Outcome<unknown>>)(...args);
    // Of a create this says that the address is wrong, not that an account is.
    const outcome: Outcome<unknown> =
      method === 'create' && answered.kind === 'gone' ? { ...answered, kind: 'unavailable' } : answered;
    lane.called({ isWrite, beganAt, ...(outcome.kind !== 'ok' && { failure: outcome }) });
    return outcome;
  };

  const again = async (method: Method, isWrite: boolean, args: readonly unknown[]): Promise<Outcome<unknown>> => {
    const latest = Date.now() + NO_LATER_THAN_MS;
    for (let asked = 1; ; asked++) {
      const outcome = await once(method, isWrite, args);
      if (!isPassing(outcome) || asked === ASKED_AT_MOST || Date.now() > latest || lane.isBroken()) return outcome;
      await sleep(Math.random() * PAUSE_MS);
    }
  };

  return {
    describe: () => connector.describe(),
    test: () => once('test', false, []),
    create: (...args: unknown[]) => once('create', true, args),
    ...Object.fromEntries(reads.map((method) => [method, (...args: unknown[]) => again(method, false, args)])),
    ...Object.fromEntries(writes.map((method) => [method, (...args: unknown[]) => again(method, true, args)])),
    close: () => connector.close(),
  } as Connector;
};

const isPassing = (outcome: Outcome<unknown>): outcome is Extract<Failure, { kind: 'throttled' | 'unavailable' }> =>
  outcome.kind === 'unavailable' && outcome.afterMs === undefined;
