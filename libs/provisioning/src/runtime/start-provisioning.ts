import { setTimeout as sleep } from 'node:timers/promises';
import { migrate, type Database } from '@tenure/database';
import {
  startPoller,
  startView,
  warmStates,
  type Clock,
  type EventStore,
  type Follower,
  type Leases,
  type DataSubject,
  type Poller,
  type Sealer,
  type SnapshotStore,
  type ViewRuntime,
} from '@tenure/eventing';
import type { FactBatch, FactConsumer, FactConsumerOptions } from '@tenure/messaging';
import { accountWriter, type WriteAccount } from '../account/write-account.ts';
import type { AppConfig } from '../app/app-config.ts';
import { appsPart as ourAppsPart } from '../app/app.view.ts';
import type { Connector, ConnectorKinds } from '../connector/index.ts';
import {
  deliveryWorker,
  type DeliveryHealth,
  type DeliveryNeeds,
  type DeliveryTimings,
} from '../delivery/delivery-worker.ts';
import type { DeliveryRows } from '../delivery/delivery.rows.ts';
import type { Witnesses } from '../delivery/witness.ts';
import { followApps } from '../evaluation/app-follower.ts';
import { evaluator } from '../evaluation/evaluator.ts';
import { followHeirs } from '../evaluation/heirs.ts';
import { fillWords } from '../people/apply-users.ts';
import { forgetPeople, isRebuilding, peopleConsumer } from '../people/people.consumer.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { followReferences } from '../references/reference-follower.ts';
import { referenceMover } from '../references/reference-mover.ts';
import { markReferring } from '../references/mark-referring.ts';
import { timerPoller } from '../timer/timer-poller.ts';
import { eraseFromAccounts } from '../view/erase-person.ts';
import { PROVISIONING_VIEW, provisioningView } from '../view/provisioning.view.ts';
import type { ViewPart } from '../view/view-part.ts';
import { accountsPart } from '../account/account.view.ts';
import { pushParts } from '../push/push-marks.part.ts';
import { markChangedGroups } from '../push/push.marks.ts';
import { pushPlanner } from '../push/push.planner.ts';
import { forgetPushErrors, type PushRows } from '../push/push.rows.ts';
import { pushWorker } from '../push/push.worker.ts';
import { pushWriter, type WritePush } from '../push/write-push.ts';
import { provisioningMigrations } from './provisioning.migrations.ts';

export type ProvisioningNeeds = {
  database: Database;
  store: EventStore;
  snapshots?: SnapshotStore;
  sealer: Sealer;
  leases: Leases;
  clock: Clock;
  /** The apps' tables in the provisioning view, `apps(tenant_id, id, config)`, for tests that configure apps in a simpler way. */
  appsPart?: ViewPart;
  connectorFor: (app: AppConfig) => Promise<Connector>;
  kinds: ConnectorKinds;
  onUnauthorized: (app: AppConfig, reason: string) => Promise<void>;
  onQuarantined: DeliveryNeeds['onQuarantined'];
  onResumed: DeliveryNeeds['onResumed'];
  /** What failed and is tried again; logged by whoever composes. */
  onFailure?: (what: string, error: unknown) => void;
  onParked?: FactConsumerOptions['onParked'];
  /** For metrics. */
  onDelivered?: DeliveryNeeds['onEnded'];
  /** Drops the person's key from caches. */
  onErased?: (person: DataSubject) => void;
  timerEveryMs?: number;
  deliveryTimings?: Partial<DeliveryTimings>;
  /** How many accounts are told of a moved reference before others have their turn. */
  referencesAtOnce?: number;
};

export type Provisioning = {
  view: ViewRuntime;
  write: WriteAccount;
  deliveries: DeliveryRows;
  writePush: WritePush;
  pushes: PushRows;
  /** How apps bear their deliveries (R96). */
  health: DeliveryHealth;
  /** Tells what this process sends to the app for an account (R63). */
  watch: Witnesses['watch'];
  /** How many timers are due and have not fired. */
  timersDue: () => Promise<number>;
  people: FactConsumer;
  /** For `@EventPattern(DIRECTORY_FACTS)`. */
  consumeDirectoryFacts: (facts: FactBatch) => Promise<void>;
  /** Empties people and groups; the caller rewinds the transport, so that all facts come again. */
  forgetPeople: () => Promise<void>;
  followers: readonly Follower[];
  /**
   * Starts to evaluate, to fire and to deliver, once the view may be read. Timers fire only once the facts that came while the service was
   * away are consumed and evaluated: one of them may well cancel what is overdue (design, decision 16).
   */
  startWork: (factsCaughtUp?: () => Promise<boolean>) => Promise<void>;
  /** What there is still to do at the present instant; undefined = nothing (api: `settled`). */
  unsettled: () => Promise<string | undefined>;
  /** Wakes the workers, after something was written. */
  wake: () => void;
  stop: () => Promise<void>;
};

/** Apps that are on are looked at this often when nobody wakes the worker: retries, and work of another replica. */
const DELIVER_EVERY_MS = 200;
const EVALUATE_EVERY_MS = 200;
const PUSH_EVERY_MS = 200;
const TIMERS_EVERY_MS = 1000;
const CATCH_UP_LOOK_MS = 100;

/** All of mapping-service that works by itself: facts in, evaluation, timers, deliveries. */
export const startProvisioning = async (needs: ProvisioningNeeds): Promise<Provisioning> => {
  const {
    database,
    store,
    snapshots,
    sealer,
    leases,
    clock,
    appsPart = ourAppsPart,
    connectorFor,
    kinds,
    onUnauthorized,
    onQuarantined,
    onResumed,
    onFailure,
    onParked,
    onErased,
    timerEveryMs = TIMERS_EVERY_MS,
  } = needs;
  const failing = (what: string) => (error: unknown) => onFailure?.(what, error);
  await migrate(database, { schema: PROVISIONING, migrations: provisioningMigrations });
  await fillWords(database);
  const view = await startView({
    view: provisioningView([appsPart, accountsPart, ...pushParts]),
    database,
    schema: PROVISIONING,
    store,
    sealer,
    leases,
    onFailure: failing('view'),
    onParked: (stream, error) => onFailure?.(`view, which parked ${stream}`, error),
  });
  const source = { store, sealer, warm: warmStates(), ...(snapshots && { snapshots }) };
  const write = accountWriter({ source, clock, view });

  const writePush = pushWriter({ source, clock, view });

  const pollers: Partial<Record<'evaluating' | 'timing' | 'delivering' | 'moving' | 'planning' | 'pushing', Poller>> =
    {};
  const wakeEvaluation = () => pollers.evaluating?.wake();
  const wakeDelivery = () => pollers.delivering?.wake();
  const wakePushes = () => {
    pollers.planning?.wake();
    pollers.pushing?.wake();
  };

  const apps = followApps({
    database,
    store,
    leases,
    view,
    onMarked: wakeEvaluation,
    onFailure: failing('evaluation.apps'),
  });
  const heirs = followHeirs({
    database,
    store,
    leases,
    view,
    onMarked: wakeEvaluation,
    onFailure: failing('evaluation.heirs'),
  });
  const references = followReferences({
    database,
    store,
    leases,
    view,
    onNoted: () => pollers.moving?.wake(),
    onFailure: failing('references'),
  });
  const mover = referenceMover({
    database,
    write,
    onWritten: wakeDelivery,
    onFailure: failing('references'),
    ...(needs.referencesAtOnce !== undefined && { atOnce: needs.referencesAtOnce }),
  });
  const people = peopleConsumer({
    database,
    sealer,
    onErased: async (sql, person) => {
      onErased?.(person);
      await eraseFromAccounts(sql, source, person);
      await forgetPushErrors(sql, person.tenantId);
    },
    onGroupsChanged: (sql, changes) => markChangedGroups(sql, PROVISIONING_VIEW, changes),
    ...(onParked && { onParked }),
  });
  const evaluation = evaluator({
    database,
    write,
    kinds,
    onWritten: () => {
      wakeDelivery();
      // What is due within 24 hours is due at once.
      pollers.timing?.wake();
    },
    onFailure: failing('evaluation'),
  });
  const timers = timerPoller({ database, clock, write, onFired: wakeDelivery, onFailure: failing('timers') });
  const deliveries = deliveryWorker({
    database,
    source,
    view,
    write,
    connectorFor,
    kinds,
    onUnauthorized,
    onQuarantined,
    onResumed,
    onFailure: failing('delivery'),
    ...(needs.onDelivered && { onEnded: needs.onDelivered }),
    ...(needs.deliveryTimings && { timings: needs.deliveryTimings }),
  });
  const planner = pushPlanner({
    database,
    write: writePush,
    onPlanned: wakePushes,
    onFailure: failing('push.plan'),
  });
  const pushes = pushWorker({
    database,
    source,
    view,
    write: writePush,
    connectorFor,
    lanes: deliveries.lanes,
    onUnauthorized,
    onFailure: failing('push'),
    timings: deliveries.timings,
  });
  const followers = [view.follower, apps, references, heirs];

  const stopping = new AbortController();
  const startWork = async (factsCaughtUp: () => Promise<boolean> = async () => true) => {
    await view.serving;
    await apps.caughtUp;
    if (stopping.signal.aborted) return;
    await markReferring(database, kinds, clock);
    pollers.evaluating = startPoller({
      everyMs: EVALUATE_EVERY_MS,
      run: evaluation.run,
      onFailure: failing('evaluation'),
    });
    pollers.delivering = startPoller({
      everyMs: DELIVER_EVERY_MS,
      run: () =>
        deliveries.run(() => {
          wakeDelivery();
          // An account that is there now may be a member.
          pollers.planning?.wake();
        }),
      onFailure: failing('delivery'),
    });
    pollers.planning = startPoller({ everyMs: PUSH_EVERY_MS, run: planner.run, onFailure: failing('push.plan') });
    pollers.pushing = startPoller({
      everyMs: PUSH_EVERY_MS,
      run: () => pushes.run(wakePushes),
      onFailure: failing('push'),
    });
    pollers.moving = startPoller({ everyMs: EVALUATE_EVERY_MS, run: mover.run, onFailure: failing('references') });
    const caughtUp = async () => (await factsCaughtUp()) && (await evaluation.isThrough());
    while (!(await caughtUp().catch(() => false))) {
      await sleep(CATCH_UP_LOOK_MS);
      if (stopping.signal.aborted) return;
    }
    pollers.timing = startPoller({ everyMs: timerEveryMs, run: timers.run, onFailure: failing('timers') });
  };

  const unsettled = async (): Promise<string | undefined> => {
    if (await isRebuilding(database)) return 'people are being built again';
    for (const follower of followers) if (!(await follower.isSettled())) return `${follower.name} follows`;
    const [waiting, moved] = [await evaluation.waiting(), await mover.waiting()];
    const [due, open] = [await timers.due(), await deliveries.open()];
    if (waiting > 0) return `${waiting} people wait to be evaluated`;
    if (moved > 0) return `${moved} accounts moved that others refer to`;
    if (due > 0) return `${due} timers are due`;
    if (open > 0) return `${open} deliveries wait`;
    if (await planner.waiting()) return 'pushed groups are being planned';
    const pushing = await pushes.rows.open();
    return pushing > 0 ? `${pushing} pushed groups wait` : undefined;
  };

  return {
    view,
    write,
    deliveries: deliveries.rows,
    writePush,
    pushes: pushes.rows,
    health: deliveries.health,
    watch: deliveries.watch,
    timersDue: timers.due,
    people,
    consumeDirectoryFacts: async (facts) => {
      await people.consume(facts);
      wakeEvaluation();
      pollers.planning?.wake();
    },
    forgetPeople: () => forgetPeople(database, people),
    followers,
    startWork,
    unsettled,
    wake: () => {
      wakeEvaluation();
      wakeDelivery();
      wakePushes();
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(Object.values(pollers).map((poller) => poller.stop()));
      await Promise.all([deliveries.finish(), pushes.finish()]);
      await Promise.all([people.stop(), apps.stop(), references.stop(), heirs.stop(), view.stop()]);
    },
  };
};
