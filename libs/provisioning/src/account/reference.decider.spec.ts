import { describe, expect, it } from '@jest/globals';
import {
  AccountCreated,
  AccountPlanned,
  AccountUpdated,
  ApprovalRequested,
  DeliveryFailed,
  DeliveryStarted,
  ReferenceMoved,
  type AccountEvent,
} from '@tenure/contracts';
import { given } from '@tenure/eventing/testing';
import type { AccountCommand, Evaluation } from './account-command.ts';
import { accountDecider } from './account.decider.ts';
import { nextDelivery, statusOf, type Plan } from './account.state.ts';
import { attributesOnCreate, wantedAttributes } from './wanted.ts';

const account = given(accountDecider);
const folded = (...history: AccountEvent[]) => {
  const state = history.reduce(accountDecider.evolve, accountDecider.initial);
  if (state.kind === 'none') throw new Error('There is no account.');
  return { next: nextDelivery(state), status: statusOf(state), wanted: wantedAttributes(state), state };
};

const ids = { appId: 'git', userId: 'ada' };
const why = { ruleIds: [], rulesVersion: 0, basis: null, scope: null, targets: {} };
const planReferring = (to: string, onCreate: Plan['onCreate'] = {}): Plan => ({
  attributes: { userName: 'ada', manager: { value: { ref: to } } },
  onCreate,
  additive: [],
  entitlements: [],
  matching: [],
});
const asPersonal = (plan: Plan) => ({
  ...plan,
  additive: [...plan.additive],
  entitlements: [...plan.entitlements],
  matching: [...plan.matching],
});
const planned = (plan: Plan, ...changed: string[]) => AccountPlanned({ ...ids, changed, ...why }, asPersonal(plan));
const started = (action: 'create' | 'update', deliveryId: string) => DeliveryStarted({ ...ids, deliveryId, action });
const created = (attributes: Plan['attributes'] = { userName: 'ada', manager: null }) => [
  started('create', 'd1'),
  AccountCreated({ ...ids, deliveryId: 'd1', joined: false }, { remoteId: '1', attributes }),
];
const moved = (referredUserId: string, remoteId: string | null) =>
  ReferenceMoved({ ...ids, referredUserId }, { remoteId });
const move = (referredUserId: string, remoteId: string | null, approvals: 'update'[] = []): AccountCommand => ({
  type: 'MoveReference',
  referredUserId,
  remoteId,
  approvals,
});
const evaluation = (parts: Partial<Evaluation>): AccountCommand => ({
  type: 'Evaluate',
  accountId: 'acc',
  ...ids,
  plan: planReferring('grace'),
  reasons: { basis: null, scope: null, ruleIds: [] },
  origins: {},
  problem: null,
  rulesVersion: 0,
  referredIds: {},
  triggers: [],
  unsure: [],
  frames: [],
  approvals: [],
  ...parts,
});

describe('R90: an account that refers to somebody', () => {
  it('is made without whom has no account in the app, and has nothing more to send then', () => {
    const { state } = folded(planned(planReferring('grace')));
    expect(attributesOnCreate(state)).toEqual({ userName: 'ada', manager: null });
    expect(folded(planned(planReferring('grace')), ...created()).next).toBeUndefined();
  });

  it('is sent the id of the app once there is one, and no id of ours', () => {
    const history = [planned(planReferring('grace')), ...created()];
    account(...history)
      .when(move('grace', '42'))
      .then(moved('grace', '42'));
    expect(folded(...history, moved('grace', '42'))).toMatchObject({
      next: 'update',
      wanted: { manager: { value: '42' } },
    });
  });

  it('is sent the new id where the account there is another one, and nothing where it is gone', () => {
    const history = [
      planned(planReferring('grace')),
      moved('grace', '42'),
      ...created({ userName: 'ada', manager: { value: '42' } }),
    ];
    expect(folded(...history).next).toBeUndefined();
    expect(folded(...history, moved('grace', '43'))).toMatchObject({
      next: 'update',
      wanted: { manager: { value: '43' } },
    });
    expect(folded(...history, moved('grace', null))).toMatchObject({ next: 'update', wanted: { manager: null } });
  });

  it("isn't told the same twice, nor of somebody to whom it doesn't refer", () => {
    const history = [planned(planReferring('grace')), moved('grace', '42')];
    account(...history)
      .when(move('grace', '42'))
      .thenNothing();
    account(...history)
      .when(move('linus', '7'))
      .thenNothing();
    account(planned(planReferring('grace')))
      .when(move('grace', null))
      .thenNothing();
  });

  it('says with a new plan whom the evaluation saw in the app, so that they are sent with everything else', () => {
    const plan = planReferring('grace');
    const targets = { ...why, targets: {} };
    account()
      .when(evaluation({ plan, referredIds: { grace: '42' } }))
      .then(
        AccountPlanned({ ...ids, changed: ['userName', 'manager'], ...targets }, asPersonal(plan)),
        moved('grace', '42'),
      );
  });

  it('believes no evaluation about whom it referred to before, which may have seen less', () => {
    account(planned(planReferring('grace')), moved('grace', '42'))
      .when(evaluation({ referredIds: {} }))
      .thenNothing();
    account(planned(planReferring('grace')))
      .when(evaluation({ referredIds: { grace: '41' } }))
      .thenNothing();
  });

  it("forgets whom it doesn't refer to any more", () => {
    const { state } = folded(planned(planReferring('grace')), moved('grace', '42'), planned(planReferring('linus')));
    expect(state.referredIds).toEqual({});
  });

  it('R54: waits for an admin with what follows, where updates do', () => {
    account(planned(planReferring('grace')), ...created())
      .when(move('grace', '42', ['update']))
      .then(
        moved('grace', '42'),
        ApprovalRequested({ ...ids, approvalId: 'update.1', action: 'update', deprovisioning: null }),
      );
  });

  it('keeps several references in a list, without those who have no account', () => {
    const plan = { ...planReferring('grace'), attributes: { secretary: [{ ref: 'grace' }, { ref: 'linus' }] } };
    expect(folded(planned(plan), moved('linus', '7')).wanted).toEqual({ secretary: ['7'] });
    expect(folded(planned(plan)).wanted).toEqual({ secretary: null });
  });

  it('R36: is sent on create only, or as soon as it can be, and not again after that', () => {
    const plan = {
      ...planReferring('grace'),
      attributes: { userName: 'ada' },
      onCreate: { manager: { ref: 'grace' } },
    };
    const late = [planned(plan), ...created({ userName: 'ada', manager: null }), moved('grace', '42')];
    expect(folded(...late)).toMatchObject({ next: 'update', wanted: { manager: '42' } });
    const sent = [
      ...late,
      started('update', 'd2'),
      AccountUpdated(
        { ...ids, deliveryId: 'd2', changed: ['manager'] },
        { attributes: { userName: 'ada', manager: '42' }, entitlements: [] },
      ),
    ];
    expect(folded(...sent).next).toBeUndefined();
    expect(folded(...sent, moved('grace', '43')).next).toBeUndefined();
  });
});

describe('R90: a reference that the app requires', () => {
  const history = [
    planned(planReferring('grace')),
    started('create', 'd1'),
    DeliveryFailed(
      { ...ids, deliveryId: 'd1', action: 'create', code: 'account/reference-missing', final: true },
      { message: 'waits' },
    ),
  ];

  it('lets the account wait until there is somebody to refer to', () => {
    expect(folded(...history)).toMatchObject({ status: 'pending', next: undefined });
    expect(folded(...history, moved('grace', '42'))).toMatchObject({ next: 'create' });
  });
});

describe('R90: a reference that the app refuses', () => {
  it('leaves everything else as it was sent, and is tried again when it moves', () => {
    const history = [planned(planReferring('grace')), ...created(), moved('grace', '42'), started('update', 'd2')];
    const result = {
      kind: 'updated' as const,
      attributes: { userName: 'ada', manager: null },
      entitlements: [],
      referenceRefused: 'no such manager',
    };
    account(...history)
      .when({ type: 'EndDelivery', deliveryId: 'd2', result })
      .then(
        AccountUpdated({ ...ids, deliveryId: 'd2', changed: [] }, { attributes: result.attributes, entitlements: [] }),
        DeliveryFailed(
          { ...ids, deliveryId: 'd2', action: 'update', code: 'delivery/reference-refused', final: true },
          { message: 'no such manager' },
        ),
      );
    const refused = accountDecider.decide(
      { type: 'EndDelivery', deliveryId: 'd2', result },
      history.reduce(accountDecider.evolve, accountDecider.initial),
    );
    expect(folded(...history, ...refused)).toMatchObject({ status: 'failed', next: undefined });
    expect(folded(...history, ...refused, moved('grace', '43'))).toMatchObject({ next: 'update' });
  });
});
