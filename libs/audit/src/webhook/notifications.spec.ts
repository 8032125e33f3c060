import { describe, expect, it } from '@jest/globals';
import type { Fact } from '@tenure/messaging';
import { isWanted, messageId, notificationsOf } from './notifications.ts';

const fact = (type: string, data: object, stream = 'account-plum_acc'): Fact =>
  ({
    id: 'e1',
    type,
    schemaVersion: 1,
    stream,
    revision: 3,
    position: '1',
    recordedAt: '2026-01-05T09:00:01.000Z',
    data,
    metadata: {
      tenantId: 'plum',
      actor: { kind: 'system', id: 'provisioning' },
      commandId: 'c',
      correlationId: 'r',
      causationId: 'r',
      occurredAt: '2026-01-05T09:00:00.000Z',
    },
  }) as Fact;

describe('what a webhook is told (R94)', () => {
  it('is told of a final failure, and not of one that is tried again', () => {
    const failed = { appId: 'git', userId: 'ada', deliveryId: 'd', action: 'create', code: 'delivery/refused' };
    expect(notificationsOf(fact('DeliveryFailed', { ...failed, final: false }))).toEqual([]);
    expect(notificationsOf(fact('DeliveryFailed', { ...failed, final: true }))).toMatchObject([
      {
        type: 'account.failed',
        timestamp: '2026-01-05T09:00:00.000Z',
        data: { tenantId: 'plum', appId: 'git', accountId: 'acc', userId: 'ada', code: 'delivery/refused' },
      },
    ]);
  });

  it('R89: is told of a pushed group that an admin has to look at', () => {
    const failed = { appId: 'git', groupId: 'bakers', code: 'push/foreign-group' };
    expect(notificationsOf(fact('PushFailed', { ...failed, final: false }, 'push-plum_p'))).toEqual([]);
    expect(notificationsOf(fact('PushFailed', { ...failed, final: true }, 'push-plum_p'))).toMatchObject([
      { type: 'push.failed', data: { appId: 'git', pushId: 'p', groupId: 'bakers', code: 'push/foreign-group' } },
    ]);
  });

  it('names the user or group by the stream', () => {
    expect(notificationsOf(fact('UserCreated', { changed: ['userName'] }, 'user-plum_ada'))).toMatchObject([
      { type: 'user.created', data: { userId: 'ada', changed: ['userName'] } },
    ]);
    expect(notificationsOf(fact('GroupDeleted', {}, 'group-plum_bakers'))).toMatchObject([
      { type: 'group.deleted', data: { groupId: 'bakers' } },
    ]);
  });

  it('is told of a tripped threshold once an hour for each app, however many timers are parked', () => {
    const [one] = notificationsOf(fact('TimerParked', { appId: 'git', userId: 'ada', timerId: 'a.1' }));
    const [other] = notificationsOf({
      ...fact('TimerParked', { appId: 'git', userId: 'ben', timerId: 'b.1' }),
      id: 'e2',
    });
    expect(messageId('hook', one!)).toBe(messageId('hook', other!));
    expect(messageId('another', one!)).not.toBe(messageId('hook', one!));
  });

  it('is told of drift only where some was found', () => {
    const run = (missing: number) => fact('AppReconciled', { counts: { missing, changed: 0 } }, 'app-plum_git');
    expect(notificationsOf(run(0))).toEqual([]);
    expect(notificationsOf(run(2))).toMatchObject([
      { type: 'drift.found', data: { appId: 'git', counts: { missing: 2 } } },
    ]);
  });

  it('wants what it names, or everything', () => {
    expect([isWanted(['*'], 'user.created'), isWanted(['user.created'], 'user.created')]).toEqual([true, true]);
    expect(isWanted(['user.deleted'], 'user.created')).toBe(false);
  });
});
