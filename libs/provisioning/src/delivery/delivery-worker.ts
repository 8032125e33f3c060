import { randomUUID } from 'node:crypto';
import type { DeliveryAction } from '@tenure/contracts';
import type { Database } from '@tenure/database';
import {
  inCurrentSpan,
  inSpan,
  load,
  SpanKind,
  streamName,
  type EventSource,
  type Span,
  type ViewRuntime,
} from '@tenure/eventing';
import { accountAggregate } from '../account/account.aggregate.ts';
import type { DeliveryResult } from '../account/account.commands.ts';
import { nextDelivery } from '../account/account.state.ts';
import type { Because, WriteAccount } from '../account/write-account.ts';
import type { AppConfig } from '../app/app-config.ts';
import { holdRunningApp } from '../view/find-apps.ts';
import { attempt } from './attempt.ts';
import { backoffMs } from './backoff.ts';
import { circuitBreaker } from './circuit-breaker.ts';
import { CALL_TIMEOUT_MS, kindOf, type Connector, type ConnectorKinds, type Failure } from '../connector/index.ts';
import { deliveryRows, LeaseLost, type Claimed } from './delivery.rows.ts';
import { limiter } from './limiter.ts';
import { listings } from './listing.ts';
import type { Intent, Verdict } from './verdict.ts';

/** In real time (design, decision 6). */
export type DeliveryTimings = {
  callTimeoutMs: number;
  /** Outlasts a call. */
  leaseMs: number;
  retry: { baseMs: number; capMs: number };
  maxAttempts: number;
  /** An account is gone once the app said so twice, so far apart. */
  goneConfirmMs: number;
  atOnce: number;
  perApp: number;
};

/** Fifty tries are about seven hours. */
export const deliveryTimings: DeliveryTimings = {
  callTimeoutMs: CALL_TIMEOUT_MS,
  leaseMs: CALL_TIMEOUT_MS + 5000,
  retry: { baseMs: 1000, capMs: 600_000 },
  maxAttempts: 50,
  goneConfirmMs: 10_000,
  atOnce: 16,
  perApp: 4,
};

/** `retried`: it failed and is tried again. */
export type DeliveryOutcome =
  'done' | 'retried' | Extract<DeliveryResult['kind'], 'failed' | 'foreign' | 'ambiguous' | 'gone' | 'abandoned'>;

export type DeliveryNeeds = {
  database: Database;
  source: EventSource;
  view: Pick<ViewRuntime, 'catchUp'>;
  write: WriteAccount;
  connectorFor: (app: AppConfig) => Promise<Connector>;
  kinds: ConnectorKinds;
  /** The app refuses its credentials: it needs reauthorisation, and its work waits (R52). */
  onUnauthorized: (app: AppConfig, reason: string) => Promise<void>;
  /** A try of a delivery ended. */
  onEnded?: (action: DeliveryAction, outcome: DeliveryOutcome) => void;
  onFailure: (error: unknown) => void;
  timings?: Partial<DeliveryTimings>;
};

/** How long an app that can't be called at all is left alone. */
const NOT_NOW_MS = 1000;
/** Each holds a connection of the pool and needs a second one. */
const GUARDS_AT_ONCE = 2;

/** Brings accounts to where they should be: one delivery of an account at a time, safe to repeat (design, decision 17). */
export const deliveryWorker = (needs: DeliveryNeeds) => {
  const { database, source, view, write, connectorFor, kinds, onUnauthorized, onEnded, onFailure } = needs;
  const timings = { ...deliveryTimings, ...needs.timings };
  const rows = deliveryRows(database, timings.leaseMs);
  const breaker = circuitBreaker(timings.retry);
  const guarded = limiter(GUARDS_AT_ONCE);
  const listed = listings();
  const running = new Map<Claimed, Promise<void>>();

  const becauseOf = ({ lastEventId, correlationId, traceparent }: Claimed): Because =>
    inCurrentSpan({ causationId: lastEventId, correlationId, ...(traceparent !== null && { traceparent }) });

  /** The app's row is held around exactly one append, `DeliveryStarted`: who turns the app off waits, and nothing starts afterwards. */
  const start = (row: Claimed, action: DeliveryAction) =>
    guarded(() =>
      database.transaction(async (sql) => {
        const app = (await holdRunningApp(sql, row.tenantId, row.appId))?.app;
        if (!app) return undefined;
        const { state } = await write(
          { tenantId: row.tenantId, id: row.accountId },
          { type: 'StartDelivery', deliveryId: randomUUID(), action },
          becauseOf(row),
        );
        return state.kind === 'present' && state.delivery?.action === action
          ? { app, account: state, deliveryId: state.delivery.id }
          : undefined;
      }),
    );

  const end = async (row: Claimed, deliveryId: string, result: DeliveryResult) => {
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

  const conclude = async (row: Claimed, deliveryId: string, app: AppConfig, verdict: Verdict): Promise<void> => {
    switch (verdict.kind) {
      case 'over':
        breaker.succeeded(app.id);
        await end(row, deliveryId, verdict.result);
        return rows.end(row);
      case 'gone':
        return gone(row, deliveryId, app);
      case 'notFound':
        breaker.succeeded(app.id);
        return rows.notFound(row, timings.callTimeoutMs);
      case 'unknown': {
        breaker.failed(app.id);
        await end(row, deliveryId, { kind: 'failed', code: 'delivery/unknown', message: verdict.reason, final: false });
        const ended = verdict.cutOff
          ? Math.min(Date.now(), Date.parse(row.callBeganAt!) + timings.callTimeoutMs)
          : Date.now();
        return rows.unknown(row, new Date(ended).toISOString(), timings.callTimeoutMs, verdict.reason);
      }
      case 'failed':
        return fail(row, deliveryId, app, verdict.failure);
    }
  };

  /** Gone takes two answers some time apart and a passed test; else it is a wrong address, or a replica that lags behind (R67). */
  const gone = async (row: Claimed, deliveryId: string, app: AppConfig): Promise<void> => {
    const since = row.goneSince === null ? undefined : Date.parse(row.goneSince);
    if (since === undefined) return rows.goneFirst(row, timings.goneConfirmMs);
    if (Date.now() - since < timings.goneConfirmMs) return rows.waitFor(row, timings.goneConfirmMs);
    await rows.extend(row);
    const tested = await (await connectorFor(app)).test();
    if (tested.kind === 'ok') {
      breaker.succeeded(app.id);
      await end(row, deliveryId, { kind: 'gone' });
      return rows.end(row);
    }
    const reason = `The app doesn't find the account, and its test fails too: ${tested.reason}`;
    return fail(row, deliveryId, app, tested.kind === 'unauthorized' ? tested : { kind: 'unavailable', reason });
  };

  const fail = async (row: Claimed, deliveryId: string, app: AppConfig, failure: Failure): Promise<void> => {
    const { reason } = failure;
    const forGood = async (code: string, message: string) => {
      breaker.succeeded(app.id);
      await end(row, deliveryId, { kind: 'failed', code, message, final: true });
      return rows.end(row);
    };
    switch (failure.kind) {
      case 'unauthorized':
        await end(row, deliveryId, { kind: 'failed', code: 'delivery/unauthorized', message: reason, final: false });
        await onUnauthorized(app, reason);
        return rows.waitFor(row, NOT_NOW_MS);
      case 'conflict':
        return forGood('delivery/conflict', reason);
      case 'refused': {
        const code = failure.code.startsWith('app/') ? 'delivery/refused' : failure.code;
        return forGood(code, failure.status === undefined ? reason : `${failure.status}: ${reason}`);
      }
      case 'gone':
      case 'stale':
      case 'throttled':
      case 'unavailable':
      case 'unknown': {
        breaker.failed(app.id);
        const final = row.attempts + 1 >= timings.maxAttempts;
        await end(row, deliveryId, {
          kind: 'failed',
          code: final ? 'delivery/given-up' : 'delivery/failing',
          message: reason,
          final,
        });
        if (final) return rows.end(row);
        const asked = 'afterMs' in failure ? (failure.afterMs ?? 0) : 0;
        return rows.retryIn(row, Math.max(asked, backoffMs(row.attempts, timings.retry)), reason);
      }
    }
  };

  const deliver = async (row: Claimed, span: Span): Promise<void> => {
    const stream = streamName(accountAggregate.category, row.tenantId, row.accountId);
    const action = nextDelivery((await load(source, accountAggregate, stream)).state);
    if (!action) {
      // The view was behind.
      await view.catchUp(stream);
      return rows.end(row);
    }
    const started = await start(row, action);
    if (!started) return rows.waitFor(row, NOT_NOW_MS);
    const { app, account, deliveryId } = started;
    const current: Claimed = action === row.action ? row : { ...row, ...forgotten, action };
    const connector = await connectorFor(app);
    const verdict = await attempt(
      { app, account, row: current, connector, kind: kindOf(kinds, app), ...holding(current, connector) },
      action,
    );
    span.setAttributes({ 'tenure.delivery.id': deliveryId, 'tenure.delivery.verdict': verdict.kind });
    await conclude(current, deliveryId, app, verdict);
  };

  const holding = (row: Claimed, connector: Connector) => {
    const beforeCall = (options?: { creating: boolean }) => rows.extend(row, options);
    return {
      beforeCall,
      note: (intents: readonly Intent[]) => rows.note(row, intents),
      listing: (target: string, value: string) => listed(connector, { target, value }, beforeCall),
    };
  };

  const deliverSafely = async (row: Claimed): Promise<void> => {
    try {
      await inSpan(spanOf(row), (span) => deliver(row, span));
    } catch (error) {
      if (error instanceof LeaseLost) return;
      onFailure(error);
      await rows.broken(row, NOT_NOW_MS).catch(() => undefined);
    }
  };

  const busy = () => {
    const perApp = new Map<string, number>();
    for (const { appId } of running.keys()) perApp.set(appId, (perApp.get(appId) ?? 0) + 1);
    for (const appId of breaker.onTrial()) perApp.set(appId, (perApp.get(appId) ?? 0) + timings.perApp - 1);
    return perApp;
  };

  return {
    /** Starts what can run now; says whether there was anything. */
    run: async (onDone: () => void): Promise<boolean> => {
      const free = timings.atOnce - running.size;
      if (free <= 0) return false;
      const claimed = await rows.claim(free, busy(), timings.perApp, breaker.resting());
      for (const row of claimed) {
        const work = deliverSafely(row).finally(() => {
          running.delete(row);
          onDone();
        });
        running.set(row, work);
      }
      return claimed.length > 0;
    },
    rows,
    open: rows.open,
    finish: async (): Promise<void> => void (await Promise.all(running.values())),
  };
};

/** One try; the calls to the app are spans within it. */
const spanOf = ({ tenantId, appId, accountId, action, correlationId, attempts, traceparent }: Claimed) => ({
  name: `deliver ${action}`,
  kind: SpanKind.INTERNAL,
  traceparent: traceparent ?? undefined,
  attributes: {
    'tenure.tenant.id': tenantId,
    'tenure.app.id': appId,
    'tenure.account.id': accountId,
    'tenure.delivery.attempts': attempts,
    'tenure.correlation.id': correlationId,
  },
});

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

/** What is known of tries of another action says nothing about this one. */
const forgotten = {
  callBeganAt: null,
  unknownSince: null,
  goneSince: null,
  lookedUp: false,
  given: [],
  attempts: 0,
};
