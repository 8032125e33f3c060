import {
  isEffective,
  isLinked,
  isSame,
  referralsOf,
  statusOf,
  type AccountTimer,
  type PresentAccount,
} from './account.state.ts';
import { wantedAttributes } from './wanted.ts';
import type { AccountRecord } from './account.record.ts';
import type { AccountReply, TimerReply } from './account.bodies.ts';

export type DeliveryRow = { attempts: number; next_attempt_at: string; last_error: string | null };

/** An armed timer of an app that does not run is paused (R50, R64). */
const shownState = (state: AccountTimer['state'], appRuns: boolean): TimerReply['state'] =>
  state === 'armed' && !appRuns ? 'paused' : state;

type Place = { id: string; appRuns: boolean };

const toTimer = (
  { id: accountId, appRuns }: Place,
  record: AccountRecord,
  { appId, userId, timers }: PresentAccount,
  timer: AccountTimer,
): TimerReply => {
  const { state, endReason, episode: _, ...rest } = timer;
  const endedAt = record.endedAt[timer.id];
  return {
    ...rest,
    appId,
    accountId,
    userId,
    state: shownState(state, appRuns),
    effective: isEffective(timers, timer),
    ...(endedAt !== undefined && { endedAt }),
    ...(endReason !== undefined && { endReason }),
  };
};

const reasonOf = (
  { failedAt, updatedAt }: AccountRecord,
  { failure, planFailure, delivery }: PresentAccount,
): Pick<AccountReply, 'reason'> => {
  const known = failure ?? planFailure ?? delivery?.failure;
  return known ? { reason: { code: known.code, message: known.message, at: failedAt ?? updatedAt } } : {};
};

const rehireOf = ({ rehire }: PresentAccount): Pick<AccountReply, 'predecessor' | 'successor'> => {
  const { awaits, predecessor, successor } = rehire;
  return {
    ...(predecessor && { predecessor: { ...predecessor, state: 'takenOver' as const } }),
    ...(awaits && {
      predecessor: {
        accountId: awaits.accountId,
        userId: awaits.userId,
        state: awaits.isAccepted ? ('awaited' as const) : ('offered' as const),
      },
    }),
    ...(successor && { successor: { accountId: successor.accountId, userId: successor.userId } }),
  };
};

const unnamed = <Named extends { id: string }>({ id: _, ...rest }: Named) => rest;

/** Of whom it refers to, those without an account in the app. */
export const unlinkedReferrals = (account: PresentAccount): string[] =>
  referralsOf(account).flatMap(({ userId }) => (account.referredIds[userId] === undefined ? [userId] : []));

const toReferences = (account: PresentAccount, people: ReadonlySet<string> | undefined): AccountReply['references'] => {
  const wanted = wantedAttributes(account);
  const isSent = (target: string) =>
    isLinked(account) && isSame(wanted[target] ?? null, account.attributes[target] ?? null);
  return referralsOf(account).map(({ target, userId }) => {
    const remoteId = account.referredIds[userId];
    if (remoteId !== undefined) return { target, userId, state: isSent(target) ? 'sent' : 'pending', remoteId };
    if (!people || people.has(userId)) return { target, userId, state: 'waiting' };
    const message = `The value of ${target} isn't the id of a person of this tenant, so it isn't sent: map a source that holds one, such as manager.`;
    return { target, userId, state: 'unknown', reason: { code: 'mapping/reference-unknown', message } };
  });
};

/** `delivery` is what stands between the events: only of an account as it is now. `people`: of those it refers to, who is known. */
export const toAccount = (
  place: Place,
  record: AccountRecord,
  account: PresentAccount,
  delivery?: DeliveryRow,
  people?: ReadonlySet<string>,
): AccountReply => {
  const { match, remoteId } = account;
  const approvals = account.approvals.map(({ id, action, deprovisioning }) => ({
    id,
    action,
    ...(deprovisioning && { deprovisioning }),
    requestedAt: record.approvalRequestedAt[id] ?? record.updatedAt,
  }));
  const [first] = approvals;
  return {
    id: place.id,
    appId: account.appId,
    userId: account.userId,
    status: statusOf(account),
    since: record.since,
    ...reasonOf(record, account),
    ...(remoteId !== null && { remoteId }),
    owned: account.owned,
    ...(match && { match }),
    ...(account.candidates.length > 0 && { candidates: [...account.candidates] }),
    ...rehireOf(account),
    attributes: account.attributes,
    entitlements: [...account.entitlements],
    references: toReferences(account, people),
    ...(first && { pendingApproval: unnamed(first) }),
    approvals,
    ...(account.delivery && {
      delivery: {
        action: account.delivery.action,
        attempts: delivery?.attempts ?? 0,
        ...(delivery && { nextAttemptAt: delivery.next_attempt_at }),
        ...(delivery?.last_error && { lastError: delivery.last_error }),
      },
    }),
    timers: account.timers.map((timer) => toTimer(place, record, account, timer)),
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    version: record.revision,
  };
};
