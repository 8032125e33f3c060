import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Sql } from '@tenure/database';
import { Rejected, type Caller, type Clock } from '@tenure/eventing';
import { accountDecider } from '../account/account.decider.ts';
import { nextDelivery, statusOf, type AccountState, type PresentAccount } from '../account/account.state.ts';
import type { AppConfig } from '../app/app-config.ts';
import { refuseGated } from '../app/app.queries.ts';
import { isKnown } from '../app/known.ts';
import { kindOf, type Connector, type ConnectorKinds, type Remote } from '../connector/index.ts';
import type { DeliveryHealth } from '../delivery/delivery-worker.ts';
import type { WitnessedCall, Witnesses } from '../delivery/witness.ts';
import { deliveredSteps } from '../on-demand/delivered-steps.ts';
import { lookAtAccount, type Looked } from '../on-demand/look-at-account.ts';
import { plannedSteps } from '../on-demand/planned-steps.ts';
import type { OnDemandReply } from '../on-demand/steps.ts';
import { resolvedAttributes, type ReferredIds } from '../mapping/references.ts';
import { mark, PROVISIONING } from '../people/to-evaluate.ts';
import { idsReferredTo } from '../references/find-references.ts';
import { findAccount } from '../account/find-account.ts';
import { findApp } from '../app/find-apps.ts';
import { evaluatePerson, type Evaluated } from './evaluate-person.ts';
import { readSeen, viewsOf } from './read-views.ts';

export { onDemandReply, type OnDemandReply } from '../on-demand/steps.ts';

export type OnDemandNeeds = {
  database: Database;
  clock: Clock;
  kinds: ConnectorKinds;
  connectorFor: (app: AppConfig) => Promise<Connector>;
  watch: Witnesses['watch'];
  lanes: Pick<DeliveryHealth, 'find'>;
  wake: () => void;
  waitMs?: number;
};

/** All in all; an admin waits for it. */
const WAIT_MS = 30_000;
/** For the look before, and for the one after. */
const LOOK_MS = 10_000;
const LOOK_EVERY_MS = 50;

const unknownApp = () => new Rejected('not-found', 'app/not-found', 'There is no such app.');

/**
 * Provisions one user now, and tells each step (R63): what is wanted, what is in the app, what an ordinary delivery sent and what the app
 * said. Nothing of it is kept that an ordinary delivery wouldn't keep.
 */
export const provisionOnDemand =
  (needs: OnDemandNeeds) =>
  async ({ tenantId, correlationId, traceparent }: Caller, appId: string, userId: string): Promise<OnDemandReply> => {
    const { database, clock, kinds, wake } = needs;
    const until = Date.now() + (needs.waitMs ?? WAIT_MS);
    if (!(await findApp(database, tenantId, appId))) throw unknownApp();
    await refuseGated(database, tenantId, 'provisioning');
    const look = () => database.transaction((at) => readSeen(at, tenantId, userId, appId), { snapshot: true });
    const seen = (await look()) ?? ((await isKnown(database, tenantId, 'users', userId)) ? await look() : undefined);
    if (!seen) throw new Rejected('not-found', 'user/unknown', 'There is no such user.');
    const [found] = seen.apps;
    if (!found) throw unknownApp();
    const { app } = found;
    const now = await clock.now();
    const account = await findAccount(database, tenantId, appId, userId);
    const evaluated = evaluatePerson(viewsOf(seen, found, kinds, now), account);
    const { accountId } = evaluated;
    const referredIds = await idsReferredTo(database, tenantId, appId, evaluated.plan);
    const shown = withIds(evaluated, referredIds);

    // A delivery that goes on anyway is seen too.
    const calls: WitnessedCall[] = [];
    const stop = needs.watch({ tenantId, accountId }, (call) => calls.push(call));
    try {
      const before = await lookInTime(
        lookAtAccount({ app, kind: kindOf(kinds, app), connectorFor: needs.connectorFor, account, evaluated: shown }),
        LOOK_MS,
      );
      const steps = [...plannedSteps(seen, app, shown), ...before.steps];
      if (app.state !== 'on') return { steps: [...steps, ...wouldDo(app, account, { ...evaluated, referredIds })] };

      const cause = {
        causationId: correlationId,
        correlationId,
        occurredAt: now,
        ...(traceparent !== undefined && { traceparent }),
      };
      await mark(database, [{ tenantId, userIds: [userId], appId, cause }]);
      wake();
      const { isOver, state } = await delivered(database, tenantId, appId, userId, until);
      const lane = isOver ? undefined : await needs.lanes.find({ tenantId, appId });
      const after =
        state.kind === 'present' && state.remoteId !== null && calls.some(({ call }) => call !== 'isMember')
          ? await readInTime(needs.connectorFor, app, state.remoteId)
          : undefined;
      return {
        steps: [
          ...steps,
          ...deliveredSteps({
            accountId,
            was: account,
            account: state,
            calls,
            isOver,
            before: before.remote,
            after,
            laneReason: lane?.reason ?? undefined,
          }),
        ],
      };
    } finally {
      stop();
    }
  };

const lookInTime = (work: Promise<Looked>, ms: number): Promise<Looked> =>
  Promise.race([
    work,
    sleep(ms, undefined, { ref: false }).then((): Looked => ({
      steps: [{ name: 'lookup', outcome: 'waiting', detail: `The app hasn't answered within ${ms / 1000} seconds.` }],
    })),
  ]);

const readInTime = async (
  connectorFor: OnDemandNeeds['connectorFor'],
  app: AppConfig,
  remoteId: string,
): Promise<Remote | undefined> => {
  const found = await Promise.race([
    (await connectorFor(app)).get('account', remoteId),
    sleep(LOOK_MS, undefined, { ref: false }),
  ]);
  return found?.kind === 'ok' ? found.value : undefined;
};

/** As it is sent: references to people by the ids of the app. */
const withIds = (evaluated: Evaluated, ids: ReferredIds): Evaluated => {
  const { plan } = evaluated;
  if (!plan) return evaluated;
  const attributes = resolvedAttributes(plan.attributes, ids);
  return { ...evaluated, plan: { ...plan, attributes, onCreate: resolvedAttributes(plan.onCreate, ids) } };
};

type Resolved = Evaluated & { referredIds: ReferredIds };

const evaluatedState = (account: AccountState, { scope: _, ...evaluation }: Resolved): AccountState =>
  accountDecider.decide({ type: 'Evaluate', ...evaluation }, account).reduce(accountDecider.evolve, account);

/** Nothing is sent while the app isn't on. */
const wouldDo = ({ state }: AppConfig, account: AccountState, evaluated: Resolved): OnDemandReply['steps'] => {
  const then = state === 'draft' ? account : evaluatedState(account, evaluated);
  const action = nextDelivery(then);
  const pending = then.kind === 'present' ? then.approvals.map((approval) => approval.action) : [];
  const would =
    action !== undefined
      ? `Once it is on, the account is to be: ${action}.`
      : pending.length > 0
        ? `Once it is on, an approval is needed first: ${pending.join(', ')}.`
        : 'Once it is on, nothing is to be sent.';
  const words = state === 'needsReauthorization' ? 'The app needs new credentials' : `The app is ${state}`;
  return [
    {
      name: 'action',
      outcome: action !== undefined || pending.length > 0 ? 'waiting' : 'skipped',
      detail: `${words}, so nothing is sent. ${would}`,
      ...(action !== undefined && { action }),
    },
    {
      name: 'result',
      outcome: 'waiting',
      detail: `the app is ${state}`,
      accountId: evaluated.accountId,
      ...(then.kind === 'present' && { status: statusOf(then) }),
    },
  ];
};

const isEvaluated = async (sql: Sql, tenantId: string, appId: string, userId: string): Promise<boolean> =>
  (
    await sql.query({
      text: `select 1 from ${PROVISIONING}.to_evaluate where tenant_id = $1 and user_id = $2 and app_id in ('', $3)`,
      values: [tenantId, userId, appId],
    })
  ).length === 0;

const hasWork = (account: PresentAccount): boolean => nextDelivery(account) !== undefined;

/** Waits for what follows, as long as somebody may be expected to. */
const delivered = async (
  sql: Sql,
  tenantId: string,
  appId: string,
  userId: string,
  until: number,
): Promise<{ isOver: boolean; state: AccountState }> => {
  for (; ; await sleep(LOOK_EVERY_MS)) {
    const evaluated = await isEvaluated(sql, tenantId, appId, userId);
    const state = await findAccount(sql, tenantId, appId, userId);
    if (evaluated && (state.kind === 'none' || !hasWork(state))) return { isOver: true, state };
    if (Date.now() > until) return { isOver: false, state };
  }
};
