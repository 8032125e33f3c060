import type { Instant } from '@tenure/eventing';
import { AMBIGUOUS_MATCH, FOREIGN_MATCH, REJECTED, type PresentAccount } from '../account/account.state.ts';
import { PREDECESSOR_FOUND } from '../account/rehire.state.ts';
import type { AccountRecord } from '../account/account.record.ts';

/** What of an account waits for a human. `ref`: of several of one kind, which; `remoteId`: the account of the app that is in question. */
export type Waiting = {
  kind: 'approval' | 'foreign' | 'ambiguous' | 'failed' | 'parked' | 'drift';
  ref: string;
  since: Instant;
  action: string | null;
  remoteId: string | null;
};

type Rule = (account: PresentAccount, record: AccountRecord) => Omit<Waiting, 'kind'>[];

const once = (since: Instant, action: string | null = null, remoteId: string | null = null) => [
  { ref: '', since, action, remoteId },
];

const failedWith =
  (...codes: string[]): Rule =>
  ({ failure, match }, { failedAt, updatedAt }) =>
    failure && codes.includes(failure.code) ? once(failedAt ?? updatedAt, failure.action, match?.remoteId ?? null) : [];

/** Codes of failures that are no final failures: they wait in a way of their own, or an admin has decided. */
const notFinal: readonly string[] = [FOREIGN_MATCH, AMBIGUOUS_MATCH, PREDECESSOR_FOUND, REJECTED];

/** One entry for each kind that follows from an account. Pure, so that the view and a rebuild say the same. */
const rules: Record<Waiting['kind'], Rule> = {
  approval: ({ approvals }, { approvalRequestedAt, updatedAt }) =>
    approvals.map(({ id, action, deprovisioning }) => ({
      ref: id,
      since: approvalRequestedAt[id] ?? updatedAt,
      action: deprovisioning ?? action,
      remoteId: null,
    })),
  foreign: failedWith(FOREIGN_MATCH, PREDECESSOR_FOUND),
  ambiguous: failedWith(AMBIGUOUS_MATCH),
  failed: ({ failure, planFailure, aim }, { failedAt, updatedAt }) => {
    if (failure) return notFinal.includes(failure.code) ? [] : once(failedAt ?? updatedAt, failure.action);
    return planFailure && aim === 'present' ? once(failedAt ?? updatedAt) : [];
  },
  parked: ({ timers }, { parkedAt, updatedAt }) =>
    timers
      .filter(({ state }) => state === 'parked')
      .map(({ id, action }) => ({ ref: id, since: parkedAt[id] ?? updatedAt, action, remoteId: null })),
  drift: ({ drift }, { driftedAt, updatedAt }) => (drift && !drift.ignored ? once(driftedAt ?? updatedAt) : []),
};

export const waitingOf = (record: AccountRecord | undefined): Waiting[] => {
  const account = record?.state;
  if (account?.kind !== 'present') return [];
  return Object.entries(rules).flatMap(([kind, rule]) =>
    rule(account, record!).map((one) => ({ kind: kind as Waiting['kind'], ...one })),
  );
};
