import { AccountDrifted, ApprovalRequested, DriftSettled, type AccountEvent } from '@tenure/contracts';
import { Rejected } from '@tenure/eventing';
import type { AccountCommand } from './account-command.ts';
import { evolveAccount } from './account.evolve.ts';
import {
  isSame,
  approvalData,
  isPending,
  nextApprovalId,
  nextDelivery,
  type Drift,
  type PresentAccount,
} from './account.state.ts';
import { repairable, type DriftPart } from './drift.ts';

type Note = Extract<AccountCommand, { type: 'NoteDrift' }>;
type Settle = Extract<AccountCommand, { type: 'SettleDrift' }>;

/** While something is under way, what the app shows says nothing about what was sent. */
const isBusy = (account: PresentAccount): boolean =>
  account.delivery !== null ||
  nextDelivery(account) !== undefined ||
  (account.remote !== 'active' && account.remote !== 'suspended');

/** What a reconciliation saw of an account. It counts only where the account is still the one that was compared. */
export const noteDrift = (
  { runId, remoteId, found, repair, approvals }: Note,
  account: PresentAccount,
): AccountEvent[] => {
  const { appId, userId, drift, attributes } = account;
  if (isBusy(account) || account.remoteId !== remoteId) return [];
  if (found.changes.some(({ target, from }) => !isSame(attributes[target] ?? null, from))) return [];
  if (found.kinds.length === 0) {
    if (!drift) return [];
    const { kinds, changes } = drift;
    const targets = changes.map(({ target }) => target);
    return [DriftSettled({ appId, userId, runId, kinds: [...kinds], targets, how: 'agreed' })];
  }
  if (!isNews(account, found)) return [];
  const isKnown = drift !== null && isSame(contentOf(drift), contentOf(found));
  const drifted = isKnown ? [] : [driftedOf(account, runId, found)];
  return [...drifted, ...repaired(drifted.reduce(evolvePresent, account), runId, repair, approvals)];
};

/** Whether there is anything to be said: an admin may have ignored exactly that. */
export const isNews = ({ drift }: Pick<PresentAccount, 'drift'>, found: Omit<Drift, 'runId'>): boolean =>
  found.kinds.length > 0 && !(drift?.ignored === true && isSame(contentOf(drift), contentOf(found)));

/** An admin's answer to what was found. */
export const settleDrift = ({ how, approvals }: Settle, account: PresentAccount): AccountEvent[] => {
  const { appId, userId, drift } = account;
  if (!drift) throw new Rejected('conflict', 'drift/not-found', 'The account has no drift.');
  const { runId, kinds, changes } = drift;
  const targets = changes.map(({ target }) => target);
  if (how === 'ignored')
    return drift.ignored ? [] : [DriftSettled({ appId, userId, runId, kinds: [...kinds], targets, how })];
  if (isBusy(account))
    throw new Rejected(
      'conflict',
      'account/busy',
      'A delivery for this account is under way. Try again when it is over.',
    );
  const part = repairable(drift);
  if (part.kinds.length === 0)
    throw new Rejected(
      'unprocessable',
      'drift/not-repairable',
      'Tenure takes nothing away that was given in the app itself, and rewrites no link. Change it in the app, or ignore it.',
    );
  return repaired(account, runId, part, approvals);
};

const repaired = (
  account: PresentAccount,
  runId: string,
  { kinds, targets }: DriftPart,
  approvals: Note['approvals'],
): AccountEvent[] => {
  if (kinds.length === 0) return [];
  const { appId, userId } = account;
  const settled = DriftSettled({ appId, userId, runId, kinds: [...kinds], targets: [...targets], how: 'repaired' });
  const then = evolvePresent(account, settled);
  const next = nextDelivery(then);
  if ((next !== 'create' && next !== 'update') || !approvals.includes(next) || isPending(then, next)) return [settled];
  const approval = { id: nextApprovalId(then, next), action: next, deprovisioning: null };
  return [settled, ApprovalRequested(approvalData(then, approval))];
};

const driftedOf = ({ appId, userId }: PresentAccount, runId: string, found: Omit<Drift, 'runId'>) =>
  AccountDrifted(
    { appId, userId, runId, kinds: [...found.kinds], targets: found.changes.map(({ target }) => target) },
    { changes: [...found.changes], taken: [...found.taken], added: [...found.added] },
  );

const contentOf = ({ kinds, changes, taken, added }: Omit<Drift, 'runId'>) => ({ kinds, changes, taken, added });

const evolvePresent = (account: PresentAccount, event: AccountEvent): PresentAccount =>
  evolveAccount(account, event) as PresentAccount;
