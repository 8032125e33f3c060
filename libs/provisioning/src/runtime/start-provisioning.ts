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
import { followApps } from '../evaluation/app-follower.ts';
import { evaluator } from '../evaluation/evaluator.ts';
import { forgetPeople, isRebuilding, peopleConsumer } from '../people/people.consumer.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { timerPoller } from '../timer/timer-poller.ts';
import { eraseFromAccounts } from '../view/erase-person.ts';
import { provisioningView } from '../view/provisioning.view.ts';
import type { ViewPart } from '../view/view-part.ts';
import { accountsPart } from '../view/accounts.part.ts';
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
};

export type Provisioning = {
  view: ViewRuntime;
  write: WriteAccount;
  deliveries: DeliveryRows;
  /** How apps bear their deliveries (R96). */
  health: DeliveryHealth;
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
  const view = await startView({
    view: provisioningView([appsPart, accountsPart]),
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

  const pollers: { evaluating?: Poller; timing?: Poller; delivering?: Poller } = {};
  const wakeEvaluation = () => pollers.evaluating?.wake();
  const wakeDelivery = () => pollers.delivering?.wake();

  const apps = followApps({
    database,
    store,
    leases,
    view,
    onMarked: wakeEvaluation,
    onFailure: failing('evaluation.apps'),
  });
  const people = peopleConsumer({
    database,
    sealer,
    onErased: async (sql, person) => {
      onErased?.(person);
      await eraseFromAccounts(sql, source, person);
    },
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
  const followers = [view.follower, apps];

  const stopping = new AbortController();
  const startWork = async (factsCaughtUp: () => Promise<boolean> = async () => true) => {
    await view.serving;
    await apps.caughtUp;
    if (stopping.signal.aborted) return;
    pollers.evaluating = startPoller({
      everyMs: EVALUATE_EVERY_MS,
      run: evaluation.run,
      onFailure: failing('evaluation'),
    });
    pollers.delivering = startPoller({
      everyMs: DELIVER_EVERY_MS,
      run: () => deliveries.run(wakeDelivery),
      onFailure: failing('delivery'),
    });
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
    const [waiting, due, open] = [await evaluation.waiting(), await timers.due(), await deliveries.open()];
    if (waiting > 0) return `${waiting} people wait to be evaluated`;
    if (due > 0) return `${due} timers are due`;
    return open > 0 ? `${open} deliveries wait` : undefined;
  };

  return {
    view,
    write,
    deliveries: deliveries.rows,
    health: deliveries.health,
    timersDue: timers.due,
    people,
    consumeDirectoryFacts: async (facts) => {
      await people.consume(facts);
      wakeEvaluation();
    },
    forgetPeople: () => forgetPeople(database, people),
    followers,
    startWork,
    unsettled,
    wake: () => {
      wakeEvaluation();
      wakeDelivery();
    },
    stop: async () => {
      stopping.abort();
      await Promise.all([pollers.evaluating?.stop(), pollers.timing?.stop(), pollers.delivering?.stop()]);
      await deliveries.finish();
      await Promise.all([people.stop(), apps.stop(), view.stop()]);
    },
  };
};
