import { ApprovalRequested, ReferenceMoved, type AccountEvent } from '@tenure/contracts';
import { referralsIn, type ReferredIds } from '../mapping/references.ts';
import type { AccountCommand } from './account-command.ts';
import { evolveAccount } from './account.evolve.ts';
import {
  approvalData,
  isPending,
  nextApprovalId,
  nextDelivery,
  type AccountState,
  type Plan,
  type PresentAccount,
} from './account.state.ts';

type Move = Extract<AccountCommand, { type: 'MoveReference' }>;

const referred = ({ attributes, onCreate }: Plan): Set<string> =>
  new Set([...referralsIn(attributes), ...referralsIn(onCreate)].map(({ userId }) => userId));

const moved = (account: PresentAccount, referredUserId: string, remoteId: string | null): AccountEvent[] => {
  const { appId, userId, plan, referredIds } = account;
  const isNews = (referredIds[referredUserId] ?? null) !== remoteId;
  return isNews && referred(plan).has(referredUserId)
    ? [ReferenceMoved({ appId, userId, referredUserId }, { remoteId })]
    : [];
};

/** May be said twice, and of somebody to whom the plan doesn't refer any more. An update that follows waits for an admin where the app is set so (R54). */
export const moveReference = (
  account: PresentAccount,
  { referredUserId, remoteId, approvals }: Move,
): AccountEvent[] => {
  const [event] = moved(account, referredUserId, remoteId);
  if (!event) return [];
  const then = evolveAccount(account, event) as PresentAccount;
  const isNewWork = nextDelivery(account) !== 'update' && nextDelivery(then) === 'update';
  if (!isNewWork || !approvals.includes('update') || isPending(then, 'update')) return [event];
  const approval = { id: nextApprovalId(then, 'update'), action: 'update', deprovisioning: null } as const;
  return [event, ApprovalRequested(approvalData(then, approval))];
};

/**
 * Says of whom a new plan refers to what the evaluation saw of them, so that they are sent with everything else. Of those to whom it referred
 * before, the evaluation may know less than the account does.
 */
export const noteReferences = (ids: ReferredIds, account: PresentAccount, before: AccountState): AccountEvent[] => {
  const known = before.kind === 'none' ? new Set<string>() : referred(before.plan);
  return [...referred(account.plan)].flatMap((userId) =>
    known.has(userId) ? [] : moved(account, userId, ids[userId] ?? null),
  );
};
