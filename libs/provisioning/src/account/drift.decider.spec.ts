import { describe, expect, it } from '@jest/globals';
import {
  AccountCreated,
  AccountDrifted,
  AccountPlanned,
  AccountUpdated,
  ApprovalRequested,
  DeliveryStarted,
  DriftSettled,
  RecreationRequested,
  type AccountEvent,
} from '@tenure/contracts';
import { given } from '@tenure/eventing/testing';
import type { AccountCommand } from './account-command.ts';
import { accountDecider } from './account.decider.ts';
import { nextDelivery } from './account.state.ts';

const account = given(accountDecider);
const folded = (...history: AccountEvent[]) => {
  const state = history.reduce(accountDecider.evolve, accountDecider.initial);
  if (state.kind === 'none') throw new Error('There is no account.');
  return { next: nextDelivery(state), state };
};

const ids = { appId: 'git', userId: 'ada' };
const attributes = { userName: 'ada', title: 'Engineer' };
const group = { kind: 'group', value: 'Engineers' } as const;
const planned = AccountPlanned(
  { ...ids, changed: [], ruleIds: [], rulesVersion: 0, basis: null, scope: null, targets: null },
  { attributes, onCreate: {}, additive: [], entitlements: [group], matching: [] },
);
const started = (action: 'create' | 'update', deliveryId: string) => DeliveryStarted({ ...ids, deliveryId, action });
const provisioned = [
  planned,
  started('create', 'd1'),
  AccountCreated({ ...ids, deliveryId: 'd1', joined: false }, { remoteId: '42', attributes }),
  started('update', 'd2'),
  AccountUpdated(
    { ...ids, deliveryId: 'd2', changed: [] },
    { attributes, entitlements: [{ ...group, owned: true, id: 'g', evidence: 'absentBefore' }] },
  ),
];

const changes = [{ target: 'title', from: 'Engineer', to: 'Boss' }];
const changed = { kinds: ['changed' as const], changes, taken: [], added: [] };
const nothing = { kinds: [], changes: [], taken: [], added: [] };
const none = { kinds: [], targets: [] };
const note = (parts: Partial<Extract<AccountCommand, { type: 'NoteDrift' }>> = {}): AccountCommand => ({
  type: 'NoteDrift',
  runId: 'run',
  remoteId: '42',
  found: changed,
  repair: none,
  approvals: [],
  ...parts,
});
const drifted = AccountDrifted(
  { ...ids, runId: 'run', kinds: ['changed'], targets: ['title'] },
  { changes, taken: [], added: [] },
);
const settled = (how: 'agreed' | 'ignored' | 'repaired') =>
  DriftSettled({ ...ids, runId: 'run', kinds: ['changed'], targets: ['title'], how });

describe('R88: an account that differs in the app', () => {
  it('is noted once, however often it is found the same', () => {
    account(...provisioned)
      .when(note())
      .then(drifted);
    account(...provisioned, drifted)
      .when(note({ runId: 'another' }))
      .thenNothing();
  });

  it('changes nothing of what is to be delivered as long as it is only reported', () => {
    expect(folded(...provisioned, drifted).next).toBeUndefined();
  });

  it('is settled when it is found to agree again', () => {
    account(...provisioned, drifted)
      .when(note({ found: nothing }))
      .then(settled('agreed'));
    account(...provisioned)
      .when(note({ found: nothing }))
      .thenNothing();
  });

  it('is sent again once it is repaired, by the policy or by an admin', () => {
    const repair = { kinds: ['changed' as const], targets: ['title'] };
    account(...provisioned)
      .when(note({ repair }))
      .then(drifted, settled('repaired'));
    account(...provisioned, drifted)
      .when({ type: 'SettleDrift', how: 'repaired', approvals: [] })
      .then(settled('repaired'));
    const { next, state } = folded(...provisioned, drifted, settled('repaired'));
    expect({ next, title: state.attributes['title'], drift: state.drift }).toEqual({
      next: 'update',
      title: 'Boss',
      drift: null,
    });
  });

  it('waits for approval where the app is set so', () => {
    account(...provisioned, drifted)
      .when({ type: 'SettleDrift', how: 'repaired', approvals: ['update'] })
      .then(
        settled('repaired'),
        ApprovalRequested({ ...ids, approvalId: 'update.1', action: 'update', deprovisioning: null }),
      );
  });

  it('is left as it is once an admin ignores it, until something else is found', () => {
    const history = [...provisioned, drifted, settled('ignored')];
    account(...history)
      .when(note({ repair: { kinds: ['changed'], targets: ['title'] } }))
      .thenNothing();
    const other = { ...changed, changes: [{ ...changes[0]!, to: 'Head' }] };
    account(...history)
      .when(note({ found: other }))
      .then(AccountDrifted({ ...drifted.data }, { changes: other.changes, taken: [], added: [] }));
  });

  it('is not noted where it was sent something else meanwhile, is linked anew or has work', () => {
    account(...provisioned)
      .when(note({ remoteId: '43' }))
      .thenNothing();
    account(...provisioned)
      .when(note({ found: { ...changed, changes: [{ ...changes[0]!, from: 'Old' }] } }))
      .thenNothing();
    account(planned).when(note()).thenNothing();
  });

  it('is suspended, missing or without what it was given, and each is an ordinary delivery when it is repaired', () => {
    const after = (kind: 'missing' | 'suspendedThere' | 'entitlementTaken', taken: (typeof group)[] = []) =>
      folded(
        ...provisioned,
        AccountDrifted({ ...ids, runId: 'run', kinds: [kind], targets: [] }, { changes: [], taken, added: [] }),
        DriftSettled({ ...ids, runId: 'run', kinds: [kind], targets: [], how: 'repaired' }),
      ).next;
    expect(after('suspendedThere')).toBe('unsuspend');
    expect(after('missing')).toBe('create');
    expect(after('entitlementTaken', [group])).toBe('update');
  });

  it('R67: that is missing is made again when an admin asks for it', () => {
    const missing = AccountDrifted(
      { ...ids, runId: 'run', kinds: ['missing'], targets: [] },
      { changes: [], taken: [], added: [] },
    );
    account(...provisioned, missing)
      .when({ type: 'Recreate', reason: null })
      .then(RecreationRequested(ids, { reason: null }));
    account(...provisioned)
      .when({ type: 'Recreate', reason: null })
      .thenRejected('account/there');
  });

  it('R61: keeps what was given in the app itself', () => {
    account(
      ...provisioned,
      AccountDrifted(
        { ...ids, runId: 'run', kinds: ['entitlementAdded'], targets: [] },
        { changes: [], taken: [], added: [{ kind: 'role', value: 'admin' }] },
      ),
    )
      .when({ type: 'SettleDrift', how: 'repaired', approvals: [] })
      .thenRejected('drift/not-repairable');
    account(...provisioned)
      .when({ type: 'SettleDrift', how: 'repaired', approvals: [] })
      .thenRejected('drift/not-found');
  });
});
