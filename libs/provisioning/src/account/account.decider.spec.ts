import { describe, expect, it } from '@jest/globals';
import {
  AccessRestored,
  AccountAdopted,
  AccountCreated,
  AccountDeleted,
  AccountDisassociated,
  AccountGone,
  AccountPlanned,
  AccountSuspended,
  AccountUnsuspended,
  AccountUpdated,
  ApprovalGranted,
  ApprovalRejected,
  ApprovalRequested,
  ApprovalWithdrawn,
  DeliveryAbandoned,
  DeliveryFailed,
  DeliveryStarted,
  DeprovisioningCancelled,
  DeprovisioningScheduled,
  ForeignAccountFound,
  RecreationRequested,
  RematchRequested,
  RetryRequested,
  TimerFired,
  TimerParked,
  type AccountEvent,
} from '@tenure/contracts';
import { given } from '@tenure/eventing/testing';
import fc from 'fast-check';
import type { AccountCommand } from './account-command.ts';
import { accountDecider } from './account.decider.ts';
import { isEffective, nextDelivery, noReasons, statusOf } from './account.state.ts';

const account = given(accountDecider);
const folded = (...history: AccountEvent[]) => {
  const state = history.reduce(accountDecider.evolve, accountDecider.initial);
  if (state.kind === 'none') throw new Error('There is no account.');
  return { status: statusOf(state), next: nextDelivery(state), state };
};

const monday = '2026-01-05T09:00:00.000Z';
const tuesday = '2026-01-06T09:00:00.000Z';
const ids = { appId: 'git', userId: 'ada' };
const delivery = { ...ids, deliveryId: 'd1' };
const attributes = { userName: 'ada' };
const planned = AccountPlanned(
  { ...ids, changed: [], ruleIds: [], rulesVersion: 0, basis: null, scope: null, targets: null },
  { attributes, onCreate: {}, additive: [], entitlements: [], matching: [] },
);
const started = (action: 'create' | 'update' | 'suspend' | 'delete', deliveryId = 'd1') =>
  DeliveryStarted({ ...ids, deliveryId, action });
const created = AccountCreated({ ...delivery, joined: false }, { remoteId: '42', attributes });
const provisioned = [planned, started('create'), created];
const timer = (timerId: string, parts: object = {}) =>
  DeprovisioningScheduled({
    ...ids,
    timerId,
    trigger: 'suspended',
    action: 'suspend',
    triggeredAt: monday,
    delay: 'P1D',
    dueAt: tuesday,
    episode: 1,
    ...noReasons,
    ...parts,
  });
const fire = (
  timerId: string,
  parts: Partial<Extract<AccountCommand, { type: 'FireTimer' }>> = {},
): AccountCommand => ({
  type: 'FireTimer',
  timerId,
  now: tuesday,
  aboveThreshold: false,
  approvals: [],
  basis: { engine: 1, app: 7 },
  ...parts,
});
const fired = (timerId: string, effect: 'delivery' | 'approval' | 'none', parts: object = {}) =>
  TimerFired({
    ...ids,
    timerId,
    trigger: 'suspended',
    action: 'suspend',
    effect,
    basis: { engine: 1, app: 7 },
    ...parts,
  });

describe('R82: a timer that fires', () => {
  it('does what it was armed for', () => {
    account(...provisioned, timer('t1'))
      .when(fire('t1'))
      .then(fired('t1', 'delivery'));
    expect(folded(...provisioned, timer('t1'), fired('t1', 'delivery'))).toMatchObject({ next: 'suspend' });
  });

  it('early, doubled, cancelled or unknown does nothing', () => {
    account(...provisioned, timer('t1'))
      .when(fire('t1', { now: '2026-01-06T08:59:59.999Z' }))
      .thenNothing();
    account(...provisioned, timer('t1'), fired('t1', 'delivery'))
      .when(fire('t1'))
      .thenNothing();
    account(
      ...provisioned,
      timer('t1'),
      DeprovisioningCancelled({ ...ids, timerId: 't1', reason: 'eligible', ...noReasons }),
    )
      .when(fire('t1'))
      .thenNothing();
    account(...provisioned)
      .when(fire('t9'))
      .thenNothing();
  });

  it('late fires all the same', () => {
    account(...provisioned, timer('t1'))
      .when(fire('t1', { now: '2027-01-01T00:00:00.000Z' }))
      .then(fired('t1', 'delivery'));
  });

  it('R47: after an earlier one of its action has no effect', () => {
    account(...provisioned, timer('t1'), timer('t2', { trigger: 'turnedOff' }), fired('t1', 'delivery'))
      .when(fire('t2'))
      .then(fired('t2', 'none', { trigger: 'turnedOff' }));
  });

  it('R87: above the threshold is parked once, and fires when it is below', () => {
    const parked = TimerParked({ ...ids, timerId: 't1', basis: { engine: 1, app: 7 } });
    account(...provisioned, timer('t1'))
      .when(fire('t1', { aboveThreshold: true }))
      .then(parked);
    account(...provisioned, timer('t1'), parked)
      .when(fire('t1', { aboveThreshold: true }))
      .thenNothing();
    account(...provisioned, timer('t1'), parked)
      .when(fire('t1'))
      .then(fired('t1', 'delivery'));
  });

  it('R54: waits for approval where deleting needs one', () => {
    const asked = ApprovalRequested({ ...ids, approvalId: 'delete.1', action: 'delete', deprovisioning: 'suspend' });
    account(...provisioned, timer('t1'))
      .when(fire('t1', { approvals: ['delete'] }))
      .then(fired('t1', 'approval'), asked);
    const waiting = [...provisioned, timer('t1'), fired('t1', 'approval'), asked];
    account(...waiting)
      .when({ type: 'Approve', reason: 'ok' })
      .then(
        ApprovalGranted(
          { ...ids, approvalId: 'delete.1', action: 'delete', deprovisioning: 'suspend' },
          { reason: 'ok' },
        ),
      );
    expect(
      folded(
        ...waiting,
        ApprovalGranted(
          { ...ids, approvalId: 'delete.1', action: 'delete', deprovisioning: 'suspend' },
          { reason: null },
        ),
      ),
    ).toMatchObject({ next: 'suspend' });
  });

  it('R54: may wait beside one of another action; each is decided by its name', () => {
    const asked = (approvalId: string, deprovisioning: 'suspend' | 'hardDelete') =>
      ApprovalRequested({ ...ids, approvalId, action: 'delete', deprovisioning });
    const [suspend, hardDelete] = [asked('delete.1', 'suspend'), asked('delete.2', 'hardDelete')];
    const timers = [timer('t1'), timer('t2', { action: 'hardDelete' })];
    account(...provisioned, ...timers, fired('t1', 'approval'), suspend)
      .when(fire('t2', { approvals: ['delete'] }))
      .then(fired('t2', 'approval', { action: 'hardDelete' }), hardDelete);
    const waiting = [...provisioned, ...timers, suspend, hardDelete];
    const refused = 'approval/changed';
    account(...waiting)
      .when({ type: 'Approve', reason: null })
      .thenRejected(refused);
    account(...waiting)
      .when({ type: 'Reject', approvalId: 'delete.9', reason: null })
      .thenRejected(refused);
    const granted = (which: typeof suspend) => ApprovalGranted(which.data, { reason: null });
    account(...waiting)
      .when({ type: 'Approve', approvalId: 'delete.2', reason: null })
      .then(granted(hardDelete), ApprovalWithdrawn(suspend.data));
    account(...waiting)
      .when({ type: 'Approve', approvalId: 'delete.1', reason: null })
      .then(granted(suspend));
    const rejected = ApprovalRejected(hardDelete.data, { reason: null });
    account(...waiting)
      .when({ type: 'Reject', approvalId: 'delete.2', reason: null })
      .then(rejected);
    expect(folded(...waiting, rejected)).toMatchObject({
      next: undefined,
      state: { approvals: [{ id: 'delete.1', deprovisioning: 'suspend' }] },
    });
    expect(folded(...waiting, granted(suspend))).toMatchObject({
      next: 'suspend',
      state: { approvals: [{ id: 'delete.2', deprovisioning: 'hardDelete' }] },
    });
  });

  it('is shown as the one that counts where it is the earliest of its action', () => {
    const { timers } = folded(
      ...provisioned,
      timer('t1', { dueAt: '2026-01-09T09:00:00.000Z' }),
      timer('t2'),
      timer('t3', { action: 'hardDelete' }),
    ).state;
    expect(timers.map((each) => isEffective(timers, each))).toEqual([false, true, true]);
  });
});

describe('a delivery', () => {
  it('is started once, and only while it is what comes next', () => {
    account(planned).when({ type: 'StartDelivery', deliveryId: 'd1', action: 'create' }).then(started('create'));
    account(planned, started('create'))
      .when({ type: 'StartDelivery', deliveryId: 'd2', action: 'create' })
      .thenNothing();
    account(...provisioned)
      .when({ type: 'StartDelivery', deliveryId: 'd2', action: 'update' })
      .thenNothing();
  });

  it('is heard of once', () => {
    const result = { kind: 'created' as const, joined: false, remoteId: '42', attributes };
    account(planned, started('create')).when({ type: 'EndDelivery', deliveryId: 'd1', result }).then(created);
    account(...provisioned)
      .when({ type: 'EndDelivery', deliveryId: 'd1', result })
      .thenNothing();
    account(planned, started('create')).when({ type: 'EndDelivery', deliveryId: 'd0', result }).thenNothing();
  });

  it('says its first failure and its final one, and none between', () => {
    const failure = (final: boolean) => ({
      type: 'EndDelivery' as const,
      deliveryId: 'd1',
      result: { kind: 'failed' as const, code: 'delivery/failing', message: '503', final },
    });
    const said = (final: boolean) =>
      DeliveryFailed({ ...delivery, action: 'create', code: 'delivery/failing', final }, { message: '503' });
    account(planned, started('create')).when(failure(false)).then(said(false));
    account(planned, started('create'), said(false)).when(failure(false)).thenNothing();
    account(planned, started('create'), said(false)).when(failure(true)).then(said(true));
    expect(folded(planned, started('create'), said(false))).toMatchObject({ status: 'provisioning', next: 'create' });
  });

  it('of a create is resolved before anything else is done, and can be given up', () => {
    const due = [
      planned,
      started('create'),
      timer('t1', { action: 'hardDelete' }),
      fired('t1', 'delivery', { action: 'hardDelete' }),
    ];
    expect(folded(...due)).toMatchObject({ next: 'create' });
    expect(folded(...due, created)).toMatchObject({ next: 'delete', status: 'deleting' });
    expect(folded(...due, DeliveryAbandoned({ ...delivery, action: 'create' }))).toMatchObject({
      next: undefined,
      status: 'deleted',
    });
  });

  it('that deletes the account cancels what else was armed', () => {
    account(
      ...provisioned,
      timer('t1', { action: 'hardDelete' }),
      timer('t2', { trigger: 'turnedOff' }),
      fired('t1', 'delivery', { action: 'hardDelete' }),
      started('delete', 'd2'),
    )
      .when({ type: 'EndDelivery', deliveryId: 'd2', result: { kind: 'deleted' } })
      .then(
        AccountDeleted({ ...ids, deliveryId: 'd2' }),
        DeprovisioningCancelled({ ...ids, timerId: 't2', reason: 'accountDeleted', ...noReasons }),
      );
  });

  it('that was under way when the person came back may have been done, and is undone', () => {
    const back = AccessRestored({ ...ids, ...noReasons });
    const suspending = [...provisioned, timer('t1'), fired('t1', 'delivery'), started('suspend', 'd2')];
    expect(folded(...suspending, back)).toMatchObject({ next: 'unsuspend', status: 'modifying' });
    expect(
      folded(...suspending, back, DeliveryStarted({ ...ids, deliveryId: 'd3', action: 'unsuspend' })),
    ).toMatchObject({ next: 'unsuspend' });
    expect(
      folded(
        ...suspending,
        back,
        DeliveryStarted({ ...ids, deliveryId: 'd3', action: 'unsuspend' }),
        AccountUnsuspended({ ...ids, deliveryId: 'd3' }),
      ),
    ).toMatchObject({ next: undefined, status: 'provisioned' });

    const deleting = [
      ...provisioned,
      timer('t1', { action: 'hardDelete' }),
      fired('t1', 'delivery', { action: 'hardDelete' }),
      started('delete', 'd2'),
      back,
    ];
    const restoring = [...deleting, DeliveryStarted({ ...ids, deliveryId: 'd3', action: 'unsuspend' })];
    account(...restoring)
      .when({ type: 'EndDelivery', deliveryId: 'd3', result: { kind: 'gone' } })
      .then(AccountDeleted({ ...ids, deliveryId: 'd3' }));
    expect(folded(...restoring, AccountDeleted({ ...ids, deliveryId: 'd3' }))).toMatchObject({ next: 'create' });
  });

  it('says what it changed', () => {
    const changed = AccountPlanned(
      { ...ids, changed: ['title'], ruleIds: [], rulesVersion: 0, basis: null, scope: null, targets: null },
      { attributes: { ...attributes, title: 'Dr' }, onCreate: {}, additive: [], entitlements: [], matching: [] },
    );
    account(...provisioned, changed, started('update', 'd2'))
      .when({
        type: 'EndDelivery',
        deliveryId: 'd2',
        result: { kind: 'updated', attributes: { ...attributes, title: 'Dr' }, entitlements: [] },
      })
      .then(
        AccountUpdated(
          { ...ids, deliveryId: 'd2', changed: ['title'] },
          { attributes: { ...attributes, title: 'Dr' }, entitlements: [] },
        ),
      );
  });
});

describe('R56 R61 R67: what admins do', () => {
  const foreign = [planned, started('create'), ForeignAccountFound(delivery, { remoteId: '7', attributes: {} })];
  const gone = [...provisioned, started('update', 'd2'), AccountGone({ ...ids, deliveryId: 'd2' })];
  const disassociated = [...provisioned, AccountDisassociated(ids, { reason: null })];
  const act = (type: 'Approve' | 'Reject' | 'Retry' | 'Disassociate' | 'Recreate' | 'Rematch'): AccountCommand => ({
    type,
    reason: null,
  });
  const reason = { reason: null };

  it('adopt a foreign account, which is brought to the plan then', () => {
    const adopted = AccountAdopted({ ...ids, active: true }, { remoteId: '7', ...reason });
    account(...foreign)
      .when({ type: 'Adopt', remoteId: '7', active: true, reason: null })
      .then(adopted);
    expect(folded(...foreign, adopted)).toMatchObject({
      next: 'update',
      state: { owned: true, remoteId: '7', match: null },
    });
    account(...provisioned)
      .when({ type: 'Adopt', remoteId: '7', active: true, reason: null })
      .thenRejected('account/linked');
  });

  it('rematch looks again', () => {
    account(...foreign)
      .when(act('Rematch'))
      .then(RematchRequested(ids, reason));
    account(...disassociated)
      .when(act('Rematch'))
      .then(RematchRequested(ids, reason));
    expect(folded(...disassociated)).toMatchObject({ status: 'unknown', next: undefined });
    expect(folded(...disassociated, RematchRequested(ids, reason))).toMatchObject({ next: 'create' });
    account(...provisioned)
      .when(act('Rematch'))
      .thenRejected('account/not-apart');
  });

  it('disassociate cancels the timers and touches nothing in the app', () => {
    account(...provisioned, timer('t1'))
      .when(act('Disassociate'))
      .then(
        AccountDisassociated(ids, reason),
        DeprovisioningCancelled({ ...ids, timerId: 't1', reason: 'disassociated', ...noReasons }),
      );
    account(planned).when(act('Disassociate')).thenRejected('account/not-linked');
  });

  it('recreate what is gone, and nothing that is there', () => {
    expect(folded(...gone)).toMatchObject({ status: 'failed', next: undefined });
    account(...gone)
      .when(act('Retry'))
      .thenRejected('account/gone');
    account(...gone)
      .when(act('Recreate'))
      .then(RecreationRequested(ids, reason));
    expect(folded(...gone, RecreationRequested(ids, reason))).toMatchObject({ next: 'create' });
    account(...provisioned)
      .when(act('Recreate'))
      .thenRejected('account/there');
    account(planned).when(act('Recreate')).thenRejected('account/on-its-way');
  });

  it('retry what failed', () => {
    const failed = DeliveryFailed(
      { ...delivery, action: 'create', code: 'delivery/refused', final: true },
      { message: '400' },
    );
    account(planned, started('create'), failed).when(act('Retry')).then(RetryRequested(ids, reason));
    expect(folded(planned, started('create'), failed, RetryRequested(ids, reason))).toMatchObject({ next: 'create' });
    account(...provisioned)
      .when(act('Retry'))
      .thenRejected('account/not-failed');
  });

  it('approve and reject only what waits', () => {
    account(...provisioned)
      .when(act('Approve'))
      .thenRejected('account/no-approval');
    account(...provisioned)
      .when(act('Reject'))
      .thenRejected('account/no-approval');
    account().when(act('Retry')).thenRejected('account/unknown');
  });

  it('R51: letting go of a configuration cancels timers and leaves the rest', () => {
    account(...provisioned, timer('t1'))
      .when({ type: 'LetGo' })
      .then(DeprovisioningCancelled({ ...ids, timerId: 't1', reason: 'configurationDeleted', ...noReasons }));
    account().when({ type: 'LetGo' }).thenNothing();
  });
});

describe('whatever the order in which timers fire', () => {
  it('an account is suspended and deleted at most once in effect', () => {
    const ofTimers = [
      timer('s1'),
      timer('s2', { trigger: 'turnedOff' }),
      timer('h1', { action: 'hardDelete' }),
      timer('h2', { trigger: 'deleted', action: 'hardDelete' }),
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom('s1', 's2', 'h1', 'h2'), { maxLength: 12 }), (order) => {
        const history = order.reduce<AccountEvent[]>(
          (before, timerId) => [
            ...before,
            ...accountDecider.decide(fire(timerId), before.reduce(accountDecider.evolve, accountDecider.initial)),
          ],
          [...provisioned, ...ofTimers],
        );
        const effects = (action: string) =>
          history.filter(
            (event) => event.type === 'TimerFired' && event.data.action === action && event.data.effect === 'delivery',
          ).length;
        expect(effects('suspend')).toBeLessThanOrEqual(1);
        expect(effects('hardDelete')).toBe(order.some((each) => each.startsWith('h')) ? 1 : 0);
      }),
    );
  });

  it('a suspended account is told from one that is', () => {
    expect(
      folded(
        ...provisioned,
        timer('t1'),
        fired('t1', 'delivery'),
        started('suspend', 'd2'),
        AccountSuspended({ ...ids, deliveryId: 'd2' }),
      ),
    ).toMatchObject({ status: 'suspended', next: undefined });
  });
});
