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
import { nextDelivery } from '../account/account.state.ts';
import type { Because, WriteAccount } from '../account/write-account.ts';
import type { AppConfig } from '../app/app-config.ts';
import type { PresetName } from '../presets/index.ts';
import { findApp, holdRunningApp } from '../app/find-apps.ts';
import { attempt } from './attempt.ts';
import { claims, LOOKED_AT } from './claim.ts';
import { concluder, NOT_NOW_MS, type DeliveryOutcome } from './conclude.ts';
import { CALL_TIMEOUT_MS, kindOf, type Connector, type ConnectorKinds } from '../connector/index.ts';
import { deliveryRows, LeaseLost, type Claimed } from './delivery.rows.ts';
import { laneRows, type AppRef, type Probe } from './lane.rows.ts';
import { isAlive, laneTimings, openLanes, type LaneTimings } from './lanes.ts';
import { isPushed } from '../push/is-pushed.ts';
import { limiter } from './limiter.ts';
import { listings } from './listing.ts';
import { isRing } from '../references/find-references.ts';
import { share, type WaitingApp } from './share.ts';
import type { Intent } from './verdict.ts';
import { witnesses } from './witness.ts';

/** In real time (design, decision 6). */
export type DeliveryTimings = LaneTimings & {
  callTimeoutMs: number;
  /** Outlasts a call. */
  leaseMs: number;
  retry: { baseMs: number; capMs: number };
  /** A delivery that failed for so long fails for good. Times in which its app was quarantined don't count. */
  giveUpAfterMs: number;
  /** An account is gone once the app said so twice, so far apart. */
  goneConfirmMs: number;
  /** Deliveries of all apps at once. */
  slots: number;
};

export const deliveryTimings: DeliveryTimings = {
  ...laneTimings,
  callTimeoutMs: CALL_TIMEOUT_MS,
  leaseMs: CALL_TIMEOUT_MS + 5000,
  retry: { baseMs: 1000, capMs: 900_000 },
  giveUpAfterMs: 86_400_000,
  goneConfirmMs: 10_000,
  slots: 32,
};

export type DeliveryNeeds = {
  database: Database;
  source: EventSource;
  view: Pick<ViewRuntime, 'catchUp'>;
  write: WriteAccount;
  connectorFor: (app: AppConfig) => Promise<Connector>;
  kinds: ConnectorKinds;
  /** The app refuses its credentials: it needs reauthorisation, and its work waits (R52). */
  onUnauthorized: (app: AppConfig, reason: string) => Promise<void>;
  /** The app was left alone for long; its work waits until a probe passes or an admin resumes it (R96). */
  onQuarantined: (app: AppRef, code: string) => Promise<void>;
  onResumed: (app: AppRef) => Promise<void>;
  /** A try of a delivery ended. */
  onEnded?: (action: DeliveryAction, outcome: DeliveryOutcome) => void;
  onFailure: (error: unknown) => void;
  timings?: Partial<DeliveryTimings>;
};

export type DeliveryHealth = ReturnType<typeof deliveryWorker>['health'];

/** Each holds a connection of the pool and needs a second one. */
const GUARDS_AT_ONCE = 2;

/** Brings accounts to where they should be: one delivery of an account at a time, safe to repeat (design, decision 17). */
export const deliveryWorker = (needs: DeliveryNeeds) => {
  const { database, source, view, write, connectorFor, kinds, onUnauthorized, onEnded, onFailure } = needs;
  const timings = { ...deliveryTimings, ...needs.timings };
  const rows = deliveryRows(database, timings.leaseMs);
  const claim = claims(database, timings.leaseMs);
  const shared = laneRows(database);
  const { onQuarantined, onResumed } = needs;
  const lanes = openLanes({ rows: shared, kinds, timings, onQuarantined, onResumed });
  const guarded = limiter(GUARDS_AT_ONCE);
  const listed = listings();
  const seen = witnesses();
  const running = new Set<Promise<void>>();
  const served = new Map<string, number>();
  let turn = 0;
  let after = { tenant: '', app: '' };

  const becauseOf = ({ lastEventId, correlationId, traceparent }: Claimed): Because =>
    inCurrentSpan({ causationId: lastEventId, correlationId, ...(traceparent !== null && { traceparent }) });
  const conclude = concluder({ rows, lanes, timings, write, becauseOf, onUnauthorized, onEnded });

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

  /** Whether the app answered; undefined where it wasn't asked. */
  const deliver = async (row: Claimed, span: Span): Promise<boolean | undefined> => {
    const stream = streamName(accountAggregate.category, row.tenantId, row.accountId);
    const action = nextDelivery((await load(source, accountAggregate, stream)).state);
    if (!action) {
      // The view was behind.
      await view.catchUp(stream);
      await rows.end(row);
      return undefined;
    }
    const started = await start(row, action);
    if (!started) {
      await rows.waitFor(row, NOT_NOW_MS);
      return undefined;
    }
    const { app, account, deliveryId } = started;
    const current: Claimed = action === row.action ? row : { ...row, ...forgotten, action };
    const connector = seen.through(lanes.connectorIn(app, await connectorFor(app)), row);
    const verdict = await attempt(
      { app, account, row: current, connector, kind: kindOf(kinds, app), ...holding(current, connector) },
      action,
    );
    span.setAttributes({ 'tenure.delivery.id': deliveryId, 'tenure.delivery.verdict': verdict.kind });
    return conclude({ row: current, deliveryId, app, connector }, verdict);
  };

  const holding = (row: Claimed, connector: Connector) => {
    const beforeCall = (options?: { creating: boolean }) => rows.extend(row, options);
    return {
      beforeCall,
      note: (intents: readonly Intent[]) => rows.note(row, intents),
      isPushed: (group: { id: string } | { name: string }) => isPushed(database, row, group),
      isRing: () => isRing(database, row.tenantId, row.accountId),
      listing: (target: string, value: string, notBefore: number) =>
        listed(connector, { target, value }, beforeCall, notBefore),
    };
  };

  const deliverSafely = async (row: Claimed): Promise<boolean | undefined> => {
    try {
      return await inSpan(spanOf(row), (span) => deliver(row, span));
    } catch (error) {
      if (error instanceof LeaseLost) return undefined;
      onFailure(error);
      await rows.broken(row, NOT_NOW_MS).catch(() => undefined);
      return undefined;
    }
  };

  const runs = (work: Promise<unknown>, onDone: () => void) => {
    const tracked: Promise<void> = work.then(noop, onFailure).finally(() => {
      running.delete(tracked);
      onDone();
    });
    running.add(tracked);
  };

  /** One delivery finds out whether the app is back; where there is none, and in quarantine, its test does. */
  const probe = async (one: Probe): Promise<void> => {
    const app = await findApp(database, one.tenantId, one.appId);
    if (!app) return;
    const test = async () => isAlive(await lanes.connectorIn(app, await connectorFor(app)).test());
    const row = one.health === 'quarantined' ? undefined : await claim.takeProbe(one, one.probes);
    const ended = row && lanes.began(one, app.preset, row.attempts > 0);
    const passed = row ? await deliverSafely(row).finally(ended) : one.health !== 'quarantined' && (await test());
    if (passed === undefined) return shared.probeIn(one, timings.probe.baseMs, one.probes);
    await lanes.probed(one, passed, test);
  };

  /** Apps that may be called, those first that were served longest ago; tenants likewise. */
  const waiting = async (): Promise<WaitingApp[]> => {
    const found = await claim.waiting(after.tenant, after.app);
    const tenants = new Set(found.map(({ tenantId }) => tenantId));
    const isCrowded = [...tenants].some(
      (tenant) => found.filter(({ tenantId }) => tenantId === tenant).length >= LOOKED_AT,
    );
    after = {
      tenant: tenants.size < LOOKED_AT ? '' : found.at(-1)!.tenantId,
      app: isCrowded && after.app === '' ? randomUUID() : '',
    };
    const servedAt = (key: string) => served.get(key) ?? 0;
    return found
      .filter((app) => {
        const { fresh, retries } = lanes.roomOf(app);
        return (app.fresh && fresh > 0) || (app.retries && retries > 0);
      })
      .sort(
        (one, other) =>
          servedAt(one.tenantId) - servedAt(other.tenantId) ||
          servedAt(`${one.tenantId}/${one.appId}`) - servedAt(`${other.tenantId}/${other.appId}`),
      );
  };

  const noteServed = ({ tenantId, appId }: AppRef) => {
    turn += 1;
    if (served.size > MOST_NOTED) served.clear();
    served.set(tenantId, turn);
    served.set(`${tenantId}/${appId}`, turn);
  };

  const runProbes = async (free: number, onDone: () => void): Promise<number> => {
    const probes = await shared.claimProbes(free, timings.leaseMs);
    for (const one of probes) runs(probe(one), onDone);
    return probes.length;
  };

  return {
    /** Starts what can run now; says whether there was anything. */
    run: async (onDone: () => void): Promise<boolean> => {
      await lanes.report();
      const free = timings.slots - running.size;
      if (free <= 0) return false;
      const probes = await runProbes(free, onDone);
      const apps = free > probes ? await waiting() : [];
      const asks = share(apps, { all: timings.slots, free: free - probes }, lanes.roomOf);
      if (asks.length === 0) return probes > 0;
      const presets = new Map<string, PresetName>(
        apps.map(({ tenantId, appId, preset }) => [`${tenantId}/${appId}`, preset]),
      );
      const { claimed, putOff } = await claim.take(asks);
      for (const row of claimed) {
        noteServed(row);
        const ended = lanes.began(row, presets.get(`${row.tenantId}/${row.appId}`)!, row.attempts > 0);
        runs(deliverSafely(row).finally(ended), onDone);
      }
      return claimed.length + putOff + probes > 0;
    },
    rows,
    /** Shared with whoever else calls apps. */
    lanes,
    timings,
    open: rows.open,
    watch: seen.watch,
    health: { ...shared, reset: lanes.reset },
    finish: async (): Promise<void> => void (await Promise.all(running)),
  };
};

/** Whom was served when is forgotten beyond so many: they are all new again. */
const MOST_NOTED = 10_000;
const noop = () => undefined;

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

/** What is known of tries of another action says nothing about this one. */
const forgotten = {
  callBeganAt: null,
  unknownSince: null,
  goneSince: null,
  lookedUp: false,
  given: [],
  attempts: 0,
  failingMs: 0,
  triedAt: null,
};
