import type { AccountEvent, DriftSettled } from '@tenure/contracts';
import { ERASED } from '@tenure/eventing';
import { driftLeft, forgetDrift } from './drift.ts';
import type { DeprovisioningAction } from '../duration/index.ts';
import { planFailureOf } from './plan-failure.ts';
import { foundPredecessor, handedOver, takenOver, withoutAwaited, withRehire } from './rehire.evolve.ts';
import { PREDECESSOR_FOUND } from './rehire.state.ts';
import {
  AMBIGUOUS_MATCH,
  ERASED_TEXT,
  FOREIGN_MATCH,
  GONE,
  REJECTED,
  emptyPlan,
  firstState,
  type AccountState,
  type AccountTimer,
  type PresentAccount,
} from './account.state.ts';

/** Every event is of an account that was planned, so only the first may find none. */
export const evolveAccount = (state: AccountState, event: AccountEvent): AccountState => {
  const { appId, userId } = event.data;
  return evolvePresent(state.kind === 'none' ? firstState(appId, userId) : state, event);
};

const withTimer = (account: PresentAccount, timerId: string, change: Partial<AccountTimer>): PresentAccount => ({
  ...account,
  timers: account.timers.map((timer) => (timer.id === timerId ? { ...timer, ...change } : timer)),
});

const without = (account: PresentAccount, approvalId: string): PresentAccount => ({
  ...account,
  approvals: account.approvals.filter(({ id }) => id !== approvalId),
});

const aimOf = (action: DeprovisioningAction) => (action === 'suspend' ? 'suspended' : 'deleted');

const delivered = (account: PresentAccount, change: Partial<PresentAccount>): PresentAccount => ({
  ...account,
  delivery: null,
  failure: null,
  deleteInDoubt: false,
  ...change,
});

/** Of a person who was erased nothing can be read: the fold goes on without (design, decision 11). */
const evolvePresent = (account: PresentAccount, event: AccountEvent): PresentAccount => {
  switch (event.type) {
    case 'AccountPlanned': {
      const plan = event.personal === ERASED ? emptyPlan : event.personal;
      // A new plan is worth another try; a foreign account, or an admin's no to the account, is still in its way.
      const stays =
        account.failure &&
        [FOREIGN_MATCH, AMBIGUOUS_MATCH, GONE, REJECTED, PREDECESSOR_FOUND].includes(account.failure.code);
      return {
        ...withRehire(account, { isUnplanned: false }),
        plan,
        rulesVersion: event.data.rulesVersion,
        aim: account.aim === 'none' ? 'present' : account.aim,
        updateRejected: false,
        failure: stays ? account.failure : null,
        planFailure: undefined,
      };
    }
    case 'AccountPlanFailed':
      return {
        ...withRehire(account, { isUnplanned: false }),
        aim: account.aim === 'none' ? 'present' : account.aim,
        planFailure: planFailureOf(event.data),
      };
    case 'AccountWithdrawn':
      return {
        ...withoutAwaited(account),
        aim: 'none',
        approvals: [],
        failure: null,
        planFailure: undefined,
        match: null,
        candidates: [],
      };
    case 'AccessRestored':
      return { ...account, aim: 'present', failure: account.failure?.action === 'create' ? account.failure : null };
    case 'ApprovalRequested': {
      const { approvalId: id, action, deprovisioning } = event.data;
      return {
        ...without(account, id),
        approvals: [...without(account, id).approvals, { id, action, deprovisioning }],
        approvalsAsked: account.approvalsAsked + 1,
      };
    }
    case 'ApprovalGranted': {
      const { approvalId, deprovisioning } = event.data;
      return { ...without(account, approvalId), aim: deprovisioning ? aimOf(deprovisioning) : account.aim };
    }
    case 'ApprovalRejected': {
      const { approvalId, action } = event.data;
      const message = event.personal === ERASED ? ERASED_TEXT : (event.personal.reason ?? ERASED_TEXT);
      const failure = action === 'create' ? { action, code: REJECTED, message } : account.failure;
      return {
        ...without(account, approvalId),
        failure,
        updateRejected: action === 'update' || account.updateRejected,
      };
    }
    case 'ApprovalWithdrawn':
      return without(account, event.data.approvalId);
    case 'DeprovisioningTriggersChanged': {
      const { held } = event.data;
      return { ...account, held, episodes: Math.max(account.episodes, ...held.map(({ episode }) => episode)) };
    }
    case 'DeprovisioningScheduled': {
      const { timerId: id, trigger, action, triggeredAt, delay, dueAt, episode } = event.data;
      const timer = { id, trigger, action, triggeredAt, delay, dueAt, episode, state: 'armed' as const };
      return { ...account, timers: [...account.timers, timer] };
    }
    // One that is parked waits for its release, whenever it is due (R87).
    case 'DeprovisioningRescheduled':
      return withTimer(account, event.data.timerId, {
        delay: event.data.delay,
        dueAt: event.data.dueAt,
      });
    case 'DeprovisioningCancelled':
      return withTimer(account, event.data.timerId, { state: 'cancelled', endReason: event.data.reason });
    case 'TimerParked':
      return withTimer(account, event.data.timerId, { state: 'parked' });
    case 'TimerFired': {
      const { timerId, action, effect } = event.data;
      const fired = withTimer(account, timerId, {
        state: 'fired',
        ...(effect === 'none' && { endReason: 'superseded' }),
      });
      if (effect !== 'delivery') return fired;
      // After a suspension a change or a hard delete may still be decided.
      const approvals = account.approvals.filter(
        ({ deprovisioning }) => action === 'suspend' && deprovisioning !== 'suspend',
      );
      return { ...fired, aim: aimOf(action), approvals };
    }
    case 'DeliveryStarted': {
      const { deliveryId, action } = event.data;
      return {
        ...account,
        delivery: { id: deliveryId, action, failure: null },
        failure: null,
        deleteInDoubt: account.deleteInDoubt || account.delivery?.action === 'delete',
      };
    }
    case 'DeliveryFailed': {
      const { action, code, final, deliveryId } = event.data;
      const message = event.personal === ERASED ? ERASED_TEXT : event.personal.message;
      if (final) return { ...account, delivery: null, failure: { action, code, message } };
      return { ...account, delivery: { id: deliveryId, action, failure: { code, message } } };
    }
    case 'DeliveryAbandoned':
      return { ...account, delivery: null };
    case 'AccountCreated': {
      const [remoteId, attributes] =
        event.personal === ERASED ? [null, {}] : [event.personal.remoteId, event.personal.attributes];
      return delivered(account, {
        remote: 'active',
        remoteId,
        attributes,
        entitlements: [],
        owned: true,
        match: null,
        candidates: [],
        isNew: !event.data.joined,
      });
    }
    case 'AccountUpdated':
      return delivered(account, { isNew: false, ...(event.personal === ERASED ? {} : event.personal) });
    case 'AccountSuspended':
      return delivered(account, { remote: 'suspended' });
    case 'AccountUnsuspended':
      return delivered(account, { remote: 'active' });
    case 'AccountDeleted':
      return delivered(account, {
        remote: 'deleted',
        remoteId: null,
        attributes: {},
        entitlements: [],
        owned: false,
        held: [],
        drift: null,
      });
    case 'AccountGone':
      return {
        ...account,
        delivery: null,
        remote: 'gone',
        failure: {
          action: account.delivery?.action ?? 'update',
          code: GONE,
          message: 'The account no longer exists in the app.',
        },
      };
    case 'ForeignAccountFound': {
      const match = event.personal === ERASED ? null : event.personal;
      const message = 'The app has a matching account that Tenure did not create.';
      return { ...account, delivery: null, match, failure: { action: 'create', code: FOREIGN_MATCH, message } };
    }
    case 'AmbiguousAccountsFound': {
      const candidates = event.personal === ERASED ? [] : event.personal.candidates;
      const message = 'Several accounts of the app match. Choose the right one and adopt it.';
      return {
        ...account,
        delivery: null,
        match: null,
        candidates,
        failure: { action: 'create', code: AMBIGUOUS_MATCH, message },
      };
    }
    case 'AccountAdopted': {
      const remoteId = event.personal === ERASED ? null : event.personal.remoteId;
      return delivered(withoutAwaited(account), {
        remote: event.data.active ? 'active' : 'suspended',
        remoteId,
        owned: true,
        match: null,
        candidates: [],
        isNew: false,
        attributes: {},
        entitlements: [],
        drift: null,
      });
    }
    case 'AccountDisassociated':
      return delivered(account, {
        remote: 'unknown',
        remoteId: null,
        owned: false,
        attributes: {},
        entitlements: [],
        approvals: [],
        drift: null,
      });
    case 'RematchRequested': {
      // Whom it awaits is let go of by the evaluation that follows, which may ask for an approval then.
      const { awaits, declined } = account.rehire;
      return {
        ...withRehire(account, { declined: awaits ? [...declined, awaits.accountId] : declined }),
        remote: 'none',
        remoteId: null,
        failure: null,
        match: null,
        candidates: [],
      };
    }
    case 'PredecessorFound':
      return foundPredecessor(account, event);
    case 'PredecessorAccepted':
      return {
        ...withRehire(account, { awaits: account.rehire.awaits && { ...account.rehire.awaits, isAccepted: true } }),
        failure: null,
      };
    case 'PredecessorLost':
      return withoutAwaited(account);
    case 'AccountHandedOver':
      return handedOver(account, event);
    case 'AccountTakenOver':
      return takenOver(account, event);
    case 'RetryRequested':
      return { ...account, failure: null, match: null, candidates: [] };
    case 'RecreationRequested':
      return {
        ...account,
        remote: 'none',
        remoteId: null,
        failure: null,
        match: null,
        candidates: [],
        attributes: {},
        entitlements: [],
        drift: null,
      };
    case 'AccountDrifted': {
      const { runId, kinds, targets } = event.data;
      const found =
        event.personal === ERASED
          ? { changes: targets.map((target) => ({ target, from: null, to: null })), taken: [], added: [] }
          : event.personal;
      return { ...account, drift: { runId, kinds, ...found, ignored: false } };
    }
    case 'DriftSettled':
      return settled(account, event);
  }
};

const settled = (account: PresentAccount, { data }: ReturnType<typeof DriftSettled>): PresentAccount => {
  switch (data.how) {
    case 'agreed':
      return { ...account, drift: null };
    case 'ignored':
      return { ...account, drift: account.drift && { ...account.drift, ignored: true } };
    case 'repaired':
      return { ...forgetDrift(account, data), drift: driftLeft(account.drift, data) };
  }
};
