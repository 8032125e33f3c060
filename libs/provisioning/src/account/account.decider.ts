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
import type { AccountCommand } from './account.commands.ts';
import { evolveAccount } from './account.evolve.ts';
import {
  AMBIGUOUS_MATCH,
  FOREIGN_MATCH,
  GONE,
  isRunning,
  nextDelivery,
  type AccountState,
  type PresentAccount,
} from './account.state.ts';
import { noteDrift, settleDrift } from './drift.decider.ts';
import { endDelivery, startDelivery } from './delivery.decider.ts';
import { evaluate, reschedule } from './evaluate.decider.ts';

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
      return [ApprovalGranted({ ...ids, ...awaited(state) }, { reason: command.reason })];
    case 'Reject':
      return [ApprovalRejected({ ...ids, ...awaited(state) }, { reason: command.reason })];
    case 'Retry':
      if (state.failure?.code === GONE)
        throw new Rejected('conflict', GONE, 'The app has the account no more: recreate it.');
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
        state.failure?.code !== FOREIGN_MATCH &&
        state.failure?.code !== AMBIGUOUS_MATCH
      )
        throw new Rejected('conflict', 'account/not-apart', 'The account is neither disassociated nor in doubt.');
      return [RematchRequested(ids, { reason: command.reason })];
    case 'Recreate':
      refuseWhereThere(state);
      return [RecreationRequested(ids, { reason: command.reason })];
    case 'Adopt': {
      if (state.remoteId !== null)
        throw new Rejected('conflict', 'account/linked', 'The account is linked to one of the app already.');
      const { remoteId, active, reason } = command;
      return [AccountAdopted({ ...ids, active }, { remoteId, reason })];
    }
    case 'NoteDrift':
      return noteDrift(command, state);
    case 'SettleDrift':
      return settleDrift(command, state);
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
  if (command.aboveThreshold) return state === 'parked' ? [] : [TimerParked({ appId, userId, timerId })];

  const fired = (effect: 'delivery' | 'approval' | 'none') =>
    TimerFired({ appId, userId, timerId, trigger, action, effect });
  const isDone = action === 'suspend' ? account.aim !== 'present' : account.aim === 'deleted';
  if (isDone || account.approval?.deprovisioning === action) return [fired('none')];
  if (!command.approvals.includes('delete')) return [fired('delivery')];
  return [fired('approval'), ApprovalRequested({ appId, userId, action: 'delete', deprovisioning: action })];
};

/** R51: what is in the app stays as it is. */
const letGo = (account: PresentAccount): AccountEvent[] => {
  const { appId, userId, approval } = account;
  return [
    ...cancelAll(account, 'configurationDeleted'),
    ...(approval ? [ApprovalWithdrawn({ appId, userId, ...approval })] : []),
  ];
};

const awaited = ({ approval }: PresentAccount) => {
  if (!approval) throw new Rejected('conflict', 'account/no-approval', 'The account waits for no approval.');
  return approval;
};

const cancelAll = ({ appId, userId, timers }: PresentAccount, reason: 'configurationDeleted' | 'disassociated') =>
  timers.filter(isRunning).map(({ id }) => DeprovisioningCancelled({ appId, userId, timerId: id, reason }));

/** R67: what is there is not made a second time. */
const refuseWhereThere = ({ remote, aim, failure, delivery, ...account }: PresentAccount) => {
  if (account.planFailure) throw new Rejected('conflict', 'account/no-plan', account.planFailure.message);
  const isMissing = account.drift?.kinds.includes('missing') === true;
  if ((!isMissing && (remote === 'active' || remote === 'suspended')) || delivery?.action === 'create')
    throw new Rejected('conflict', 'account/there', 'The app has the account.');
  if (aim !== 'present')
    throw new Rejected('conflict', 'account/not-eligible', 'The user is not to have an account of this app.');
  if (nextDelivery({ remote, aim, failure, delivery, ...account }))
    throw new Rejected('conflict', 'account/on-its-way', 'The account is on its way already.');
};

export const accountDecider: Decider<AccountState, AccountCommand, AccountEvent> = {
  initial: { kind: 'none' },
  decide,
  evolve: evolveAccount,
};
