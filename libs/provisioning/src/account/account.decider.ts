import {
  AccountAdopted,
  AccountDisassociated,
  ApprovalGranted,
  ApprovalRejected,
  ApprovalRequested,
  ApprovalWithdrawn,
  DeprovisioningCancelled,
  RecreationRequested,
  RematchRequested,
  RetryRequested,
  TimerFired,
  TimerParked,
  type AccountEvent,
} from '@tenure/contracts';
import { Rejected, type Decider } from '@tenure/eventing';
import type { AccountCommand } from './account-command.ts';
import { evolveAccount } from './account.evolve.ts';
import {
  AMBIGUOUS_MATCH,
  FOREIGN_MATCH,
  GONE,
  isRunning,
  approvalData,
  nextApprovalId,
  nextDelivery,
  noReasons,
  type AccountState,
  type PendingApproval,
  type PresentAccount,
} from './account.state.ts';
import { noteDrift, settleDrift } from './drift.decider.ts';
import { moveReference } from './reference.decider.ts';
import { endDelivery, startDelivery } from './delivery.decider.ts';
import { evaluate, reschedule } from './evaluate.decider.ts';
import { acceptPredecessor, handOver, takeOver } from './rehire.decider.ts';
import { PREDECESSOR_FOUND } from './rehire.state.ts';

const decide = (command: AccountCommand, state: AccountState): AccountEvent[] => {
  if (command.type === 'Evaluate') return evaluate(command, state);
  if (command.type === 'LetGo') return state.kind === 'none' ? [] : letGo(state);
  if (state.kind === 'none') throw new Rejected('not-found', 'account/unknown', 'There is no such account.');
  const { appId, userId } = state;
  const ids = { appId, userId };
  switch (command.type) {
    case 'FireTimer':
      return fireTimer(command, state);
    case 'Reschedule':
      return reschedule(state, command.deprovisioning);
    case 'Approve':
      return approve(state, command);
    case 'Reject':
      return [ApprovalRejected(approvalData(state, awaited(state, command.approvalId)), { reason: command.reason })];
    case 'Retry':
      if (state.failure?.code === GONE)
        throw new Rejected('conflict', GONE, 'The account no longer exists in the app: recreate it.');
      if (state.failure?.code === PREDECESSOR_FOUND)
        throw new Rejected(
          'conflict',
          'account/predecessor-found',
          'Adopt the account of the predecessor, or rematch to do without it.',
        );
      if (!state.failure && !state.delivery && !state.planFailure)
        throw new Rejected('conflict', 'account/not-failed', 'Nothing failed that could be tried again.');
      return state.failure ? [RetryRequested(ids, { reason: command.reason })] : [];
    case 'Disassociate':
      if (state.remoteId === null)
        throw new Rejected('conflict', 'account/not-linked', 'The account is linked to none of the app.');
      return [AccountDisassociated(ids, { reason: command.reason }), ...cancelAll(state, 'disassociated')];
    case 'Rematch':
      if (
        state.remote !== 'unknown' &&
        state.failure?.code !== PREDECESSOR_FOUND &&
        state.failure?.code !== FOREIGN_MATCH &&
        state.failure?.code !== AMBIGUOUS_MATCH
      )
        throw new Rejected('conflict', 'account/not-apart', 'The account is neither disassociated nor in doubt.');
      return [RematchRequested(ids, { reason: command.reason })];
    case 'Recreate':
      refuseWhereThere(state);
      return [RecreationRequested(ids, { reason: command.reason })];
    case 'AcceptPredecessor':
      return acceptPredecessor(state, command);
    case 'HandOver': {
      const over = handOver(state, command);
      return over.length === 0 ? [] : [...over, ...cancelAll(state, 'handedOver'), ...withdrawAll(state)];
    }
    case 'TakeOver':
      return takeOver(state, command);
    case 'Adopt': {
      if (state.rehire.successor)
        throw new Rejected('conflict', 'account/handed-over', 'The account was handed over to another user.');
      if (state.remoteId !== null)
        throw new Rejected('conflict', 'account/linked', 'The account is linked to one of the app already.');
      const { remoteId, active, reason } = command;
      return [AccountAdopted({ ...ids, active }, { remoteId, reason })];
    }
    case 'NoteDrift':
      return noteDrift(command, state);
    case 'SettleDrift':
      return settleDrift(command, state);
    case 'MoveReference':
      return moveReference(state, command);
    case 'StartDelivery':
      return startDelivery(state, command.deliveryId, command.action);
    case 'EndDelivery':
      return endDelivery(state, command.deliveryId, command.result);
  }
};

/** At due, in this order: cancelled? → threshold → approval → delivery (decision 16). Whether the app is on is asked by who holds its row. */
const fireTimer = (
  command: Extract<AccountCommand, { type: 'FireTimer' }>,
  account: PresentAccount,
): AccountEvent[] => {
  const timer = account.timers.find(({ id }) => id === command.timerId);
  if (!timer || !isRunning(timer) || timer.dueAt > command.now) return [];
  const { appId, userId } = account;
  const { id: timerId, trigger, action, state } = timer;
  const { basis } = command;
  if (command.aboveThreshold) return state === 'parked' ? [] : [TimerParked({ appId, userId, timerId, basis })];

  const fired = (effect: 'delivery' | 'approval' | 'none') =>
    TimerFired({ appId, userId, timerId, trigger, action, effect, basis });
  const isDone = action === 'suspend' ? account.aim !== 'present' : account.aim === 'deleted';
  if (isDone || account.approvals.some(({ deprovisioning }) => deprovisioning === action)) return [fired('none')];
  if (!command.approvals.includes('delete'))
    return [fired('delivery'), ...(action === 'hardDelete' ? withdrawAll(account) : [])];
  const approval = { id: nextApprovalId(account, 'delete'), action: 'delete', deprovisioning: action } as const;
  return [fired('approval'), ApprovalRequested(approvalData(account, approval))];
};

/** R54: a hard delete leaves nothing to decide; after a suspension a change or a hard delete may still follow. */
const approve = (
  account: PresentAccount,
  { approvalId, reason }: Extract<AccountCommand, { type: 'Approve' | 'Reject' }>,
): AccountEvent[] => {
  const granted = awaited(account, approvalId);
  return [
    ApprovalGranted(approvalData(account, granted), { reason }),
    ...(granted.deprovisioning === 'hardDelete' ? withdrawAll(account, granted) : []),
  ];
};

const withdrawAll = (account: PresentAccount, but?: PendingApproval): AccountEvent[] =>
  account.approvals
    .filter((approval) => approval !== but)
    .map((approval) => ApprovalWithdrawn(approvalData(account, approval)));

/** R51: what is in the app stays as it is. */
const letGo = (account: PresentAccount): AccountEvent[] => [
  ...cancelAll(account, 'configurationDeleted'),
  ...withdrawAll(account),
];

/** The approval that is meant: the one named, or the only one. What an admin saw may have changed since. */
const awaited = ({ approvals }: PresentAccount, approvalId: string | undefined): PendingApproval => {
  const [first] = approvals;
  if (!first) throw new Rejected('conflict', 'account/no-approval', 'No action of this account waits for approval.');
  const found = approvalId === undefined ? first : approvals.find(({ id }) => id === approvalId);
  if (found && (approvalId !== undefined || approvals.length === 1)) return found;
  const pending = approvals.map(({ id, action, deprovisioning }) => `${id} (${deprovisioning ?? action})`);
  throw new Rejected(
    'conflict',
    'approval/changed',
    approvalId === undefined
      ? `Several actions wait for approval; name one in approvalId. Pending: ${pending.join(', ')}.`
      : `The approval ${approvalId} is no longer pending. Pending now: ${pending.join(', ')}.`,
    pending.map((message) => ({ field: 'approvalId', message })),
  );
};

const cancelAll = (
  { appId, userId, timers }: PresentAccount,
  reason: 'configurationDeleted' | 'disassociated' | 'handedOver',
) =>
  timers
    .filter(isRunning)
    .map(({ id }) => DeprovisioningCancelled({ appId, userId, timerId: id, reason, ...noReasons }));

/** R67: what is there is not made a second time. */
const refuseWhereThere = ({ remote, aim, failure, delivery, ...account }: PresentAccount) => {
  if (account.planFailure) throw new Rejected('conflict', 'account/no-plan', account.planFailure.message);
  const isMissing = account.drift?.kinds.includes('missing') === true;
  if ((!isMissing && (remote === 'active' || remote === 'suspended')) || delivery?.action === 'create')
    throw new Rejected('conflict', 'account/there', 'The app has the account.');
  if (aim !== 'present')
    throw new Rejected('conflict', 'account/not-eligible', "The user isn't eligible for an account in this app.");
  if (account.rehire.awaits || nextDelivery({ remote, aim, failure, delivery, ...account }))
    throw new Rejected('conflict', 'account/on-its-way', 'The account is on its way already.');
};

export const accountDecider: Decider<AccountState, AccountCommand, AccountEvent> = {
  initial: { kind: 'none' },
  decide,
  evolve: evolveAccount,
};
