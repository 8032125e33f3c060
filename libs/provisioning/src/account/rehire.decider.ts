import {
  AccountHandedOver,
  AccountTakenOver,
  ApprovalWithdrawn,
  PredecessorAccepted,
  PredecessorFound,
  PredecessorLost,
  type AccountEvent,
} from '@tenure/contracts';
import { Rejected } from '@tenure/eventing';
import type { AccountCommand, Evaluation } from './account-command.ts';
import { approvalData, isUnmade, REJECTED, type PresentAccount } from './account.state.ts';
import { estateOf } from './rehire.evolve.ts';
import type { AccountRef } from './rehire.state.ts';

type Of<Type extends AccountCommand['type']> = Extract<AccountCommand, { type: Type }>;

const from = ({ appId, userId }: PresentAccount, { accountId, userId: fromUserId }: AccountRef) => ({
  appId,
  userId,
  fromAccountId: accountId,
  fromUserId,
});

/** Says who was found, and that nobody is any more. One that is in the hands of this account already is taken whatever else became of it. */
export const notePredecessor = (
  account: PresentAccount,
  { predecessor, triggers }: Pick<Evaluation, 'predecessor' | 'triggers'>,
): AccountEvent[] => {
  if (predecessor === undefined || !isUnmade(account) || account.delivery) return [];
  const { awaits, declined } = account.rehire;
  const isFree = (found: AccountRef) =>
    triggers.length === 0 && account.failure?.code !== REJECTED && !declined.includes(found.accountId);
  const wanted = predecessor && (predecessor.isOurs || isFree(predecessor)) ? predecessor : null;
  const isSame = awaits !== null && awaits.accountId === wanted?.accountId;
  const lost = awaits && !isSame ? [PredecessorLost(from(account, awaits))] : [];
  if (!wanted) return lost;
  const mode = wanted.isOurs ? 'automatic' : wanted.mode;
  if (isSame && (awaits.isAccepted || mode === 'ask')) return [];
  return [...lost, PredecessorFound({ ...from(account, wanted), by: [...wanted.by], mode })];
};

export const acceptPredecessor = (account: PresentAccount, { reason }: Of<'AcceptPredecessor'>): AccountEvent[] => {
  const { awaits } = account.rehire;
  if (!awaits)
    throw new Rejected('conflict', 'account/no-match', 'The account has no predecessor that could be taken.');
  return awaits.isAccepted ? [] : [PredecessorAccepted(from(account, awaits), { reason })];
};

/** What comes of these decides whether there is an account to hand over. */
export const isUndecided = ({ delivery }: PresentAccount): boolean =>
  delivery?.action === 'create' || delivery?.action === 'delete';

/** Once; nothing where there is nothing to hand over, or that isn't known yet. */
export const handOver = (account: PresentAccount, { to }: Of<'HandOver'>): AccountEvent[] => {
  const { appId, userId, rehire } = account;
  if (rehire.successor || isUndecided(account) || estateOf(account) === null) return [];
  return [AccountHandedOver({ appId, userId, toAccountId: to.accountId, toUserId: to.userId })];
};

/** Nothing is created, so no creation is approved: changes are, where the app asks for that. */
export const takeOver = (account: PresentAccount, { predecessor, estate, lineage }: Of<'TakeOver'>): AccountEvent[] => {
  if (!isUnmade(account) || account.delivery || account.rehire.awaits?.accountId !== predecessor.accountId) return [];
  const { remote, owned, remoteId, attributes, entitlements, planned } = estate;
  return [
    AccountTakenOver(
      { ...from(account, predecessor), remote, owned, lineage: [...lineage] },
      { remoteId, attributes, entitlements: [...entitlements], planned: [...planned] },
    ),
    ...account.approvals
      .filter(({ action }) => action === 'create')
      .map((approval) => ApprovalWithdrawn(approvalData(account, approval))),
  ];
};
