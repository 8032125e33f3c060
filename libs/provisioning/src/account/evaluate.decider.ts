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
  DeprovisioningTriggersChanged,
  type AccountEvent,
} from '@tenure/contracts';
import { dueTimers, movedTimers, type DeprovisioningConfig } from '../duration/index.ts';
import { framesAt, framesOf } from '../app/frames.ts';
import type { Evaluation, FoundTrigger } from './account-command.ts';
import { evolveAccount } from './account.evolve.ts';
import { planFailureOf } from './plan-failure.ts';
import { noteReferences } from './reference.decider.ts';
import { notePredecessor } from './rehire.decider.ts';
import {
  approvalData,
  changedTargets,
  isBehind,
  isPending,
  isRunning,
  isSame,
  isUnmade,
  nextApprovalId,
  noReasons,
  type AccountState,
  type AccountTimer,
  type HeldTrigger,
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
    const { appId, userId, plan, problem, reasons } = command;
    const predecessor: Step = (account) => notePredecessor(account, command);
    if (eligible && problem)
      return inTurn(state, [AccountPlanFailed({ appId, userId, ...problem, ...reasons })], [predecessor]);
    if (!eligible || !plan) return [];
    const targets = [...Object.keys(plan.attributes), ...Object.keys(plan.onCreate)];
    const planned = AccountPlanned(
      { appId, userId, changed: Object.keys(plan.attributes), ...planReasons(command, targets) },
      asPersonal(plan),
    );
    return inTurn(state, [planned], [noteReferred(command), predecessor, askForApproval(command)]);
  }
  // Whether the person is eligible can't be told: nothing is taken and nothing given.
  if (eligible && command.unsure.length > 0) return inTurn(state, [], [failPlan(command)]);
  const change = [
    changePlan(command),
    noteReferred(command),
    failPlan(command),
    (account: PresentAccount) => notePredecessor(account, command),
    withdrawApproval,
    askForApproval(command),
  ];
  return inTurn(
    state,
    [],
    [
      noteTriggers(command),
      cancelTimers(command),
      ...(eligible ? [restore(command), ...change] : [...change, withdrawUnmade(command), arm(command)]),
    ],
  );
};

const idsOf = ({ appId, userId }: PresentAccount) => ({ appId, userId });

const planReasons = ({ reasons, origins, rulesVersion }: Evaluation, targets: readonly string[]) => ({
  ruleIds: reasons.ruleIds ?? [],
  rulesVersion,
  basis: reasons.basis,
  scope: reasons.scope,
  targets: Object.fromEntries(targets.flatMap((target) => (origins[target] ? [[target, origins[target]]] : []))),
});

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

/**
 * Each trigger is noted when it is first seen to hold, with the time frames that were in force when it occurred: an edit is for those that are
 * yet to occur (R48). One that ended and holds again is another occurrence, also where no evaluation saw it end.
 */
const noteTriggers =
  ({ triggers, unsure, frames, reasons }: Evaluation): Step =>
  (account) => {
    const stays = account.held.filter(({ trigger }) => unsure.includes(trigger));
    const found = triggers.map(
      (trigger) => account.held.find((held) => held.trigger === trigger.trigger && !isLater(trigger, held)) ?? trigger,
    );
    const held = found
      .filter((each): each is HeldTrigger | FoundTrigger => 'episode' in each || mayBeThere(account))
      .reduce<HeldTrigger[]>((noted, each) => {
        if ('episode' in each) return [...noted, each];
        const episode = Math.max(account.episodes, ...noted.map((one) => one.episode)) + 1;
        const { trigger, since, origin } = each;
        return [...noted, { trigger, since, origin, episode, frames: framesAt(frames, since).version }];
      }, []);
    const next = [...stays.filter(({ episode }) => held.every((one) => one.episode !== episode)), ...held];
    const episodes = (some: readonly HeldTrigger[]) => some.map(({ episode }) => episode).toSorted((a, b) => a - b);
    return isSame(episodes(next), episodes(account.held))
      ? []
      : [DeprovisioningTriggersChanged({ ...idsOf(account), held: next, ...reasons })];
  };

/**
 * Whether a trigger holds in a later occurrence than the one that was noted. `user@7` and `group/staff@41` name a revision; of an app's own
 * scope nothing tells two occurrences apart but an evaluation between them.
 */
const isLater = (found: FoundTrigger, noted: HeldTrigger): boolean => {
  const [of, at] = found.origin.split('@');
  const [notedOf, notedAt] = noted.origin.split('@');
  if (at === undefined || notedAt === undefined) return false;
  return of === notedOf ? Number(at) > Number(notedAt) : found.since > noted.since;
};

/** A timer ends with the occurrence that armed it. */
const cancelTimers =
  ({ triggers, unsure, reasons }: Evaluation): Step =>
  (account) => {
    const stillHolds = new Set([...triggers.map(({ trigger }) => trigger), ...unsure]);
    const episodes = new Set(account.held.map(({ episode }) => episode));
    const isOver = ({ trigger, episode }: AccountTimer) =>
      !stillHolds.has(trigger) || (episode !== null && !episodes.has(episode));
    const reason = triggers.length === 0 ? 'eligible' : 'triggerEnded';
    return account.timers
      .filter((timer) => isRunning(timer) && isOver(timer))
      .map(({ id }) => DeprovisioningCancelled({ ...idsOf(account), timerId: id, reason, ...reasons }));
  };

/** Eligible again: what was taken is given back, and what would have been isn't taken (R47). */
const restore =
  ({ reasons }: Evaluation): Step =>
  (account) => [
    ...account.approvals
      .filter(({ action }) => action === 'delete')
      .map((approval) => ApprovalWithdrawn(approvalData(account, approval))),
    ...(account.aim === 'suspended' || account.aim === 'deleted'
      ? [AccessRestored({ ...idsOf(account), ...reasons })]
      : []),
  ];

/** What only counts when an account is made, also by which rules, is no change of one that was. */
const changePlan =
  (command: Evaluation): Step =>
  (account) => {
    const { plan, rulesVersion, triggers } = command;
    if (!plan || (triggers.length > 0 && isUnmade(account))) return [];
    const isSamePlan = isUnmade(account)
      ? isSame(plan, account.plan) && rulesVersion === account.rulesVersion && account.aim !== 'none'
      : isSame(plan.attributes, account.plan.attributes) &&
        isSame(plan.entitlements, account.plan.entitlements) &&
        isSame(plan.additive, account.plan.additive);
    if (isSamePlan && !account.planFailure && !account.rehire.isUnplanned) return [];
    const changed = changedTargets(account.plan.attributes, plan.attributes);
    const targets = isUnmade(account) ? [...changed, ...changedTargets(account.plan.onCreate, plan.onCreate)] : changed;
    return [AccountPlanned({ ...idsOf(account), changed, ...planReasons(command, targets) }, asPersonal(plan))];
  };

const noteReferred =
  ({ referredIds }: Evaluation): Step =>
  (account, before) =>
    noteReferences(referredIds, account, before);

/** R96: what the account should be can't be worked out. Said once, and again where the reason is another. */
const failPlan =
  ({ problem, triggers, reasons }: Evaluation): Step =>
  (account) => {
    if (!problem || triggers.length > 0) return [];
    const failed = AccountPlanFailed({ ...idsOf(account), ...problem, ...reasons });
    return isSame(account.planFailure ?? null, planFailureOf(failed.data)) && account.aim !== 'none' ? [] : [failed];
  };

/** An update that waits and became needless does not wait any more. */
const withdrawApproval: Step = (account) =>
  isBehind(account)
    ? []
    : account.approvals
        .filter(({ action }) => action === 'update')
        .map((approval) => ApprovalWithdrawn(approvalData(account, approval)));

/** R54: an account that is newly wanted, or whose plan just changed, waits for an admin where the app is set so. */
const askForApproval =
  ({ approvals }: Evaluation): Step =>
  (account, before) => {
    if (account.failure || account.planFailure || account.rehire.awaits || account.aim !== 'present') return [];
    const ask = (action: 'create' | 'update') => {
      if (!approvals.includes(action) || isPending(account, action)) return [];
      const approval = { id: nextApprovalId(account, action), action, deprovisioning: null };
      return [ApprovalRequested(approvalData(account, approval))];
    };
    if (isUnmade(account))
      return (before.kind === 'none' || before.aim !== 'present' || before.planFailure || before.rehire.awaits) &&
        !account.delivery
        ? ask('create')
        : [];
    return before.kind === 'present' && before.plan !== account.plan && isBehind(account) ? ask('update') : [];
  };

const withdrawUnmade =
  ({ reasons }: Evaluation): Step =>
  (account) =>
    mayBeThere(account) || account.aim === 'none' || !isUnmade(account) || account.rehire.awaits
      ? []
      : [AccountWithdrawn({ ...idsOf(account), ...reasons })];

const arm =
  ({ accountId, triggers, frames, reasons }: Evaluation): Step =>
  (account) => {
    if (!mayBeThere(account)) return [];
    const wanted = account.held
      .filter((held) => triggers.some(({ trigger }) => trigger === held.trigger))
      .flatMap(({ trigger, since, episode, frames: version }) =>
        dueTimers(trigger, since, framesOf(frames, version).frames).map((timer) => ({ ...timer, episode })),
      );
    return wanted
      .filter((timer) => !account.timers.some((known) => isOfSameEpisode(known, timer)))
      .map((timer, index) =>
        DeprovisioningScheduled({
          ...idsOf(account),
          timerId: `${accountId}.${account.timers.length + index + 1}`,
          ...timer,
          ...reasons,
        }),
      );
  };

/** A running timer stands for its trigger until it ends; one that fired has done so for this occurrence of it. */
const isOfSameEpisode = (
  known: AccountTimer,
  timer: Pick<AccountTimer, 'trigger' | 'action' | 'triggeredAt' | 'episode'>,
): boolean => {
  if (known.trigger !== timer.trigger || known.action !== timer.action || known.state === 'cancelled') return false;
  if (known.episode !== null) return known.episode === timer.episode;
  // From before occurrences were counted.
  return isRunning(known) || known.triggeredAt === timer.triggeredAt;
};

/** R48: only by an edit that says so. What is never to happen any more is cancelled. */
export const reschedule = (account: PresentAccount, deprovisioning: DeprovisioningConfig): AccountEvent[] =>
  movedTimers(account.timers.filter(isRunning), deprovisioning).map(({ timer, to }) =>
    to === null
      ? DeprovisioningCancelled({ ...idsOf(account), timerId: timer.id, reason: 'neverAnyMore', ...noReasons })
      : DeprovisioningRescheduled({
          ...idsOf(account),
          timerId: timer.id,
          delay: deprovisioning[timer.trigger][timer.action]!,
          dueAt: to,
        }),
  );
