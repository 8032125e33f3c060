import type { AccountEvent } from '@tenure/contracts';
import type { Decoded, Instant, Revision } from '@tenure/eventing';
import { evolveAccount } from './account.evolve.ts';
import { accountIdOf } from './account.aggregate.ts';
import {
  isEffective,
  isLinked,
  nextDelivery,
  referralsOf,
  statusOf,
  type AccountState,
  type AccountStatus,
  type AccountTimer,
  type PresentAccount,
} from './account.state.ts';

/** An account as the decider folds it, and beside it what only the envelopes tell. */
export type AccountRecord = {
  state: AccountState;
  createdAt: Instant;
  updatedAt: Instant;
  /** Since when the status is what it is. */
  since: Instant;
  failedAt: Instant | null;
  /** When it was last found to differ in the app. */
  driftedAt: Instant | null;
  /** By approval: when it was asked for. */
  approvalRequestedAt: Readonly<Record<string, Instant>>;
  /** By timer: when it ended, and when it was parked. */
  endedAt: Readonly<Record<string, Instant>>;
  parkedAt: Readonly<Record<string, Instant>>;
  /** By timer: what armed it, so that what it does is known to follow from that and from nothing later. */
  armedBy: Readonly<Record<string, { eventId: string; correlationId: string }>>;
  revision: Revision;
  /** The last event and what it belongs to: what a delivery that follows from it is caused by. */
  lastEventId: string;
  correlationId: string;
  traceparent: string | null;
};

const nothing = (
  occurredAt: Instant,
): Omit<AccountRecord, 'revision' | 'lastEventId' | 'correlationId' | 'traceparent' | 'updatedAt'> => ({
  state: { kind: 'none' },
  createdAt: occurredAt,
  since: occurredAt,
  failedAt: null,
  driftedAt: null,
  approvalRequestedAt: {},
  endedAt: {},
  parkedAt: {},
  armedBy: {},
});

const statusIn = (state: AccountState): AccountStatus | undefined =>
  state.kind === 'none' ? undefined : statusOf(state);

const pendingOnly = ({ state, approvalRequestedAt }: Pick<AccountRecord, 'state' | 'approvalRequestedAt'>) => {
  const pending = state.kind === 'none' ? [] : state.approvals.map(({ id }) => id);
  return Object.fromEntries(Object.entries(approvalRequestedAt).filter(([id]) => pending.includes(id)));
};

/** One event further; for the view and for a look into the past alike (R80). */
export const advanceRecord = (
  record: AccountRecord | undefined,
  { event, revision, id, metadata }: Decoded<AccountEvent>,
): AccountRecord => {
  const { occurredAt, correlationId, traceparent = null } = metadata;
  const before = record ?? nothing(occurredAt);
  const state = event ? evolveAccount(before.state, event) : before.state;
  return {
    ...before,
    state,
    updatedAt: occurredAt,
    since: statusIn(state) === statusIn(before.state) ? before.since : occurredAt,
    failedAt:
      event?.type === 'AccountPlanFailed' ||
      event?.type === 'DeliveryFailed' ||
      event?.type === 'ForeignAccountFound' ||
      event?.type === 'AmbiguousAccountsFound' ||
      event?.type === 'AccountGone' ||
      event?.type === 'PredecessorFound' ||
      event?.type === 'ApprovalRejected'
        ? occurredAt
        : before.failedAt,
    driftedAt: event?.type === 'AccountDrifted' ? occurredAt : before.driftedAt,
    approvalRequestedAt:
      event?.type === 'ApprovalRequested'
        ? { ...pendingOnly(before), [event.data.approvalId]: occurredAt }
        : before.approvalRequestedAt,
    endedAt:
      event?.type === 'TimerFired' || event?.type === 'DeprovisioningCancelled'
        ? { ...before.endedAt, [event.data.timerId]: occurredAt }
        : before.endedAt,
    parkedAt:
      event?.type === 'TimerParked' ? { ...before.parkedAt, [event.data.timerId]: occurredAt } : before.parkedAt,
    armedBy:
      event?.type === 'DeprovisioningScheduled'
        ? { ...before.armedBy, [event.data.timerId]: { eventId: id, correlationId } }
        : before.armedBy,
    revision,
    lastEventId: id,
    correlationId,
    traceparent,
  };
};

/** The columns by which accounts are found. */
export const accountColumns = (tenantId: string, id: string, record: AccountRecord, account: PresentAccount) => ({
  tenant_id: tenantId,
  id,
  app_id: account.appId,
  user_id: account.userId,
  status: statusOf(account),
  work: nextDelivery(account) ?? null,
  remote_id: account.remoteId,
  link: isLinked(account) ? account.remoteId : null,
  pending_action: account.approvals[0]?.action ?? null,
  drift: account.drift && !account.drift.ignored ? account.drift.kinds : null,
  awaits: account.rehire.awaits?.accountId ?? null,
  since: record.since,
  created_at: record.createdAt,
  updated_at: record.updatedAt,
  revision: record.revision,
  record,
});

/** To whom the account refers, each once, and what it knows of their accounts. */
export const referenceColumns = (tenantId: string, id: string, account: PresentAccount) => {
  const referrals = referralsOf(account);
  return [...new Set(referrals.map(({ userId }) => userId))].map((userId) => ({
    tenant_id: tenantId,
    account_id: id,
    to_account_id: accountIdOf(account.appId, userId),
    app_id: account.appId,
    user_id: userId,
    mandatory: referrals.some((one) => one.userId === userId && one.mandatory),
    linked: account.referredIds[userId] ?? null,
  }));
};

export const timerColumns = (
  tenantId: string,
  accountId: string,
  record: AccountRecord,
  account: PresentAccount,
  timer: AccountTimer,
) => ({
  tenant_id: tenantId,
  id: timer.id,
  app_id: account.appId,
  account_id: accountId,
  user_id: account.userId,
  trigger: timer.trigger,
  action: timer.action,
  triggered_at: timer.triggeredAt,
  delay: timer.delay,
  due_at: timer.dueAt,
  state: timer.state,
  effective: isEffective(account.timers, timer),
  parked_at: record.parkedAt[timer.id] ?? null,
  ended_at: record.endedAt[timer.id] ?? null,
  end_reason: timer.endReason ?? null,
  armed_by: record.armedBy[timer.id]!.eventId,
  correlation_id: record.armedBy[timer.id]!.correlationId,
});
