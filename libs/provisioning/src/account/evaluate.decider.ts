import {
  AccessRestored,
  AccountPlanFailed,
  AccountPlanned,
  AccountWithdrawn,
  ApprovalRequested,
  ApprovalWithdrawn,
  DeprovisioningCancelled,
  DeprovisioningRescheduled,
  DeprovisioningScheduled,
  type AccountEvent,
} from '@tenure/contracts';
import { dueTimers, movedTimers, type DeprovisioningConfig } from '../duration/index.ts';
import type { Evaluation } from './account.commands.ts';
import { evolveAccount } from './account.evolve.ts';
import { planFailureOf } from './plan-failure.ts';
import {
  changedTargets,
  isBehind,
  isRunning,
  isSame,
  isUnmade,
  type AccountState,
  type AccountTimer,
  type Plan,
  type PresentAccount,
} from './account.state.ts';

type Step = (account: PresentAccount, before: AccountState) => AccountEvent[];

/** Each step sees what the ones before it said. */
const inTurn = (before: AccountState, first: AccountEvent[], steps: readonly Step[]): AccountEvent[] =>
  steps.reduce<AccountEvent[]>((events, step) => {
    const state = events.reduce(evolveAccount, before);
    return state.kind === 'none' ? events : [...events, ...step(state, before)];
  }, first);

/** What follows from the user, the groups and the app's configuration as they are now (R27, R47, R62). */
export const evaluate = (command: Evaluation, state: AccountState): AccountEvent[] => {
  const eligible = command.triggers.length === 0;
  if (state.kind === 'none') {
    const { appId, userId, plan, problem, ruleIds, rulesVersion } = command;
    if (eligible && problem) return [AccountPlanFailed({ appId, userId, ...problem })];
    if (!eligible || !plan) return [];
    const planned = AccountPlanned(
      { appId, userId, changed: Object.keys(plan.attributes), ruleIds: [...ruleIds], rulesVersion },
      asPersonal(plan),
    );
    return inTurn(state, [planned], [askForApproval(command)]);
  }
  // Whether the person is eligible can't be told: nothing is taken and nothing given.
  if (eligible && command.unsure.length > 0) return inTurn(state, [], [failPlan(command)]);
  const change = [changePlan(command), failPlan(command), withdrawApproval, askForApproval(command)];
  return inTurn(
    state,
    [],
    [cancelTimers(command), ...(eligible ? [restore, ...change] : [...change, withdrawUnmade, arm(command)])],
  );
};

const idsOf = ({ appId, userId }: PresentAccount) => ({ appId, userId });

const asPersonal = ({ attributes, onCreate, additive, entitlements, matching }: Plan) => ({
  attributes,
  onCreate,
  additive: [...additive],
  entitlements: [...entitlements],
  matching: [...matching],
});

/** Whether something of ours is in the app, or may be. */
const mayBeThere = ({ remote, delivery }: PresentAccount): boolean =>
  remote === 'active' || remote === 'suspended' || delivery?.action === 'create';

const cancelTimers =
  ({ triggers, unsure }: Evaluation): Step =>
  (account) => {
    const stillHolds = new Set([...triggers.map(({ trigger }) => trigger), ...unsure]);
    const reason = triggers.length === 0 ? 'eligible' : 'triggerEnded';
    return account.timers
      .filter((timer) => isRunning(timer) && !stillHolds.has(timer.trigger))
      .map(({ id }) => DeprovisioningCancelled({ ...idsOf(account), timerId: id, reason }));
  };

/** Eligible again: what was taken is given back, and what would have been isn't taken (R47). */
const restore: Step = (account) => [
  ...(account.approval?.action === 'delete' ? [ApprovalWithdrawn({ ...idsOf(account), ...account.approval })] : []),
  ...(account.aim === 'suspended' || account.aim === 'deleted' ? [AccessRestored(idsOf(account))] : []),
];

/** What only counts when an account is made, also by which rules, is no change of one that was. */
const changePlan =
  ({ plan, ruleIds, rulesVersion, triggers }: Evaluation): Step =>
  (account) => {
    if (!plan || (triggers.length > 0 && isUnmade(account))) return [];
    const isSamePlan = isUnmade(account)
      ? isSame(plan, account.plan) && rulesVersion === account.rulesVersion && account.aim !== 'none'
      : isSame(plan.attributes, account.plan.attributes) &&
        isSame(plan.entitlements, account.plan.entitlements) &&
        isSame(plan.additive, account.plan.additive);
    if (isSamePlan && !account.planFailure) return [];
    const changed = changedTargets(account.plan.attributes, plan.attributes);
    return [AccountPlanned({ ...idsOf(account), changed, ruleIds: [...ruleIds], rulesVersion }, asPersonal(plan))];
  };

/** R96: what the account should be can't be worked out. Said once, and again where the reason is another. */
const failPlan =
  ({ problem, triggers }: Evaluation): Step =>
  (account) => {
    if (!problem || triggers.length > 0) return [];
    const failed = AccountPlanFailed({ ...idsOf(account), ...problem });
    return isSame(account.planFailure ?? null, planFailureOf(failed.data)) && account.aim !== 'none' ? [] : [failed];
  };

/** An update that waits and became needless does not wait any more. */
const withdrawApproval: Step = (account) =>
  account.approval?.action === 'update' && !isBehind(account)
    ? [ApprovalWithdrawn({ ...idsOf(account), ...account.approval })]
    : [];

/** R54: an account that is newly wanted, or whose plan just changed, waits for an admin where the app is set so. */
const askForApproval =
  ({ approvals }: Evaluation): Step =>
  (account, before) => {
    if (account.approval || account.failure || account.planFailure || account.aim !== 'present') return [];
    const ask = (action: 'create' | 'update') =>
      approvals.includes(action) ? [ApprovalRequested({ ...idsOf(account), action, deprovisioning: null })] : [];
    if (isUnmade(account))
      return (before.kind === 'none' || before.aim !== 'present' || before.planFailure) && !account.delivery
        ? ask('create')
        : [];
    return before.kind === 'present' && before.plan !== account.plan && isBehind(account) ? ask('update') : [];
  };

const withdrawUnmade: Step = (account) =>
  mayBeThere(account) || account.aim === 'none' || !isUnmade(account) ? [] : [AccountWithdrawn(idsOf(account))];

const arm =
  ({ accountId, triggers, deprovisioning }: Evaluation): Step =>
  (account) => {
    if (!mayBeThere(account)) return [];
    const wanted = triggers.flatMap(({ trigger, since }) => dueTimers(trigger, since, deprovisioning));
    return wanted
      .filter((timer) => !account.timers.some((known) => isOfSameEpisode(known, timer)))
      .map((timer, index) =>
        DeprovisioningScheduled({
          ...idsOf(account),
          timerId: `${accountId}.${account.timers.length + index + 1}`,
          ...timer,
        }),
      );
  };

/** A running timer stands for its trigger until it ends; one that fired has done so for this occurrence of it. */
const isOfSameEpisode = (
  known: AccountTimer,
  timer: Pick<AccountTimer, 'trigger' | 'action' | 'triggeredAt'>,
): boolean =>
  known.trigger === timer.trigger &&
  known.action === timer.action &&
  (isRunning(known) || (known.state === 'fired' && known.triggeredAt === timer.triggeredAt));

/** R48: only by an edit that says so. What is never to happen any more is cancelled. */
export const reschedule = (account: PresentAccount, deprovisioning: DeprovisioningConfig): AccountEvent[] =>
  movedTimers(account.timers.filter(isRunning), deprovisioning).map(({ timer, to }) =>
    to === null
      ? DeprovisioningCancelled({ ...idsOf(account), timerId: timer.id, reason: 'neverAnyMore' })
      : DeprovisioningRescheduled({
          ...idsOf(account),
          timerId: timer.id,
          delay: deprovisioning[timer.trigger][timer.action]!,
          dueAt: to,
        }),
  );
