import { isEffective, isSame, statusOf, type AccountState, type PresentAccount } from '../account/account.state.ts';
import type { Remote } from '../connector/index.ts';
import type { WitnessedCall } from '../delivery/witness.ts';
import { sameValue, type Json } from '@tenure/scim';
import { wordsOf } from './look-at-account.ts';
import type { Step, StepValue } from './steps.ts';

type Delivered = {
  accountId: string;
  was: AccountState;
  account: AccountState;
  /** What this process sent; another may have done it. */
  calls: readonly WitnessedCall[];
  isOver: boolean;
  before: Remote | undefined;
  after: Remote | undefined;
  /** Why the app is left alone, where it is. */
  laneReason: string | undefined;
};

const membershipCalls: ReadonlySet<WitnessedCall['call']> = new Set(['isMember', 'addMember', 'removeMember']);

/** What an ordinary delivery did, in its steps. */
export const deliveredSteps = (one: Delivered): Step[] => {
  const sent = one.calls.filter(({ call }) => !membershipCalls.has(call));
  const memberships = one.calls.filter(({ call }) => membershipCalls.has(call));
  return [actionStep(one, sent), ...membershipSteps(one, memberships), resultStep(one)];
};

const shownCall = ({ changes, ...rest }: WitnessedCall): NonNullable<Step['calls']>[number] => ({
  ...(rest as Omit<NonNullable<Step['calls']>[number], 'changes'>),
  ...(changes && {
    changes: changes.map((change) =>
      'add' in change
        ? { target: change.target, from: [...change.remove] as StepValue, to: [...change.add] as StepValue }
        : { target: change.target, from: (change.from ?? null) as StepValue, to: change.to as StepValue },
    ),
  }),
});

const callWords = ({ call, outcome, status, said }: WitnessedCall): string =>
  outcome === 'ok'
    ? `${call}: the app accepted it${status === undefined ? '' : ` (${status})`}`
    : `${call}: ${wordsOf({ reason: said ?? outcome, ...(status !== undefined && { status }) })}`;

const actionStep = ({ was, account, isOver, laneReason }: Delivered, sent: readonly WitnessedCall[]): Step => {
  const last = sent.at(-1);
  if (last)
    return {
      name: 'action',
      outcome: last.outcome === 'ok' ? 'done' : isOver ? 'failed' : 'waiting',
      detail: sent.map(callWords).join('; '),
      action: last.call,
      calls: sent.map(shownCall),
    };
  if (account.kind === 'none') return { name: 'action', outcome: 'skipped', detail: 'No account is wanted.' };
  const pending = account.approvals.map(({ action }) => action);
  if (pending.length > 0)
    return {
      name: 'action',
      outcome: 'waiting',
      detail: `An approval is needed first: ${pending.join(', ')}.`,
      action: pending[0]!,
    };
  if (!isOver)
    return {
      name: 'action',
      outcome: 'waiting',
      detail: laneReason ?? account.delivery?.failure?.message ?? 'The delivery waits for its turn.',
      ...(account.delivery && { action: account.delivery.action }),
    };
  const timer = account.timers.find((each) => isEffective(account.timers, each) && each.state !== 'fired');
  if (timer)
    return {
      name: 'action',
      outcome: 'waiting',
      detail:
        timer.state === 'parked'
          ? `The threshold of the app holds back: ${timer.action}.`
          : `Due at ${timer.dueAt}: ${timer.action}.`,
      action: timer.action,
    };
  const trouble = account.failure ?? account.planFailure;
  if (trouble) return { name: 'action', outcome: 'failed', detail: trouble.message };
  return hasMoved(was, account)
    ? {
        name: 'action',
        outcome: 'done',
        detail: "It was delivered by another process; the account's history has what came of it.",
      }
    : { name: 'action', outcome: 'skipped', detail: 'Nothing was to be sent.' };
};

const hasMoved = (was: AccountState, is: PresentAccount): boolean =>
  was.kind === 'none'
    ? is.remoteId !== null
    : was.remote !== is.remote || !isSame(was.attributes, is.attributes) || !isSame(was.entitlements, is.entitlements);

const membershipSteps = ({ account }: Delivered, calls: readonly WitnessedCall[]): Step[] => {
  if (account.kind === 'none') return [];
  const { entitlements } = account;
  if (entitlements.length === 0 && calls.length === 0) return [];
  const failed = calls.find(({ outcome }) => outcome !== 'ok');
  const changed = calls.filter(({ call, outcome }) => call !== 'isMember' && outcome === 'ok');
  return [
    {
      name: 'memberships',
      outcome: failed ? 'failed' : changed.length > 0 ? 'done' : 'skipped',
      detail: failed
        ? callWords(failed)
        : `${changed.length} changed; held: ${entitlements.map(({ kind, value }) => `${kind} ${value}`).join(', ') || 'none'}`,
      entitlements: entitlements.map(({ kind, value, owned }) => ({ kind, value, owned })),
      calls: calls.map(shownCall),
    },
  ];
};

const resultStep = ({ accountId, account, isOver, before, after }: Delivered): Step => {
  if (account.kind === 'none')
    return isOver
      ? { name: 'result', outcome: 'skipped', detail: 'no account is wanted', accountId }
      : { name: 'result', outcome: 'waiting', detail: 'not evaluated yet', accountId };
  const status = statusOf(account);
  const reason = account.failure ?? account.planFailure ?? account.delivery?.failure ?? undefined;
  const changes = after ? changesBetween(before, after) : [];
  return {
    name: 'result',
    outcome: outcomeOf(account, isOver),
    detail: isOver ? (reason?.code ?? status) : `not over yet: ${reason?.code ?? status}`,
    accountId,
    status,
    ...(account.remoteId !== null && { remoteId: account.remoteId }),
    ...(reason && { reason: { code: reason.code, message: reason.message } }),
    ...(changes.length > 0 && { changes }),
  };
};

const outcomeOf = (account: PresentAccount, isOver: boolean): Step['outcome'] => {
  const status = statusOf(account);
  if (status === 'failed') return 'failed';
  return !isOver || status === 'pending' ? 'waiting' : 'done';
};

const changesBetween = (before: Remote | undefined, after: Remote): NonNullable<Step['changes']> => {
  const [was, is] = [shownBy(before), shownBy(after)];
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((target) => {
    const [from, to] = [was[target] ?? null, is[target] ?? null];
    return sameValue(from as Json, to as Json) ? [] : [{ target, before: from, after: to }];
  });
};

const shownBy = (remote: Remote | undefined): Record<string, StepValue> => ({
  ...(remote?.values as Record<string, StepValue> | undefined),
  ...(remote?.active !== undefined && { active: remote.active }),
});
