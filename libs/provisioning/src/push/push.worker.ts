import type { Database } from '@tenure/database';
import {
  inCurrentSpan,
  inSpan,
  load,
  SpanKind,
  streamName,
  type EventSource,
  type ViewRuntime,
} from '@tenure/eventing';
import type { Because } from '../account/write-account.ts';
import type { AppConfig } from '../app/app-config.ts';
import type { Connector, Failure } from '../connector/index.ts';
import { backoffMs } from '../delivery/backoff.ts';
import { failingBy } from '../delivery/conclude.ts';
import { LeaseLost } from '../delivery/delivery.rows.ts';
import type { DeliveryTimings } from '../delivery/delivery-worker.ts';
import { isAlive, type Lanes } from '../delivery/lanes.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { findApp } from '../app/find-apps.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import { NOT_NOW_MS, type PushAttempt, type PushOutcome } from './push-attempt.ts';
import { compareMembers, sendMembers } from './push-members.ts';
import { createGroup, deleteGroup, renameGroup } from './push-profile.ts';
import { pushAggregate } from './push.aggregate.ts';
import type { PushCommand } from './push.decider.ts';
import { pushRows, type ClaimedPush } from './push.rows.ts';
import { GROUP_GONE } from './push.state.ts';
import type { WritePush } from './write-push.ts';

export type PushWorkerNeeds = {
  database: Database;
  source: EventSource;
  view: Pick<ViewRuntime, 'catchUp'>;
  write: WritePush;
  connectorFor: (app: AppConfig) => Promise<Connector>;
  /** Those of the deliveries: an app that is throttled, broken or quarantined is left alone for both. */
  lanes: Lanes;
  onUnauthorized: (app: AppConfig, reason: string) => Promise<void>;
  onFailure: (error: unknown) => void;
  timings: DeliveryTimings;
};

/** Of all apps together; of each app one at a time, beside its deliveries. */
const SLOTS = 8;
/** Then another group of the app has its turn. */
const STEPS_AT_ONCE = 10;
const COMPARE_EVERY_MS = 3_600_000;

export type PushWorker = ReturnType<typeof pushWorker>;

/** Brings groups of apps to where they should be: a bounded piece at a time, safe to repeat (R89). */
export const pushWorker = (needs: PushWorkerNeeds) => {
  const { database, source, view, write, connectorFor, lanes, onUnauthorized, onFailure, timings } = needs;
  const rows = pushRows(database, timings.leaseMs);
  const running = new Map<string, Promise<void>>();

  const seen = async (row: ClaimedPush) => {
    const { tenantId, pushId } = row;
    const stream = streamName(pushAggregate.category, tenantId, pushId);
    const { state } = await load(source, pushAggregate, stream);
    // What is left to do is read from the view, which must show what was done.
    await view.catchUp(stream);
    const [group] =
      state.kind === 'none'
        ? []
        : await database.query<{
            name: string;
            lastEventId: string;
            correlationId: string;
            traceparent: string | null;
          }>({
            name: 'provisioning.group_to_push',
            text: `select g.display_name as name, p.record->>'lastEventId' as "lastEventId", p.record->>'correlationId' as "correlationId", p.record->>'traceparent' as traceparent
                   from ${PROVISIONING_VIEW}.pushes p join ${PROVISIONING}.groups g on g.tenant_id = p.tenant_id and g.id = p.group_id
                   where p.tenant_id = $1 and p.id = $2`,
            values: [tenantId, pushId],
          });
    const app = await findApp(database, tenantId, row.appId);
    return state.kind === 'none' || !group || !app ? undefined : { push: state, group, app };
  };

  /** One step of one push. */
  const step = async (row: ClaimedPush): Promise<'again' | 'over'> => {
    const found = await seen(row);
    if (!found) {
      await rows.waitFor(row, NOT_NOW_MS);
      return 'over';
    }
    const { push, group, app } = found;
    const { lastEventId, correlationId, traceparent } = group;
    const because: Because = inCurrentSpan({
      causationId: lastEventId,
      correlationId,
      ...(traceparent !== null && { traceparent }),
    });
    const one: PushAttempt = {
      database,
      row,
      rows,
      push,
      name: group.name,
      app,
      connector: lanes.connectorIn(app, await connectorFor(app)),
      timings: { callTimeoutMs: timings.callTimeoutMs, compareEveryMs: COMPARE_EVERY_MS },
      write: async (command: PushCommand) =>
        void (await write({ tenantId: row.tenantId, id: row.pushId }, command, because)),
    };
    return conclude(one, await nextStep(one));
  };

  const conclude = async (one: PushAttempt, outcome: PushOutcome): Promise<'again' | 'over'> => {
    const { row, app } = one;
    switch (outcome.kind) {
      case 'idle':
        await rows.rest(row);
        return 'over';
      case 'wait':
        await rows.waitFor(row, outcome.ms);
        return 'over';
      case 'sent':
        await lanes.tried(app, 'good');
        if (outcome.command) await one.write(outcome.command);
        await rows.succeeded(row, outcome.piece ?? row.piece, outcome.noted ?? null);
        return 'again';
      case 'stuck': {
        const { kind: _, reason, ...failure } = outcome;
        await one.write({ type: 'Fail', final: true, ...failure });
        await rows.succeeded(row, row.piece, null);
        if (one.push.mode === 'mirror') await rows.compareIn(row, COMPARE_EVERY_MS);
        if (reason !== undefined) await rows.explain(row, reason);
        return 'again';
      }
      case 'tooMuch': {
        await rows.pieceIs(row, outcome.piece);
        if (outcome.failure.kind === 'refused') return 'again';
        return failed(one, outcome.failure);
      }
      case 'failed':
        return failed(one, outcome.failure);
    }
  };

  const stuck = (one: PushAttempt, code: string, reason: string) => conclude(one, { kind: 'stuck', code, reason });

  const failed = async (one: PushAttempt, failure: Failure): Promise<'again' | 'over'> => {
    const { row, app } = one;
    const { reason } = failure;
    const trying = (code: string) => one.write({ type: 'Fail', code, final: false });
    switch (failure.kind) {
      case 'unauthorized':
        await trying('delivery/unauthorized');
        await onUnauthorized(app, reason);
        await rows.waitFor(row, NOT_NOW_MS);
        return 'over';
      case 'conflict':
        return stuck(one, 'delivery/conflict', reason);
      case 'refused': {
        const said = failure.status === undefined ? reason : `${failure.status}: ${reason}`;
        return stuck(one, failure.code.startsWith('push/') ? failure.code : 'delivery/refused', said);
      }
      case 'throttled':
        await trying('delivery/failing');
        await rows.waitFor(row, (failure.afterMs ?? 0) + Math.random() * timings.retry.baseMs);
        return 'over';
      case 'gone':
        return gone(one, reason);
      case 'stale':
      case 'unavailable':
      case 'unknown': {
        await lanes.tried(app, isAlive(failure) ? 'good' : 'bad');
        const failingMs = failingBy(row, timings.retry.capMs);
        if (failingMs >= timings.giveUpAfterMs) return stuck(one, 'delivery/given-up', reason);
        await trying('delivery/failing');
        const asked = 'afterMs' in failure ? (failure.afterMs ?? 0) : 0;
        const wait = backoffMs(row.attempts, lanes.laneOf(app).failing(), timings.retry);
        await rows.retryIn(row, Math.max(asked, wait), reason, failingMs);
        return 'over';
      }
    }
  };

  /** Gone takes two answers some time apart and a passed test; else it is a wrong address, or a replica that lags behind (R67). */
  const gone = async (one: PushAttempt, reason: string): Promise<'again' | 'over'> => {
    const { row, connector } = one;
    const since = row.goneSince === null ? undefined : Date.parse(row.goneSince);
    if (since === undefined || Date.now() - since < timings.goneConfirmMs) {
      await (since === undefined ? rows.goneFirst : rows.waitFor)(row, timings.goneConfirmMs);
      return 'over';
    }
    await rows.extend(row);
    const tested = await connector.test();
    if (tested.kind === 'ok') return stuck(one, GROUP_GONE, reason);
    const both = `The app doesn't find the group, and its test fails too: ${tested.reason}`;
    return failed(one, tested.kind === 'unauthorized' ? tested : { kind: 'unavailable', reason: both });
  };

  const work = async (row: ClaimedPush): Promise<void> => {
    try {
      for (let steps = 1; ; steps++) {
        if ((await step(row)) === 'over') return;
        if (steps === STEPS_AT_ONCE) {
          await rows.yieldTurn(row);
          return;
        }
        await rows.extend(row);
      }
    } catch (error) {
      if (error instanceof LeaseLost) return;
      onFailure(error);
      await rows.waitFor(row, NOT_NOW_MS).catch(() => undefined);
    }
  };

  const inLane = async (row: ClaimedPush): Promise<void> => {
    const app = await findApp(database, row.tenantId, row.appId);
    const lane = app && lanes.laneOf(app);
    if (!app || !lane || lane.pauseLeft() > 0 || lane.rate.allowed() < 1) {
      await rows.waitFor(row, Math.max(NOT_NOW_MS / 10, lane?.pauseLeft() ?? 0));
      return;
    }
    const ended = lanes.began(row, app.preset, row.attempts > 0);
    return inSpan(spanOf(row), () => work(row)).finally(ended);
  };

  return {
    rows,
    /** Starts what can run now; says whether there was anything. */
    run: async (onDone: () => void): Promise<boolean> => {
      const free = SLOTS - running.size;
      if (free <= 0) return false;
      const claimed = await rows.claim(free, [...running.keys()]);
      for (const row of claimed) {
        const key = `${row.tenantId}/${row.appId}`;
        const tracked = inLane(row)
          .catch(onFailure)
          .finally(() => {
            running.delete(key);
            onDone();
          });
        running.set(key, tracked);
      }
      return claimed.length > 0;
    },
    finish: async (): Promise<void> => void (await Promise.all(running.values())),
  };
};

/** What is to be done next, if the app's group isn't as it should be. */
const nextStep = (one: PushAttempt): Promise<PushOutcome> | PushOutcome => {
  const { row, push, name } = one;
  const { aim, link, failure, warning, mode } = push;
  if (failure) return { kind: 'idle' };
  if (aim === 'deleting') {
    if (link) return deleteGroup(one, link.remoteId);
    // A call may have made it, and nobody knows.
    return row.noted?.kind === 'create' ? createGroup(one) : { kind: 'idle' };
  }
  if (aim !== 'pushed') return { kind: 'idle' };
  if (!link) return createGroup(one);
  if (push.displayName !== name && warning?.displayName !== name) return renameGroup(one, link.remoteId);
  return membersThenOthers(one, link, mode === 'mirror');
};

const membersThenOthers = async (
  one: PushAttempt,
  link: NonNullable<PushAttempt['push']['link']>,
  isMirror: boolean,
): Promise<PushOutcome> => {
  const sent = await sendMembers(one, link);
  if (sent.kind !== 'idle' || !isMirror) return sent;
  const { compareAt } = one.row;
  const isDue = compareAt === null || Date.parse(compareAt) <= Date.now();
  return isDue ? compareMembers(one, link) : sent;
};

const spanOf = ({ tenantId, appId, pushId, attempts }: ClaimedPush) => ({
  name: 'push group',
  kind: SpanKind.INTERNAL,
  attributes: {
    'tenure.tenant.id': tenantId,
    'tenure.app.id': appId,
    'tenure.push.id': pushId,
    'tenure.delivery.attempts': attempts,
  },
});
