import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Sql } from '@tenure/database';
import type { Clock } from '@tenure/eventing';
import { presentOf } from '../account/account.state.ts';
import { isNews } from '../account/drift.decider.ts';
import type { WriteAccount } from '../account/write-account.ts';
import type { AppConfig } from '../app/app-config.ts';
import { problemOf } from '../app/connection.commands.ts';
import { kindOf, type Connector, type ConnectorKinds, type Failure, type Outcome } from '../connector/index.ts';
import { isAboveThreshold } from '../timer/threshold.ts';
import { findApp } from '../app/find-apps.ts';
import { isMissing, type Found } from './compare.ts';
import { foreignRows, type ForeignBox } from './foreign.rows.ts';
import { differences, isFound, isInFlight, type Look } from './look.ts';
import { byPolicy, isSuspicious, type Counts } from './policy.ts';
import { LeaseLost, runRows, type Lease, type LinkedAccount, type Reread, type Run } from './runs.ts';

export type ReconcilerNeeds = {
  database: Database;
  clock: Clock;
  kinds: ConnectorKinds;
  connectorFor: (app: AppConfig) => Promise<Connector>;
  writeAccount: WriteAccount;
  /** Seals what the app shows of accounts that are nobody's yet. */
  box: ForeignBox;
  onUnauthorized: (app: AppConfig) => Promise<void>;
  /** An admin must look at the app first: until then nothing is brought back. */
  isHeld: (app: AppConfig) => Promise<boolean>;
  /** The run is over; it may be said twice. Not of dry runs. */
  onReconciled: (app: AppConfig, run: Pick<Run, 'id' | 'counts' | 'complete' | 'suspicious'>) => Promise<void>;
  /** Something was written that may need a delivery. */
  onRepaired: () => void;
  timings?: Partial<ReconcilerTimings>;
};

export type ReconcilerTimings = {
  /** An account is missing once the app said so twice, so far apart (R67). */
  goneConfirmMs: number;
  retryMs: number;
  /** What an account under way is given until it is looked at again. */
  busyMs: number;
  /** How long a run is worked on before another app's gets its turn. */
  turnMs: number;
};

const TIMINGS: ReconcilerTimings = { goneConfirmMs: 60_000, retryMs: 1000, busyMs: 5000, turnMs: 20_000 };
const DESCRIBED_MS = 10 * 60_000;
const MOST_FAILURES = 8;
const MOST_RESTARTS = 3;
const MOST_TRIES = 6;
const REREADS_AT_ONCE = 20;
const MATCHED_AT_ONCE = 500;
/** The rest of an app's time belongs to deliveries (R88). */
const SHARE = 0.2;
const LONGEST_PAUSE_MS = 2000;

type Step = { lease: Lease; waitMs?: number } | 'over';

/** Looks at apps as a whole, page by page, and says how they differ from what Tenure holds (R88). */
export const reconciler = (needs: ReconcilerNeeds) => {
  const { database, clock, kinds, connectorFor, writeAccount, box, onUnauthorized, onReconciled, onRepaired } = needs;
  const timings = { ...TIMINGS, ...needs.timings };
  const rows = runRows(database);
  const foreign = foreignRows(database, box);

  const finish = async (
    { run, token }: Lease,
    failure: { problem: string | null; reason: string | null } = { problem: null, reason: null },
  ): Promise<Step> => {
    await rows.advance({ run, token }, { phase: 'done' }, async (sql) => {
      await rows.end(sql, run, failure);
      if (run.dryRun || failure.problem !== null) await foreign.forgetRun(sql, run);
      else await foreign.forgetOthers(sql, run);
    });
    return 'over';
  };

  /** An answer that was none: tried again for a while, then what is known so far is all there is. */
  const trouble = async (lease: Lease, app: AppConfig, failure: Failure): Promise<Step> => {
    const { run } = lease;
    if (failure.kind === 'unauthorized') await onUnauthorized(app);
    const isPassing = ['throttled', 'unavailable', 'unknown'].includes(failure.kind);
    if (isPassing && run.failures < MOST_FAILURES) {
      const asked = 'afterMs' in failure ? failure.afterMs : undefined;
      const waitMs = asked ?? Math.min(timings.retryMs * 2 ** run.failures, 60_000);
      return { lease: await rows.advance(lease, { failures: run.failures + 1 }), waitMs };
    }
    // A cursor that the app doesn't know any more.
    if (
      !isPassing &&
      run.phase === 'listing' &&
      run.cursor !== null &&
      failure.kind !== 'unauthorized' &&
      run.restarts < MOST_RESTARTS
    )
      return {
        lease: await rows.advance(lease, { cursor: null, restarts: run.restarts + 1, failures: 0 }),
      };
    if (run.phase === 'listing' && run.cursor !== null && failure.kind !== 'unauthorized')
      return { lease: await rows.advance(lease, { phase: 'rereading', failures: 0 }) };
    return finish(lease, { problem: problemOf(failure), reason: failure.reason });
  };

  /** An app is asked what it can do once for many pages. */
  const settling = new WeakMap<Connector, { value: number; at: number }>();
  const settleMsOf = async (connector: Connector): Promise<Outcome<number>> => {
    const known = settling.get(connector);
    if (known && Date.now() - known.at < DESCRIBED_MS) return { kind: 'ok', value: known.value };
    const described = await connector.describe();
    if (described.kind !== 'ok') return described;
    const { settleMs } = described.value.limits;
    settling.set(connector, { value: settleMs, at: Date.now() });
    return { kind: 'ok', value: settleMs };
  };

  const list = async (lease: Lease, look: Look): Promise<Step> => {
    const { run } = lease;
    const described = await settleMsOf(look.connector);
    if (described.kind !== 'ok') return trouble(lease, look.app, described);
    const settleMs = described.value;
    await look.pause();
    const page = await look.connector.list('account', run.cursor ?? undefined);
    if (page.kind !== 'ok') return trouble(lease, look.app, page);

    const { items, next } = page.value;
    const marks = items.flatMap(({ mark }) => (mark === undefined ? [] : [mark]));
    const accounts = await rows.accountsOf(
      run,
      items.map(({ id }) => id),
      marks,
    );
    const byRemoteId = new Map(accounts.map((account) => [account.remoteId, account]));
    const byId = new Map(accounts.map((account) => [account.id, account]));
    const rereads = new Map<string, { id: string; revision: number; differs: boolean }>();
    const unknown: { remote: (typeof items)[number]; markedUserId: string | null }[] = [];
    for (const remote of items) {
      const marked = remote.mark === undefined ? undefined : byId.get(remote.mark);
      const account = byRemoteId.get(remote.id);
      if (!account) {
        const state = marked && presentOf(marked.record.state);
        // Made a moment ago by a delivery that isn't written down yet.
        const isBeingMade = state?.delivery?.action === 'create' && marked?.remoteId === null;
        if (!isBeingMade) unknown.push({ remote, markedUserId: marked?.userId ?? null });
        continue;
      }
      const state = presentOf(account.record.state);
      if (!state || (state.remote !== 'active' && state.remote !== 'suspended')) continue;
      const isBusy = isInFlight(state);
      const found = isBusy ? undefined : await differences(look, account, state, remote, marked);
      if (found && !isFound(found)) return trouble(lease, look.app, found);
      const differs = found !== undefined && found.kinds.length > 0;
      if (isBusy || differs || state.drift) {
        // What the policy or an admin ignores makes no run suspicious.
        const counts = differs && isNews(state, byPolicy(found, look.app.reconciliation).found);
        rereads.set(account.id, { id: account.id, revision: account.record.revision, differs: counts });
      }
    }

    const advanced = await rows.advance(
      lease,
      {
        failures: 0,
        ...(next === undefined ? { phase: 'missing', cursor: null, complete: true } : { cursor: next }),
      },
      async (sql) => {
        await rows.noteSeen(
          sql,
          run,
          items.map(({ id }) => id),
        );
        if (rereads.size > 0) await rows.noteRereads(sql, run, [...rereads.values()], settleMs);
        if (unknown.length > 0 && look.app.reconciliation.policies.foreign !== 'ignore')
          await foreign.note(sql, run, unknown);
      },
    );
    return { lease: advanced };
  };

  /** What the list didn't show is asked for one by one, unless that is so much that the list itself is in doubt. */
  const findMissing = async (lease: Lease): Promise<Step> => {
    const { run } = lease;
    const tally = await rows.tally(run);
    const suspicious = isSuspicious(tally);
    const isEmptied = isSuspicious({ ...tally, changed: 0 });
    const counts = isEmptied ? { ...run.counts, missing: tally.missing } : run.counts;
    const next = await rows.advance(lease, { phase: 'rereading', suspicious, counts }, async (sql) => {
      if (!isEmptied) await rows.rereadUnseen(sql, run);
    });
    return { lease: next };
  };

  const reread = async (lease: Lease, look: Look): Promise<Step> => {
    const { due, waitMs } = await rows.rereads(lease.run, REREADS_AT_ONCE);
    if (due.length === 0)
      return waitMs === undefined
        ? { lease: await rows.advance(lease, { phase: lease.run.dryRun ? 'ending' : 'matching' }) }
        : { lease, waitMs: Math.max(waitMs, 10) };
    let held = lease;
    for (const one of due) {
      const step = await rereadOne(held, look, one);
      if (step === 'over' || step.waitMs !== undefined) return step;
      held = step.lease;
    }
    return { lease: held };
  };

  const rereadOne = async (lease: Lease, look: Look, one: Reread): Promise<Step> => {
    const { run } = lease;
    const over = async (sql: Sql) => void (await rows.isOver(sql, run, one.accountId));
    const before = await rows.account(run, one.accountId);
    const state = before && presentOf(before.record.state);
    if (!before || !state || state.remoteId === null || state.remote === 'gone' || one.tries >= MOST_TRIES)
      return { lease: await rows.advance(lease, {}, over) };
    const { revision } = before.record;
    const later = async (afterMs: number): Promise<Step> => {
      await rows.again(run, { ...one, goneAt: null, revision, tries: one.tries + 1 }, afterMs);
      return { lease };
    };
    if (isInFlight(state) || revision !== one.revision) return later(isInFlight(state) ? timings.busyMs : 0);

    await look.pause();
    const remote = await look.connector.get('account', state.remoteId);
    let found: Found;
    if (remote.kind === 'gone') {
      if (one.goneAt === null) {
        await rows.again(run, { ...one, goneAt: 'now' }, timings.goneConfirmMs);
        return { lease };
      }
      const tested = await look.connector.test();
      if (tested.kind !== 'ok') return trouble(lease, look.app, tested);
      found = isMissing;
    } else if (remote.kind === 'ok') {
      const { mark } = remote.value;
      const [marked] = mark === undefined || mark === before.id ? [] : await rows.accountsOf(run, [], [mark]);
      const compared = await differences(look, before, state, remote.value, marked);
      if (!isFound(compared)) return trouble(lease, look.app, compared);
      found = compared;
    } else return trouble(lease, look.app, remote);

    const after = await rows.account(run, one.accountId);
    if (after?.record.revision !== revision) return later(0);
    return note(lease, look.app, before, found, over);
  };

  const note = async (
    lease: Lease,
    app: AppConfig,
    { id, remoteId }: LinkedAccount,
    seen: Found,
    over: (sql: Sql) => Promise<void>,
  ): Promise<Step> => {
    const { run } = lease;
    const { found, repair } = byPolicy(seen, app.reconciliation);
    if (!run.dryRun) {
      const isDoubtful = run.suspicious || (repair.kinds.length > 0 && (await needs.isHeld(app)));
      const kept = isDoubtful ? { kinds: [], targets: [] } : await allowed(app, repair);
      const { events } = await writeAccount(
        { tenantId: run.tenantId, id },
        { type: 'NoteDrift', runId: run.id, remoteId: remoteId!, found, repair: kept, approvals: app.approvals },
        { causationId: run.id, correlationId: run.id },
      );
      if (events.some(({ type }) => type === 'DriftSettled')) onRepaired();
    }
    const counts: Counts = { ...run.counts };
    for (const kind of found.kinds) counts[kind] += 1;
    return { lease: await rows.advance(lease, { counts, failures: 0 }, over) };
  };

  /** Suspending again is deprovisioning: under approval or above the threshold it is left to an admin (R54, R87). */
  const allowed = async (app: AppConfig, repair: ReturnType<typeof byPolicy>['repair']) => {
    if (!repair.kinds.includes('reactivatedThere')) return repair;
    const now = await clock.now();
    const isHeld =
      app.approvals.includes('delete') || (await database.transaction((sql) => isAboveThreshold(sql, app, now)));
    return isHeld ? { ...repair, kinds: repair.kinds.filter((kind) => kind !== 'reactivatedThere') } : repair;
  };

  const match = async (lease: Lease, app: AppConfig): Promise<Step> => {
    const some = await foreign.matchSome(lease.run, app, MATCHED_AT_ONCE);
    return { lease: await rows.advance(lease, some ? {} : { phase: 'ending' }) };
  };

  const end = async (lease: Lease, app: AppConfig): Promise<Step> => {
    const counted = { ...lease.run.counts, foreign: await foreign.count(lease.run) };
    const held = await rows.advance(lease, { counts: counted });
    if (!held.run.dryRun) await onReconciled(app, held.run);
    return finish(held);
  };

  const step = async (lease: Lease): Promise<Step> => {
    const { tenantId, appId, phase } = lease.run;
    const app = await findApp(database, tenantId, appId);
    if (!app) return finish(lease, { problem: 'unreachable', reason: 'The app was deleted.' });
    const connector = await connectorFor(app);
    const look: Look = { app, connector, kind: kindOf(kinds, app), pause: pacing() };
    switch (phase) {
      case 'listing':
        return list(lease, look);
      case 'missing':
        return findMissing(lease);
      case 'rereading':
        return reread(lease, look);
      case 'matching':
        return match(lease, app);
      case 'ending':
        return end(lease, app);
      case 'done':
        return 'over';
    }
  };

  /** Works on a run until it is over, waits, or has had its turn. */
  const work = async (lease: Lease): Promise<void> => {
    const until = Date.now() + timings.turnMs;
    let held = lease;
    for (;;) {
      const done = await step(held);
      if (done === 'over') return;
      held = done.lease;
      if (done.waitMs !== undefined || Date.now() > until) return void (await rows.release(held.run, done.waitMs ?? 0));
    }
  };

  return {
    /** Says whether there was a run to work on. */
    run: async (): Promise<boolean> => {
      const lease = await rows.claim();
      if (!lease) return false;
      await work(lease).catch((error: unknown) => {
        if (!(error instanceof LeaseLost)) throw error;
      });
      return true;
    },
  };
};

/** Rests four times as long as the call before took: the app's time is for deliveries. */
const pacing = () => {
  let last: number | undefined;
  return async (): Promise<void> => {
    const took = last === undefined ? 0 : Date.now() - last;
    const rest = Math.min(took * (1 / SHARE - 1), LONGEST_PAUSE_MS);
    if (rest >= 1) await sleep(rest);
    last = Date.now();
  };
};
