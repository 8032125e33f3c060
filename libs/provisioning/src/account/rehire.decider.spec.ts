import { describe, expect, it } from '@jest/globals';
import {
  AccountCreated,
  AccountDeleted,
  AccountDrifted,
  AccountHandedOver,
  AccountPlanned,
  AccountSuspended,
  AccountTakenOver,
  AccountUpdated,
  AccountWithdrawn,
  ApprovalRequested,
  ApprovalWithdrawn,
  DeliveryFailed,
  DeliveryStarted,
  DeprovisioningCancelled,
  DeprovisioningScheduled,
  ForeignAccountFound,
  PredecessorAccepted,
  PredecessorFound,
  PredecessorLost,
  RematchRequested,
  TimerParked,
  type AccountEvent,
} from '@tenure/contracts';
import { ERASED } from '@tenure/eventing';
import { given } from '@tenure/eventing/testing';
import type { AccountCommand, Evaluation, FoundPredecessor } from './account-command.ts';
import { accountDecider } from './account.decider.ts';
import { nextDelivery, noReasons, statusOf } from './account.state.ts';

const account = given(accountDecider);
const folded = (...history: AccountEvent[]) => {
  const state = history.reduce(accountDecider.evolve, accountDecider.initial);
  if (state.kind === 'none') throw new Error('There is no account.');
  return { status: statusOf(state), next: nextDelivery(state), state };
};

const monday = '2026-01-05T09:00:00.000Z';
const tuesday = '2026-01-06T09:00:00.000Z';
const old = { appId: 'git', userId: 'ada' };
const ids = { appId: 'git', userId: 'ada2' };
const to = { accountId: 'acc2', userId: 'ada2' };
const from = { ...ids, fromAccountId: 'acc', fromUserId: 'ada' };

const plan = (displayName = 'Ada') => ({
  attributes: { userName: 'ada', displayName },
  onCreate: {},
  additive: [],
  entitlements: [] as { kind: 'group'; value: string }[],
  matching: [],
});
const why = {
  changed: ['userName', 'displayName'],
  ruleIds: [],
  rulesVersion: 0,
  basis: null,
  scope: null,
  targets: {},
};
const planned = (of: typeof ids, p = plan()) => AccountPlanned({ ...of, ...why }, p);
const started = (
  of: typeof ids,
  action: 'create' | 'update' | 'suspend' | 'unsuspend' | 'delete',
  deliveryId: string = action,
) => DeliveryStarted({ ...of, deliveryId, action });
const sales = { kind: 'group', value: 'Sales', owned: true, id: 'g1', evidence: 'absentBefore' } as const;
const byHand = { kind: 'group', value: 'By hand', owned: false, id: 'g2', evidence: null } as const;
const inSales = { ...plan(), entitlements: [{ kind: 'group' as const, value: 'Sales' }] };
const provisioned = [
  planned(old, inSales),
  started(old, 'create'),
  AccountCreated({ ...old, deliveryId: 'create', joined: false }, { remoteId: '42', attributes: plan().attributes }),
  started(old, 'update'),
  AccountUpdated(
    { ...old, deliveryId: 'update', changed: [] },
    { attributes: plan().attributes, entitlements: [sales, byHand] },
  ),
];
const timer = (timerId: string, action: 'suspend' | 'hardDelete') =>
  DeprovisioningScheduled({
    ...old,
    timerId,
    trigger: 'deleted',
    action,
    triggeredAt: monday,
    delay: 'P1D',
    dueAt: tuesday,
    episode: 1,
    ...noReasons,
  });
const leaving = [...provisioned, timer('t1', 'suspend'), timer('t2', 'hardDelete')];
const cancelled = (timerId: string) => DeprovisioningCancelled({ ...old, timerId, reason: 'handedOver', ...noReasons });
const handOver: AccountCommand = { type: 'HandOver', to };
const handedOver = AccountHandedOver({ ...old, toAccountId: 'acc2', toUserId: 'ada2' });
const estateAfter = (...history: AccountEvent[]) => folded(...history, handedOver).state.rehire.successor!.estate;

const predecessor = (parts: Partial<FoundPredecessor> = {}): FoundPredecessor => ({
  accountId: 'acc',
  userId: 'ada',
  by: ['userName'],
  mode: 'automatic',
  isOurs: false,
  ...parts,
});
const evaluation = (parts: Partial<Evaluation> = {}): AccountCommand => ({
  type: 'Evaluate',
  accountId: 'acc2',
  ...ids,
  plan: plan(),
  referredIds: {},
  reasons: { basis: null, scope: null, ruleIds: [] },
  origins: {},
  problem: null,
  rulesVersion: 0,
  triggers: [],
  unsure: [],
  frames: [
    {
      version: 0,
      since: null,
      frames: {
        turnedOff: { suspend: 'P1D', hardDelete: null },
        suspended: { suspend: 'P1D', hardDelete: null },
        deleted: { suspend: 'P1D', hardDelete: 'P30D' },
      },
    },
  ],
  approvals: [],
  ...parts,
});
const found = PredecessorFound({ ...from, by: ['userName'], mode: 'automatic' });
const asked = PredecessorFound({ ...from, by: ['userName'], mode: 'ask' });
const lost = PredecessorLost(from);
const first = planned(ids, plan());
const taken = AccountTakenOver(
  { ...from, remote: 'suspended', owned: true, lineage: ['acc'] },
  {
    remoteId: '42',
    attributes: plan().attributes,
    entitlements: [sales],
    planned: [{ kind: 'group', value: 'Sales' }],
  },
);
const deletedSince = { trigger: 'deleted', since: monday, origin: 'user' } as const;

describe('R92: an account that is handed over', () => {
  it('is over, with its link, its timers and what waited for an admin', () => {
    const approval = { ...old, approvalId: 'update.1', action: 'update' as const, deprovisioning: null };
    const ended = [cancelled('t1'), cancelled('t2')];
    const all = [handedOver, ...ended, ApprovalWithdrawn(approval)];
    account(...leaving, TimerParked({ ...old, timerId: 't1', basis: null }), ApprovalRequested(approval))
      .when(handOver)
      .then(...all);
    const { status, next, state } = folded(...leaving, handedOver, ...ended);
    expect({ status, next, remoteId: state.remoteId }).toEqual({ status: 'deleted', next: undefined, remoteId: null });
  });

  it('is so once, whoever asks', () => {
    account(...provisioned, handedOver)
      .when(handOver)
      .thenNothing();
    account(...provisioned, handedOver)
      .when({ type: 'HandOver', to: { accountId: 'acc3', userId: 'ada3' } })
      .thenNothing();
    account(...provisioned, handedOver)
      .when({ type: 'Adopt', remoteId: '42', active: true, reason: null })
      .thenRejected('account/handed-over');
  });

  it('is not while it is being made or deleted, nor where the app has none', () => {
    account(planned(old), started(old, 'create')).when(handOver).thenNothing();
    account(...provisioned, started(old, 'delete'))
      .when(handOver)
      .thenNothing();
    account(...provisioned, started(old, 'delete'), AccountDeleted({ ...old, deliveryId: 'delete' }))
      .when(handOver)
      .thenNothing();
    account(planned(old)).when(handOver).thenNothing();
  });

  it('is so after a delete that failed for good', () => {
    account(
      ...provisioned,
      started(old, 'delete'),
      DeliveryFailed(
        { ...old, deliveryId: 'delete', action: 'delete', code: 'delivery/refused', final: true },
        { message: 'No' },
      ),
    )
      .when(handOver)
      .then(handedOver);
  });

  it('of an erased person is nothing that could be taken', () => {
    const erased = AccountCreated({ ...old, deliveryId: 'create', joined: false }, ERASED as never);
    account(planned(old), started(old, 'create'), erased).when(handOver).thenNothing();
    expect(estateAfter(planned(old), started(old, 'create'), erased)).toBeNull();
  });

  it('hands over what is there, and what it was to hold', () => {
    expect(estateAfter(...provisioned)).toEqual({
      remoteId: '42',
      remote: 'active',
      owned: true,
      attributes: plan().attributes,
      entitlements: [sales, byHand],
      planned: [{ kind: 'group', value: 'Sales' }],
    });
    expect(
      estateAfter(...provisioned, started(old, 'suspend'), AccountSuspended({ ...old, deliveryId: 'suspend' })),
    ).toMatchObject({ remote: 'suspended' });
  });

  it('counts what a delivery under way may have done as done, or as unknown', () => {
    expect(estateAfter(...provisioned, started(old, 'suspend'))).toMatchObject({ remote: 'suspended' });
    expect(estateAfter(...provisioned, started(old, 'update', 'u2'))).toMatchObject({ attributes: {} });
  });

  it('hands over the account as the app showed it last', () => {
    const drifted = AccountDrifted(
      { ...old, runId: 'r', kinds: ['suspendedThere', 'changed', 'entitlementTaken'], targets: ['displayName'] },
      {
        changes: [{ target: 'displayName', from: 'Ada', to: 'By hand' }],
        taken: [{ kind: 'group', value: 'Sales' }],
        added: [],
      },
    );
    expect(estateAfter(...provisioned, drifted)).toMatchObject({
      remote: 'suspended',
      attributes: { displayName: 'By hand' },
      entitlements: [byHand],
    });
  });
});

describe('R92: an account that is to get another’s', () => {
  it('makes nothing while it waits', () => {
    account()
      .when(evaluation({ predecessor: predecessor() }))
      .then(AccountPlanned({ ...ids, ...why }, plan()), found);
    expect(folded(first, found)).toMatchObject({ status: 'pending', next: undefined });
    account(first, found)
      .when(evaluation({ predecessor: predecessor() }))
      .thenNothing();
  });

  it('gets it also where a stranger’s account was found in the way', () => {
    const foreign = ForeignAccountFound({ ...ids, deliveryId: 'create' }, { remoteId: '42', attributes: {} });
    account(first, started(ids, 'create'), foreign)
      .when(evaluation({ predecessor: predecessor() }))
      .then(found);
    expect(folded(first, started(ids, 'create'), foreign, found).state).toMatchObject({ failure: null, match: null });
  });

  it('is left as it is while it is being made itself', () => {
    account(first, started(ids, 'create'))
      .when(evaluation({ predecessor: predecessor() }))
      .thenNothing();
  });

  it('asks for no approval but once there is nothing to take', () => {
    account()
      .when(evaluation({ predecessor: predecessor(), approvals: ['create'] }))
      .then(first, found);
    const approval = { ...ids, approvalId: 'create.1', action: 'create' as const, deprovisioning: null };
    account(first, found)
      .when(evaluation({ predecessor: null, approvals: ['create'] }))
      .then(lost, ApprovalRequested(approval));
    account(first, ApprovalRequested(approval), found)
      .when({
        type: 'TakeOver',
        predecessor: { accountId: 'acc', userId: 'ada' },
        estate: folded(...provisioned, handedOver).state.rehire.successor!.estate!,
        lineage: ['acc'],
      })
      .then(
        AccountTakenOver(
          { ...from, remote: 'active', owned: true, lineage: ['acc'] },
          {
            remoteId: '42',
            attributes: plan().attributes,
            entitlements: [sales, byHand],
            planned: [{ kind: 'group', value: 'Sales' }],
          },
        ),
        ApprovalWithdrawn(approval),
      );
  });

  it('whose person is out of scope waits for nothing, unless it is in its hands already', () => {
    account(first, found)
      .when(evaluation({ plan: null, triggers: [deletedSince], predecessor: predecessor() }))
      .then(lost, AccountWithdrawn({ ...ids, basis: null, scope: null, ruleIds: [] }));
    account(first, found)
      .when(evaluation({ plan: null, triggers: [deletedSince], predecessor: predecessor({ isOurs: true, by: [] }) }))
      .thenNothing();
  });

  it('waits for an admin where that is asked for, whatever is planned meanwhile', () => {
    account()
      .when(evaluation({ predecessor: predecessor({ mode: 'ask' }) }))
      .then(first, asked);
    expect(folded(first, asked)).toMatchObject({ status: 'failed', next: undefined });
    expect(folded(first, asked, planned(ids, plan('Ada H')))).toMatchObject({ status: 'failed', next: undefined });
    account(first, asked).when({ type: 'Retry', reason: null }).thenRejected('account/predecessor-found');
    account(first, asked)
      .when({ type: 'AcceptPredecessor', reason: 'She is back' })
      .then(PredecessorAccepted(from, { reason: 'She is back' }));
    account(first, asked, PredecessorAccepted(from, { reason: null }))
      .when({ type: 'AcceptPredecessor', reason: null })
      .thenNothing();
    account(first).when({ type: 'AcceptPredecessor', reason: null }).thenRejected('account/no-match');
    expect(folded(first, asked, PredecessorAccepted(from, { reason: null })).status).toBe('pending');
  });

  it('does without whom an admin did without', () => {
    account(first, asked)
      .when({ type: 'Rematch', reason: null })
      .then(RematchRequested(ids, { reason: null }));
    const rematched = [first, asked, RematchRequested(ids, { reason: null })];
    expect(folded(...rematched)).toMatchObject({ next: undefined });
    account(...rematched)
      .when(evaluation({ predecessor: predecessor({ mode: 'ask' }) }))
      .then(lost);
    expect(folded(...rematched, lost)).toMatchObject({ next: 'create' });
  });
});

describe('R92: an account that was taken over', () => {
  it('is given back and changed only once it is planned anew', () => {
    const { state, next } = folded(first, found, taken);
    expect(next).toBe('unsuspend');
    expect(state).toMatchObject({
      remoteId: '42',
      entitlements: [sales],
      rehire: { awaits: null, predecessor: { accountId: 'acc', userId: 'ada' }, lineage: ['acc'] },
    });
    const active = AccountTakenOver({ ...taken.data, remote: 'active' }, taken.personal as never);
    expect(folded(planned(ids, plan('Ada H')), found, active).next).toBeUndefined();
    account(planned(ids, plan('Ada H')), found, active)
      .when(evaluation({ plan: plan('Ada H') }))
      .then(AccountPlanned({ ...ids, ...why, changed: [] }, plan('Ada H')));
    expect(folded(planned(ids, plan('Ada H')), found, active, planned(ids, plan('Ada H'))).next).toBe('update');
  });

  it('is taken once, and only from whom it waits for', () => {
    const estate = folded(...provisioned, handedOver).state.rehire.successor!.estate!;
    const takeOver = (accountId: string): AccountCommand => ({
      type: 'TakeOver',
      predecessor: { accountId, userId: 'ada' },
      estate,
      lineage: [accountId],
    });
    account(first, found, taken).when(takeOver('acc')).thenNothing();
    account(first, found).when(takeOver('acc3')).thenNothing();
    account(first).when(takeOver('acc')).thenNothing();
  });
});
