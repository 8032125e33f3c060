import type { AccountHandedOver, AccountTakenOver, PredecessorFound } from '@tenure/contracts';
import { ERASED } from '@tenure/eventing';
import type { PresentAccount } from './account.state.ts';
import { forgetDrift, repairable } from './drift.ts';
import { PREDECESSOR_FOUND, type Estate, type Rehire } from './rehire.state.ts';

const ASKED =
  'The account of a deleted user who may be the same person is still in the app. Adopt it, or rematch to do without.';

export const withRehire = (account: PresentAccount, change: Partial<Rehire>): PresentAccount => ({
  ...account,
  rehire: { ...account.rehire, ...change },
});

/** What there is to hand over, as the app showed it last; null where the app has no account, as far as is known. */
export const estateOf = (account: PresentAccount): Estate | null => {
  const { drift, delivery, plan } = account;
  const { remote, remoteId, owned, attributes, entitlements } = drift
    ? forgetDrift(account, repairable(drift))
    : account;
  if (remoteId === null || (remote !== 'active' && remote !== 'suspended')) return null;
  // Nobody will hear what comes of a delivery that is under way: what it may have done is done again, or undone.
  const maySuspend = delivery?.action === 'suspend' || delivery?.action === 'unsuspend';
  return {
    remoteId,
    remote: maySuspend ? 'suspended' : remote,
    owned,
    attributes: delivery?.action === 'update' ? {} : attributes,
    entitlements,
    planned: plan.entitlements,
  };
};

export const foundPredecessor = (
  account: PresentAccount,
  { data }: ReturnType<typeof PredecessorFound>,
): PresentAccount => {
  const { fromAccountId: accountId, fromUserId: userId, mode } = data;
  const isAccepted = mode === 'automatic';
  return {
    ...withRehire(account, { awaits: { accountId, userId, isAccepted } }),
    aim: account.aim === 'none' ? 'present' : account.aim,
    failure: isAccepted ? null : { action: 'create', code: PREDECESSOR_FOUND, message: ASKED },
    match: null,
    candidates: [],
  };
};

export const withoutAwaited = (account: PresentAccount): PresentAccount => ({
  ...withRehire(account, { awaits: null }),
  failure: account.failure?.code === PREDECESSOR_FOUND ? null : account.failure,
});

/** Nothing is left of it but what its successor is yet to take. */
export const handedOver = (
  account: PresentAccount,
  { data: { toAccountId: accountId, toUserId: userId } }: ReturnType<typeof AccountHandedOver>,
): PresentAccount => ({
  ...withRehire(account, { successor: { accountId, userId, estate: estateOf(account) } }),
  aim: 'none',
  remote: 'handedOver',
  remoteId: null,
  owned: false,
  attributes: {},
  entitlements: [],
  held: [],
  failure: null,
  delivery: null,
  deleteInDoubt: false,
  match: null,
  candidates: [],
  drift: null,
});

export const takenOver = (
  account: PresentAccount,
  { data, personal }: ReturnType<typeof AccountTakenOver>,
): PresentAccount => {
  const { fromAccountId: accountId, fromUserId: userId, remote, owned, lineage } = data;
  const { planned, ...rest } =
    personal === ERASED ? { remoteId: null, attributes: {}, entitlements: [], planned: [] } : personal;
  return {
    ...withRehire(account, { awaits: null, predecessor: { accountId, userId }, lineage, isUnplanned: true }),
    ...rest,
    aim: account.aim === 'none' ? 'present' : account.aim,
    remote,
    owned,
    plan: { ...account.plan, entitlements: planned },
    failure: null,
    match: null,
    candidates: [],
    isNew: false,
  };
};
