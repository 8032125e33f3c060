import { describe, expect, it } from '@jest/globals';
import {
  AccessRestored,
  AccountCreated,
  AccountPlanFailed,
  AccountPlanned,
  AccountSuspended,
  AccountUpdated,
  AccountWithdrawn,
  ApprovalGranted,
  ApprovalRejected,
  ApprovalRequested,
  ApprovalWithdrawn,
  DeliveryFailed,
  DeliveryStarted,
  DeprovisioningCancelled,
  DeprovisioningRescheduled,
  DeprovisioningScheduled,
  DeprovisioningTriggersChanged,
  ForeignAccountFound,
  TimerFired,
  type AccountEvent,
} from '@tenure/contracts';
import { ERASED } from '@tenure/eventing';
import { given } from '@tenure/eventing/testing';
import { onlyFrames, withFrames } from '../app/frames.ts';
import type { DeprovisioningConfig } from '../duration/index.ts';
import type { AccountCommand, Evaluation } from './account-command.ts';
import { accountDecider } from './account.decider.ts';
import { nextDelivery, noReasons, statusOf, type Plan } from './account.state.ts';

const account = given(accountDecider);
const folded = (...history: AccountEvent[]) => {
  const state = history.reduce(accountDecider.evolve, accountDecider.initial);
  if (state.kind === 'none') throw new Error('There is no account.');
  return { status: statusOf(state), next: nextDelivery(state), state };
};

const monday = '2026-01-05T09:00:00.000Z';
const tuesday = '2026-01-06T09:00:00.000Z';
const nextMonday = '2026-01-12T09:00:00.000Z';
const ids = { appId: 'git', userId: 'ada' };
const delivery = { ...ids, deliveryId: 'd1' };

const plan = (displayName = 'Ada'): Plan => ({
  attributes: { userName: 'ada', displayName },
  onCreate: { active: true },
  additive: [],
  entitlements: [],
  matching: [{ target: 'userName', value: 'ada' }],
});
const reasons = { basis: null, scope: null, ruleIds: [] };
const why = { ruleIds: [], basis: null, scope: null, targets: {} };
const always = (frames: DeprovisioningConfig): Evaluation['frames'] => [{ version: 0, since: null, frames }];
const never = { suspend: null, hardDelete: null };
const evaluation = (parts: Partial<Evaluation> = {}): AccountCommand => ({
  type: 'Evaluate',
  accountId: 'acc',
  ...ids,
  plan: plan(),
  reasons,
  origins: {},
  problem: null,
  rulesVersion: 0,
  referredIds: {},
  triggers: [],
  unsure: [],
  frames: always({
    turnedOff: { suspend: 'P1D', hardDelete: null },
    suspended: { suspend: 'P1D', hardDelete: 'P7D' },
    deleted: { suspend: null, hardDelete: 'PT0S' },
  }),
  approvals: [],
  ...parts,
});
const suspendedSince = (since: string, origin = 'user@1'): Partial<Evaluation> => ({
  triggers: [{ trigger: 'suspended', since, origin }],
});
const suspended = { trigger: 'suspended', since: monday, origin: 'user@1', episode: 1, frames: 0 } as const;
const turnedOff = { trigger: 'turnedOff', since: tuesday, origin: 'scope', episode: 2, frames: 0 } as const;
const holding = (...held: ReturnType<typeof DeprovisioningTriggersChanged>['data']['held']) =>
  DeprovisioningTriggersChanged({ ...ids, held, ...reasons });

const personal = (p: Plan) => ({
  ...p,
  additive: [...p.additive],
  entitlements: [...p.entitlements],
  matching: [...p.matching],
});
const planned = AccountPlanned(
  { ...ids, changed: ['userName', 'displayName'], ...why, rulesVersion: 0 },
  personal(plan()),
);
const renamed = AccountPlanned({ ...ids, changed: ['displayName'], ...why, rulesVersion: 0 }, personal(plan('Ada H')));
const started = DeliveryStarted({ ...delivery, action: 'create' });
const created = AccountCreated(
  { ...delivery, joined: false },
  { remoteId: '42', attributes: { ...plan().attributes, active: true } },
);
const provisioned = [planned, started, created];
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
    ...reasons,
    ...parts,
  });
const deleteTimer = timer('acc.2', { action: 'hardDelete', delay: 'P7D', dueAt: nextMonday });
const armed = [timer('acc.1'), deleteTimer];
const bothEnded = () => [cancelled('acc.1', 'triggerEnded'), cancelled('acc.2', 'triggerEnded')];
const cancelled = (timerId: string, reason: 'eligible' | 'triggerEnded' = 'eligible') =>
  DeprovisioningCancelled({ ...ids, timerId, reason, ...reasons });
const fired = (
  timerId: string,
  action: 'suspend' | 'hardDelete' = 'suspend',
  effect: 'delivery' | 'approval' | 'none' = 'delivery',
) => TimerFired({ ...ids, timerId, trigger: 'suspended', action, effect, basis: null });

describe('R27: a user who is eligible', () => {
  it('gets an account planned, and nothing more as long as nothing changes', () => {
    account().when(evaluation()).then(planned);
    account(...provisioned)
      .when(evaluation())
      .thenNothing();
    expect(folded(planned)).toMatchObject({ status: 'pending', next: 'create' });
    expect(folded(planned, started)).toMatchObject({ status: 'provisioning', next: 'create' });
    expect(folded(...provisioned)).toMatchObject({ status: 'provisioned', next: undefined });
  });

  it('gets a changed plan, which is an update of an account that is there', () => {
    account(...provisioned)
      .when(evaluation({ plan: plan('Ada H') }))
      .then(renamed);
    expect(folded(...provisioned, renamed)).toMatchObject({ status: 'modifying', next: 'update' });
  });

  it('of no account before, gets none while not eligible', () => {
    account()
      .when(evaluation(suspendedSince(monday)))
      .thenNothing();
  });

  it('R60: is planned anew by an edit of the rules while the account is not made, and never for that afterwards', () => {
    account(planned)
      .when(evaluation({ rulesVersion: 1 }))
      .then(AccountPlanned({ ...ids, changed: [], ...why, rulesVersion: 1 }, personal(plan())));
    account(...provisioned)
      .when(evaluation({ rulesVersion: 1 }))
      .thenNothing();
  });

  it('who is it no more before anything was made: the plan is withdrawn, and taken up again later', () => {
    account(planned)
      .when(evaluation(suspendedSince(monday)))
      .then(AccountWithdrawn({ ...ids, ...reasons }));
    expect(folded(planned, AccountWithdrawn({ ...ids, ...reasons }))).toMatchObject({
      status: 'deleted',
      next: undefined,
    });
    account(planned, AccountWithdrawn({ ...ids, ...reasons }))
      .when(evaluation())
      .then(AccountPlanned({ ...ids, changed: [], ...why, rulesVersion: 0 }, personal(plan())));
  });

  it('does not lose the account that a call under way may yet make', () => {
    account(planned, started)
      .when(evaluation(suspendedSince(monday)))
      .then(holding(suspended), ...armed);
  });
});

describe('R44 R47: triggers', () => {
  const leaving = [...provisioned, holding(suspended), timer('acc.1'), deleteTimer];

  it('arm the timers of each action, counted from when the trigger held', () => {
    account(...provisioned)
      .when(evaluation(suspendedSince(monday)))
      .then(holding(suspended), ...armed);
  });

  it('arm once, however often it is evaluated', () => {
    account(...leaving)
      .when(evaluation(suspendedSince(monday)))
      .thenNothing();
    account(...leaving, fired('acc.1'))
      .when(evaluation(suspendedSince(monday)))
      .thenNothing();
  });

  it('arm once also where the timers are from before occurrences were counted', () => {
    const old = [timer('acc.1', { episode: null }), timer('acc.2', { ...deleteTimer.data, episode: null })];
    account(...provisioned, ...old, fired('acc.1'))
      .when(evaluation(suspendedSince(monday)))
      .then(holding(suspended));
  });

  it('arm anew for the next occurrence', () => {
    const again = { ...suspended, since: tuesday, origin: 'user@3', episode: 2 };
    const anew = [
      timer('acc.3', { triggeredAt: tuesday, dueAt: '2026-01-07T09:00:00.000Z', episode: 2 }),
      timer('acc.4', {
        action: 'hardDelete',
        delay: 'P7D',
        triggeredAt: tuesday,
        dueAt: '2026-01-13T09:00:00.000Z',
        episode: 2,
      }),
    ];
    account(...leaving, holding(), cancelled('acc.1'), cancelled('acc.2'))
      .when(evaluation(suspendedSince(tuesday, 'user@3')))
      .then(holding(again), ...anew);
  });

  it('at one and the same instant are two occurrences where the user changed in between', () => {
    const again = { ...suspended, origin: 'user@3', episode: 2 };
    const anew = [
      timer('acc.3', { episode: 2 }),
      timer('acc.4', { ...deleteTimer.data, timerId: 'acc.4', episode: 2 }),
    ];
    account(...leaving, fired('acc.1'), holding(), AccessRestored({ ...ids, ...reasons }), cancelled('acc.2'))
      .when(evaluation(suspendedSince(monday, 'user@3')))
      .then(holding(again), ...anew);
    // Nobody evaluated the return in between: it cancels all the same.
    account(...leaving)
      .when(evaluation(suspendedSince(monday, 'user@3')))
      .then(...[holding(again), bothEnded(), anew].flat());
  });

  it('that overlap arm each their own, and end each by itself', () => {
    const found = { trigger: 'turnedOff', since: tuesday, origin: 'scope' } as const;
    const both = evaluation({ plan: null, triggers: [...suspendedSince(monday).triggers!, found] });
    const third = timer('acc.3', {
      trigger: 'turnedOff',
      triggeredAt: tuesday,
      dueAt: '2026-01-07T09:00:00.000Z',
      episode: 2,
    });
    account(...leaving)
      .when(both)
      .then(holding(suspended, turnedOff), third);
    account(...leaving, holding(suspended, turnedOff), third)
      .when(evaluation({ plan: null, triggers: [found] }))
      .then(holding(turnedOff), ...bothEnded());
  });

  it('keep their timers where only the reason for being out of scope becomes another', () => {
    const out = (since: string, origin: string) =>
      evaluation({ plan: null, triggers: [{ trigger: 'turnedOff', since, origin }] });
    const held = { ...turnedOff, since: monday, origin: 'group/staff@5', episode: 1 };
    const armed = timer('acc.1', { trigger: 'turnedOff' });
    account(...provisioned)
      .when(out(monday, 'group/staff@5'))
      .then(holding(held), armed);
    account(...provisioned, holding(held), armed)
      .when(out(tuesday, 'scope'))
      .thenNothing();
    const next = [cancelled('acc.1', 'triggerEnded'), timer('acc.2', { trigger: 'turnedOff', episode: 2 })];
    account(...provisioned, holding(held), armed)
      .when(out(monday, 'group/staff@9'))
      .then(holding({ ...held, origin: 'group/staff@9', episode: 2 }), ...next);
  });

  it('of which nothing can be said keep their timers: who is deleted is in no group any more', () => {
    const held = { ...turnedOff, since: monday, episode: 1 };
    const deleted = { trigger: 'deleted', since: monday, origin: 'user' } as const;
    account(...provisioned, holding(held), timer('acc.1', { trigger: 'turnedOff' }))
      .when(evaluation({ plan: null, triggers: [deleted], unsure: ['turnedOff'] }))
      .then(
        holding(held, { ...deleted, episode: 2, frames: 0 }),
        timer('acc.2', { trigger: 'deleted', action: 'hardDelete', delay: 'PT0S', dueAt: monday, episode: 2 }),
      );
  });

  it('set to never arm nothing', () => {
    account(...provisioned)
      .when(
        evaluation({
          ...suspendedSince(monday),
          frames: always({ turnedOff: never, suspended: never, deleted: never }),
        }),
      )
      .then(holding(suspended));
  });

  it('go on updating who is in scope and deactivated, until the timer fires', () => {
    account(...leaving)
      .when(evaluation({ ...suspendedSince(monday), plan: plan('Ada H') }))
      .then(renamed);
    expect(folded(...provisioned, timer('acc.1'), renamed)).toMatchObject({ next: 'update' });
    expect(folded(...provisioned, timer('acc.1'), renamed, fired('acc.1'))).toMatchObject({
      next: 'suspend',
      status: 'modifying',
    });
  });
});

describe('R47: eligible again', () => {
  it('cancels every timer', () => {
    account(...provisioned, timer('acc.1'), deleteTimer)
      .when(evaluation())
      .then(cancelled('acc.1'), cancelled('acc.2'));
  });

  it('gives back a suspended account, and one that is about to be suspended', () => {
    const suspended = [...provisioned, timer('acc.1'), deleteTimer, fired('acc.1'), AccountSuspended(delivery)].map(
      (event) => event,
    );
    account(...provisioned, timer('acc.1'), deleteTimer, fired('acc.1'))
      .when(evaluation())
      .then(cancelled('acc.2'), AccessRestored({ ...ids, ...reasons }));
    account(...suspended)
      .when(evaluation())
      .then(cancelled('acc.2'), AccessRestored({ ...ids, ...reasons }));
    expect(folded(...suspended, AccessRestored({ ...ids, ...reasons }))).toMatchObject({
      next: 'unsuspend',
      status: 'modifying',
    });
  });

  it('withdraws what waits for approval', () => {
    const waiting = [
      ...provisioned,
      timer('acc.1'),
      fired('acc.1', 'suspend', 'approval'),
      ApprovalRequested({ ...ids, approvalId: 'delete.1', action: 'delete', deprovisioning: 'suspend' }),
    ];
    expect(folded(...waiting)).toMatchObject({ status: 'provisioned', next: undefined });
    account(...waiting)
      .when(evaluation())
      .then(ApprovalWithdrawn({ ...ids, approvalId: 'delete.1', action: 'delete', deprovisioning: 'suspend' }));
  });
});

describe('R54: approvals', () => {
  const asked = (action: 'create' | 'update') =>
    ApprovalRequested({ ...ids, approvalId: `${action}.1`, action, deprovisioning: null });

  it('hold back a new account until an admin says so', () => {
    account()
      .when(evaluation({ approvals: ['create'] }))
      .then(planned, asked('create'));
    expect(folded(planned, asked('create'))).toMatchObject({ status: 'pending', next: undefined });
    const granted = ApprovalGranted(
      { ...ids, approvalId: 'create.1', action: 'create', deprovisioning: null },
      { reason: null },
    );
    expect(folded(planned, asked('create'), granted)).toMatchObject({ next: 'create' });
    account(planned, asked('create'), granted)
      .when(evaluation({ approvals: ['create'] }))
      .thenNothing();
  });

  it('that are rejected leave the account failed, however often it is evaluated', () => {
    const rejected = [
      planned,
      asked('create'),
      ApprovalRejected(
        { ...ids, approvalId: 'create.1', action: 'create', deprovisioning: null },
        { reason: 'No budget' },
      ),
    ];
    expect(folded(...rejected)).toMatchObject({
      status: 'failed',
      next: undefined,
      state: { failure: { code: 'approval/rejected', message: 'No budget' } },
    });
    account(...rejected)
      .when(evaluation({ approvals: ['create'] }))
      .thenNothing();
  });

  it('hold back a change, not asked for twice, and withdrawn when the change is', () => {
    account(...provisioned)
      .when(evaluation({ plan: plan('Ada H'), approvals: ['update'] }))
      .then(renamed, asked('update'));
    account(...provisioned, renamed, asked('update'))
      .when(evaluation({ plan: plan('Ada H'), approvals: ['update'] }))
      .thenNothing();
    account(...provisioned, renamed, asked('update'))
      .when(evaluation({ approvals: ['update'] }))
      .then(
        AccountPlanned({ ...ids, changed: ['displayName'], ...why, rulesVersion: 0 }, personal(plan())),
        ApprovalWithdrawn({ ...ids, approvalId: 'update.1', action: 'update', deprovisioning: null }),
      );
  });

  it('rejected for a change leave the account as it is, until the plan is another', () => {
    const rejected = ApprovalRejected(
      { ...ids, approvalId: 'update.1', action: 'update', deprovisioning: null },
      { reason: null },
    );
    expect(folded(...provisioned, renamed, asked('update'), rejected)).toMatchObject({
      status: 'provisioned',
      next: undefined,
    });
    account(...provisioned, renamed, asked('update'), rejected)
      .when(evaluation({ plan: plan('Ada H'), approvals: ['update'] }))
      .thenNothing();
  });
});

describe('failures', () => {
  const failed = DeliveryFailed(
    { ...delivery, action: 'create', code: 'delivery/refused', final: true },
    { message: '400: no' },
  );

  it('are worth another try with another plan', () => {
    expect(folded(planned, started, failed)).toMatchObject({ status: 'failed', next: undefined });
    expect(folded(planned, started, failed, renamed)).toMatchObject({ next: 'create' });
  });

  it('R61: of a foreign account stay, whatever the plan', () => {
    const foreign = ForeignAccountFound(delivery, { remoteId: '7', attributes: {} });
    expect(folded(planned, started, foreign, renamed)).toMatchObject({ status: 'failed', next: undefined });
  });

  it('of an update do not keep an account from being suspended', () => {
    const update = DeliveryFailed(
      { ...delivery, action: 'update', code: 'delivery/refused', final: true },
      { message: '400: no' },
    );
    expect(folded(...provisioned, renamed, update, timer('acc.1'), fired('acc.1'))).toMatchObject({ next: 'suspend' });
  });
});

describe('R48: time frames that changed', () => {
  const evaluated = evaluation() as Evaluation;
  const nothing = always({ turnedOff: never, suspended: never, deleted: never });
  const sevenDays = { turnedOff: never, suspended: { suspend: null, hardDelete: 'P7D' }, deleted: never };

  it('arm nothing for who was suspended before, however long ago, and also at the same instant', () => {
    const edited = withFrames(nothing, sevenDays, tuesday);
    account(...provisioned)
      .when(evaluation({ ...suspendedSince(monday), frames: edited }))
      .then(holding(suspended));
    account(...provisioned, holding({ ...suspended, since: tuesday }))
      .when(evaluation({ ...suspendedSince(tuesday), frames: edited }))
      .thenNothing();
  });

  it('count for who is suspended from then on', () => {
    account(...provisioned)
      .when(evaluation({ ...suspendedSince(tuesday), frames: withFrames(nothing, sevenDays, tuesday) }))
      .then(
        holding({ ...suspended, since: tuesday, frames: 1 }),
        timer('acc.1', {
          action: 'hardDelete',
          triggeredAt: tuesday,
          delay: 'P7D',
          dueAt: '2026-01-13T09:00:00.000Z',
        }),
      );
  });

  it('arm what was never to happen where they are applied to what holds already', () => {
    account(...provisioned, holding(suspended))
      .when(evaluation({ ...suspendedSince(monday), frames: onlyFrames(nothing, sevenDays) }))
      .then(timer('acc.1', { action: 'hardDelete', delay: 'P7D', dueAt: nextMonday }));
  });

  it('move the timers that run only when that is asked for', () => {
    const deprovisioning = { turnedOff: never, suspended: { suspend: 'P7D', hardDelete: null }, deleted: never };
    const frames = withFrames(always(evaluated.frames[0]!.frames), deprovisioning, tuesday);
    account(...provisioned, holding(suspended), ...armed)
      .when(evaluation({ ...suspendedSince(monday), frames }))
      .thenNothing();
    account(...provisioned, timer('acc.1'), deleteTimer)
      .when({ type: 'Reschedule', deprovisioning })
      .then(
        DeprovisioningRescheduled({ ...ids, timerId: 'acc.1', delay: 'P7D', dueAt: nextMonday }),
        DeprovisioningCancelled({ ...ids, timerId: 'acc.2', reason: 'neverAnyMore', ...noReasons }),
      );
  });
});

describe('R85: a person who was erased', () => {
  it('leaves a fold that goes on without what can no longer be read, and delivers nothing', () => {
    const erased = [
      planned,
      started,
      created,
      renamed,
      AccountUpdated({ ...delivery, changed: [] }, { attributes: {}, entitlements: [] }),
    ].map((event) => ('personal' in event ? { ...event, personal: ERASED } : event)) as AccountEvent[];
    expect(folded(...erased)).toMatchObject({
      status: 'provisioned',
      next: undefined,
      state: { remoteId: null, attributes: {}, plan: { matching: [] } },
    });
    expect(folded(...erased, timer('acc.1'), fired('acc.1'))).toMatchObject({ next: undefined });
  });
});

describe('R96: a person for whom a mapping or a rule takes too much', () => {
  const problem = { code: 'mapping/too-complex' as const, limit: 'steps' as const, target: 'title', ruleId: null };
  const failing = (parts: Partial<Evaluation> = {}) => evaluation({ plan: null, problem, ...parts });
  const failed = AccountPlanFailed({ ...ids, ...problem, ...reasons });

  it('has a failed account that says which, once, and nothing is made', () => {
    account().when(failing()).then(failed);
    account(failed).when(failing()).thenNothing();
    expect(folded(failed)).toMatchObject({
      status: 'failed',
      next: undefined,
      state: {
        planFailure: { code: 'mapping/too-complex', message: expect.stringContaining('The mapping of "title"') },
      },
    });
  });

  it('keeps the account that is there as it is, until a plan can be made again', () => {
    account(...provisioned)
      .when(failing())
      .then(failed);
    expect(folded(...provisioned, failed)).toMatchObject({
      status: 'failed',
      next: undefined,
      state: { plan: plan() },
    });
    account(...provisioned, failed)
      .when(evaluation())
      .then({ ...planned, data: { ...planned.data, changed: [] } });
    const good = folded(...provisioned, failed, planned);
    expect(good.status).not.toBe('failed');
    expect(good.state.planFailure).toBeUndefined();
  });

  it('is deprovisioned all the same', () => {
    account(...provisioned, failed)
      .when(failing(suspendedSince(monday)))
      .then(holding(suspended), ...armed);
    expect(folded(...provisioned, failed, timer('acc.1'), fired('acc.1'))).toMatchObject({ next: 'suspend' });
    account(failed)
      .when(evaluation({ ...suspendedSince(monday), plan: null }))
      .then(AccountWithdrawn({ ...ids, ...reasons }));
  });

  it('loses nothing and gets nothing back where the rules that would decide it are what takes too much', () => {
    const outside = timer('acc.1', { trigger: 'turnedOff' });
    account(...provisioned, outside)
      .when(failing({ unsure: ['turnedOff'] }))
      .then(failed);
  });

  it('waits for an approval of the first plan that can be made', () => {
    const approvals = ['create' as const];
    account().when(failing({ approvals })).then(failed);
    account(failed)
      .when(evaluation({ approvals }))
      .then(planned, ApprovalRequested({ ...ids, approvalId: 'create.1', action: 'create', deprovisioning: null }));
  });

  it('is looked at again when an admin asks for it, and not recreated from an old plan', () => {
    account(failed).when({ type: 'Retry', reason: null }).thenNothing();
    expect(() => accountDecider.decide({ type: 'Recreate', reason: null }, folded(failed).state)).toThrow(
      expect.objectContaining({ code: 'account/no-plan' }),
    );
  });
});
