import type { DeliveryAction } from '@tenure/contracts';
import type { DeliveryResult } from '../account/account-command.ts';
import type { Because, WriteAccount } from '../account/write-account.ts';
import type { AppConfig } from '../app/app-config.ts';
import type { Connector, Failure } from '../connector/index.ts';
import { backoffMs } from './backoff.ts';
import type { Claimed, DeliveryRows } from './delivery.rows.ts';
import type { DeliveryTimings } from './delivery-worker.ts';
import { isAlive, type Lanes } from './lanes.ts';
import type { Verdict } from './verdict.ts';

/** `retried`: it failed and is tried again. */
export type DeliveryOutcome =
  'done' | 'retried' | Extract<DeliveryResult['kind'], 'failed' | 'foreign' | 'ambiguous' | 'gone' | 'abandoned'>;

/** One try of a delivery that began, and the app as it was then. */
export type Tried = { row: Claimed; deliveryId: string; app: AppConfig; connector: Connector };

export type ConcludeNeeds = {
  rows: DeliveryRows;
  lanes: Lanes;
  timings: DeliveryTimings;
  write: WriteAccount;
  becauseOf: (row: Claimed) => Because;
  onUnauthorized: (app: AppConfig, reason: string) => Promise<void>;
  onEnded: ((action: DeliveryAction, outcome: DeliveryOutcome) => void) | undefined;
};

/** How long an app that can't be called at all is left alone. */
export const NOT_NOW_MS = 1000;

/** Writes down what a try came to, and when the next one is due. Says whether the app answered; undefined where that can't be told. */
export const concluder = ({ rows, lanes, timings, write, becauseOf, onUnauthorized, onEnded }: ConcludeNeeds) => {
  const end = async ({ row, deliveryId }: Tried, result: DeliveryResult) => {
    const say = (said: DeliveryResult) =>
      write(
        { tenantId: row.tenantId, id: row.accountId },
        { type: 'EndDelivery', deliveryId, result: said },
        becauseOf(row),
      );
    // Of who was erased meanwhile nothing can be sealed any more.
    await say(result).catch((error: unknown) =>
      (error as Error).name === 'KeyDestroyed' ? say({ kind: 'abandoned' }) : Promise.reject(error),
    );
    onEnded?.(row.action, outcomeOf(result));
  };

  const over = async (one: Tried, result: DeliveryResult): Promise<boolean> => {
    await lanes.tried(one.app, 'good');
    await end(one, result);
    await rows.end(one.row);
    return true;
  };

  /** Gone takes two answers some time apart and a passed test; else it is a wrong address, or a replica that lags behind (R67). */
  const gone = async (one: Tried): Promise<boolean> => {
    const { row, connector } = one;
    const since = row.goneSince === null ? undefined : Date.parse(row.goneSince);
    if (since === undefined) await rows.goneFirst(row, timings.goneConfirmMs);
    if (since === undefined) return true;
    if (Date.now() - since < timings.goneConfirmMs) {
      await rows.waitFor(row, timings.goneConfirmMs);
      return true;
    }
    await rows.extend(row);
    const tested = await connector.test();
    if (tested.kind === 'ok') return over(one, { kind: 'gone' });
    const reason = `The app doesn't find the account, and its test fails too: ${tested.reason}`;
    return failed(one, tested.kind === 'unauthorized' ? tested : { kind: 'unavailable', reason });
  };

  const failed = async (one: Tried, failure: Failure): Promise<boolean> => {
    const { row, app } = one;
    const { reason } = failure;
    switch (failure.kind) {
      case 'unauthorized':
        await end(one, { kind: 'failed', code: 'delivery/unauthorized', message: reason, final: false });
        await onUnauthorized(app, reason);
        await rows.waitFor(row, NOT_NOW_MS);
        return true;
      case 'conflict':
        return over(one, { kind: 'failed', code: 'delivery/conflict', message: reason, final: true });
      case 'refused': {
        const code = failure.code.startsWith('app/') ? 'delivery/refused' : failure.code;
        const message = failure.status === undefined ? reason : `${failure.status}: ${reason}`;
        return over(one, { kind: 'failed', code, message, final: true });
      }
      case 'throttled':
        await end(one, { kind: 'failed', code: 'delivery/failing', message: reason, final: false });
        // The lane waits; the row only keeps to what the app asked for.
        await rows.waitFor(row, (failure.afterMs ?? 0) + Math.random() * timings.retry.baseMs);
        return false;
      case 'gone':
      case 'stale':
      case 'unavailable':
      case 'unknown': {
        const answered = isAlive(failure);
        await lanes.tried(app, answered ? 'good' : 'bad');
        await again(one, failure);
        return answered;
      }
    }
  };

  /** Tried again, unless it has failed for a whole day. */
  const again = async (one: Tried, failure: Failure): Promise<void> => {
    const { row, app } = one;
    const { reason } = failure;
    const failingMs = failingBy(row, timings.retry.capMs);
    const final = failingMs >= timings.giveUpAfterMs;
    await end(one, {
      kind: 'failed',
      code: final ? 'delivery/given-up' : 'delivery/failing',
      message: reason,
      final,
    });
    if (final) return rows.end(row);
    const asked = 'afterMs' in failure ? (failure.afterMs ?? 0) : 0;
    const wait = backoffMs(row.attempts, lanes.laneOf(app).failing(), timings.retry);
    return rows.retryIn(row, Math.max(asked, wait), reason, failingMs);
  };

  return async (one: Tried, verdict: Verdict): Promise<boolean | undefined> => {
    const { row, app } = one;
    switch (verdict.kind) {
      case 'over':
        return over(one, verdict.result);
      case 'gone':
        return gone(one);
      case 'notFound':
        await lanes.tried(app, 'good');
        await rows.notFound(row, timings.callTimeoutMs);
        return true;
      case 'unknown': {
        // A call that was cut off with its process says nothing of the app.
        if (!verdict.cutOff) await lanes.tried(app, 'bad');
        await end(one, { kind: 'failed', code: 'delivery/unknown', message: verdict.reason, final: false });
        const ended = verdict.cutOff
          ? Math.min(Date.now(), Date.parse(row.callBeganAt!) + timings.callTimeoutMs)
          : Date.now();
        await rows.unknown(row, new Date(ended).toISOString(), timings.callTimeoutMs, verdict.reason);
        return verdict.cutOff ? undefined : false;
      }
      case 'failed':
        return failed(one, verdict.failure);
    }
  };
};

/** The app may have been quarantined or off between two tries: no gap counts for more than the longest wait between them. */
export const failingBy = (
  { failingMs, triedAt }: Pick<Claimed, 'failingMs' | 'triedAt'>,
  longestMs: number,
  now: number = Date.now(),
): number => failingMs + (triedAt === null ? 0 : Math.min(longestMs, Math.max(0, now - Date.parse(triedAt))));

const outcomeOf = (result: DeliveryResult): DeliveryOutcome => {
  switch (result.kind) {
    case 'created':
    case 'updated':
    case 'suspended':
    case 'unsuspended':
    case 'deleted':
      return 'done';
    case 'gone':
    case 'foreign':
    case 'ambiguous':
    case 'abandoned':
      return result.kind;
    case 'failed':
      return result.final ? 'failed' : 'retried';
  }
};
