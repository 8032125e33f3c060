import { describe, expect, it } from '@jest/globals';
import { firstState, type PresentAccount } from '../account/account.state.ts';
import type { AccountRecord } from '../account/account.record.ts';
import { waitingOf } from './waiting.ts';

const at = '2026-01-05T09:00:00.000Z';
const record = (account: Partial<PresentAccount>, more: Partial<AccountRecord> = {}): AccountRecord => ({
  state: { ...firstState('git', 'ada'), ...account },
  createdAt: at,
  updatedAt: at,
  since: at,
  failedAt: null,
  driftedAt: null,
  approvalRequestedAt: {},
  endedAt: {},
  parkedAt: {},
  armedBy: {},
  revision: 1,
  lastEventId: 'e',
  correlationId: 'c',
  traceparent: null,
  ...more,
});
const failure = (code: string) => ({ action: 'create' as const, code, message: 'No.' });
const kindsOf = (account: Partial<PresentAccount>) => waitingOf(record(account)).map(({ kind }) => kind);

describe('R95: what of an account waits for a human', () => {
  it('is nothing, as long as Tenure goes on by itself', () => {
    expect(waitingOf(undefined)).toEqual([]);
    expect(kindsOf({})).toEqual([]);
    const trying = { id: 'd', action: 'create' as const, failure: { code: 'app/unavailable', message: 'Later.' } };
    expect(kindsOf({ delivery: trying })).toEqual([]);
  });

  it('is each of its approvals, by itself and since it was asked for', () => {
    const approvals = [
      { id: 'update.1', action: 'update' as const, deprovisioning: null },
      { id: 'delete.2', action: 'delete' as const, deprovisioning: 'suspend' as const },
    ];
    const later = '2026-01-06T09:00:00.000Z';
    expect(waitingOf(record({ approvals }, { approvalRequestedAt: { 'delete.2': later } }))).toEqual([
      { kind: 'approval', ref: 'update.1', since: at, action: 'update', remoteId: null },
      { kind: 'approval', ref: 'delete.2', since: later, action: 'suspend', remoteId: null },
    ]);
  });

  it('is a failure of one kind, and not what an admin has decided', () => {
    expect(kindsOf({ failure: failure('account/foreign-match') })).toEqual(['foreign']);
    expect(kindsOf({ failure: failure('account/predecessor-found') })).toEqual(['foreign']);
    expect(kindsOf({ failure: failure('account/ambiguous-match') })).toEqual(['ambiguous']);
    expect(kindsOf({ failure: failure('account/gone') })).toEqual(['failed']);
    expect(kindsOf({ failure: failure('approval/rejected') })).toEqual([]);
    expect(kindsOf({ planFailure: { code: 'mapping/missing', message: 'No name.' } })).toEqual(['failed']);
    expect(kindsOf({ aim: 'none', planFailure: { code: 'mapping/missing', message: 'No name.' } })).toEqual([]);
  });

  it('is a drift until it is ignored, and a timer while it is parked', () => {
    const drift = { runId: 'r', kinds: ['changed' as const], changes: [], taken: [], added: [], ignored: false };
    expect(kindsOf({ drift })).toEqual(['drift']);
    expect(kindsOf({ drift: { ...drift, ignored: true } })).toEqual([]);
    const timer = {
      id: 't',
      trigger: 'suspended' as const,
      action: 'suspend' as const,
      triggeredAt: at,
      delay: 'P1D',
      dueAt: at,
      episode: 1,
    };
    expect(kindsOf({ timers: [{ ...timer, state: 'parked' }] })).toEqual(['parked']);
    expect(kindsOf({ timers: [{ ...timer, state: 'armed' }] })).toEqual([]);
  });
});
