import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Caller } from '@tenure/eventing';
import { accountActions, type AccountActions } from '../account/account.commands.ts';
import { accountIdOf } from '../account/account.aggregate.ts';
import { provisionOnDemand } from '../evaluation/provision-on-demand.ts';
import { fakeKinds } from '../testing/fake-kind.ts';
import { appConfig, openWorld, T, type World } from '../testing/world.ts';
import { accountQueries, type AccountQueries } from '../account/account.queries.ts';

let world: World;
let queries: AccountQueries;
let actions: AccountActions;
const caller: Caller = { tenantId: T, actor: { kind: 'admin', id: 'root' }, correlationId: 'request-1' };
const page = { limit: 100 };
const of = (userId: string) => accountIdOf('git', userId);

beforeEach(async () => {
  world = await openWorld();
  await world.start();
  await world.tenant();
  queries = accountQueries(world.database, { store: world.store, sealer: world.sealing.sealer });
  actions = accountActions({
    sql: world.database,
    write: world.provisioning().write,
    queries,
    connectorFor: async () => world.app.connector,
    hurry: world.provisioning().deliveries.hurry,
    wake: world.provisioning().wake,
  });
});
afterEach(() => world.close());

describe('R57: an admin who looks at accounts', () => {
  it('finds them by user, status and period, page by page', async () => {
    await world.configure(appConfig());
    for (const name of ['ada', 'bob', 'cy']) await world.join(name);
    await world.settle();
    await world.deactivate('bob');
    await world.advance('2026-01-06T09:00:00.000Z');
    const usersOf = async (query: Partial<Parameters<AccountQueries['list']>[1]>) =>
      (await queries.list(T, { ...page, ...query })).items.map(({ userId }) => userId).toSorted();
    expect(await usersOf({})).toEqual(['ada', 'bob', 'cy']);
    expect(await usersOf({ status: 'suspended' })).toEqual(['bob']);
    expect(await usersOf({ user: 'cy', appId: 'git' })).toEqual(['cy']);
    expect(await usersOf({ from: '2026-01-06T00:00:00.000Z' })).toEqual(['bob']);
    expect(await usersOf({ appId: 'other' })).toEqual([]);
    const first = await queries.list(T, { limit: 2 });
    const second = await queries.list(T, { limit: 2, cursor: first.nextCursor! });
    expect([...first.items, ...second.items].map(({ id }) => id)).toHaveLength(3);
    expect(second.nextCursor).toBeUndefined();
    await expect(queries.get('another', 'git', of('ada'))).rejects.toMatchObject({ code: 'account/unknown' });
  });

  it('R80: sees an account as it was, and its history with who caused what', async () => {
    await world.configure(appConfig());
    await world.settle();
    await world.join('ada');
    await world.settle();
    await world.deactivate('ada');
    await world.advance('2026-01-06T09:00:00.000Z');
    expect(await queries.get(T, 'git', of('ada'))).toMatchObject({
      status: 'suspended',
      attributes: { userName: 'ada@plum.example' },
      since: world.clock.at,
      owned: true,
    });
    expect(await queries.get(T, 'git', of('ada'), '2026-01-05T23:00:00.000Z')).toMatchObject({
      status: 'provisioned',
      asOf: '2026-01-05T23:00:00.000Z',
    });
    await expect(queries.get(T, 'git', of('ada'), '2026-01-01T00:00:00.000Z')).rejects.toMatchObject({
      code: 'account/not-yet',
    });
    const { items } = await queries.history(T, 'git', of('ada'), page);
    expect(items.map(({ type }) => type)).toEqual([
      'AccountPlanned',
      'DeliveryStarted',
      'AccountCreated',
      'DeprovisioningTriggersChanged',
      'DeprovisioningScheduled',
      'DeprovisioningScheduled',
      'TimerFired',
      'DeliveryStarted',
      'AccountSuspended',
    ]);
    const joined = world.facts.find(({ type }) => type === 'UserCreated')!;
    const left = world.facts.find(({ type }) => type === 'UserDeactivated')!;
    expect(items[0]).toMatchObject({ causationId: joined.id, correlationId: joined.metadata.correlationId });
    expect(new Set(items.slice(3).map(({ correlationId }) => correlationId))).toEqual(
      new Set([left.metadata.correlationId]),
    );
    expect(items[6]).toMatchObject({ causationId: items[4]!.id });
  });

  it('R82: reads the calendar of timers in the order in which they are due', async () => {
    await world.configure(appConfig());
    for (const name of ['ada', 'bob']) await world.join(name);
    await world.settle();
    await world.deactivate('ada');
    await world.settle();
    const { items } = await queries.timers(T, { ...page, state: 'armed' });
    expect(items.map(({ userId, action, dueAt, effective }) => [userId, action, dueAt, effective])).toEqual([
      ['ada', 'suspend', '2026-01-06T09:00:00.000Z', true],
      ['ada', 'hardDelete', '2026-01-12T09:00:00.000Z', true],
    ]);
    expect((await queries.timers(T, { ...page, dueBefore: '2026-01-10T00:00:00.000Z' })).items).toHaveLength(1);
    await world.configure(appConfig({ state: 'off' }));
    await world.settle();
    expect((await queries.timers(T, { ...page, state: 'paused', user: 'ada', appId: 'git' })).items).toHaveLength(2);
  });
});

describe('an admin who acts', () => {
  it('R54: approves and rejects, alone and in bulk', async () => {
    await world.configure(appConfig({ approvals: ['create'] }));
    for (const name of ['ada', 'bob', 'cy']) await world.join(name);
    await world.settle();
    expect(world.app.calls).toEqual([]);
    expect(await queries.get(T, 'git', of('ada'))).toMatchObject({
      status: 'pending',
      pendingApproval: { action: 'create', requestedAt: world.clock.at },
    });
    await actions.reject(caller, 'git', of('cy'), { reason: 'No budget' });
    expect(await actions.approveAll(caller, 'git', { ids: [of('ada'), of('bob'), of('cy'), 'nobody'] })).toEqual({
      items: [
        { id: of('ada'), ok: true },
        { id: of('bob'), ok: true },
        { id: of('cy'), ok: false, code: 'account/no-approval' },
        { id: 'nobody', ok: false, code: 'account/unknown' },
      ],
    });
    await world.settle();
    expect(world.app.accounts.size).toBe(2);
    expect(await queries.get(T, 'git', of('cy'))).toMatchObject({
      status: 'failed',
      reason: { code: 'approval/rejected', message: 'No budget' },
    });
  });

  it('R61 R69: adopts the account that was found, but none that belongs to another user', async () => {
    const foreign = world.app.addAccount({ userName: 'ada@plum.example' });
    await world.configure(appConfig());
    await world.join('ada');
    await world.settle();
    expect(await queries.get(T, 'git', of('ada'))).toMatchObject({
      status: 'failed',
      reason: { code: 'account/foreign-match' },
      match: { remoteId: foreign },
      owned: false,
    });
    await actions.adopt(caller, 'git', of('ada'));
    await world.settle();
    expect(await queries.get(T, 'git', of('ada'))).toMatchObject({
      status: 'provisioned',
      remoteId: foreign,
      owned: true,
    });
    world.app.addAccount({ userName: 'bob@plum.example' });
    await world.join('bob');
    await world.settle();
    await expect(actions.adopt(caller, 'git', of('bob'), { remoteId: foreign })).rejects.toMatchObject({
      code: 'account/held',
    });
    await expect(actions.adopt(caller, 'git', of('bob'), { remoteId: 'nowhere' })).rejects.toMatchObject({
      code: 'account/no-match',
    });
  });

  it('R56: lets go of an account, which is then left alone, and links it again', async () => {
    await world.configure(appConfig());
    await world.join('ada');
    await world.settle();
    await actions.disassociate(caller, 'git', of('ada'));
    await world.change('ada', { displayName: 'Ada H' });
    await world.settle();
    expect(await queries.get(T, 'git', of('ada'))).toMatchObject({ status: 'unknown' });
    expect(world.app.byUserName('ada@plum.example')).toMatchObject({ displayName: 'ada' });
    await actions.rematch(caller, 'git', of('ada'));
    await world.settle();
    expect(world.app.byUserName('ada@plum.example')).toMatchObject({ displayName: 'Ada H' });
    expect(world.app.accounts.size).toBe(1);
  });

  it('R63: provisions one user on demand and is told each step', async () => {
    const credentials = { secretId: 's', kind: 'bearer' as const, hint: '…', setAt: world.clock.at };
    await world.configure(appConfig({ credentials }));
    await world.join('ada');
    const onDemand = provisionOnDemand({
      kinds: fakeKinds,
      database: world.database,
      clock: { now: async () => world.clock.at },
      connectorFor: async () => world.app.connector,
      watch: world.provisioning().watch,
      lanes: world.provisioning().health,
      wake: world.provisioning().wake,
      waitMs: 2000,
    });
    const { steps } = await onDemand(caller, 'git', 'ada');
    expect(steps.map(({ name, outcome, detail }) => [name, outcome, detail])).toEqual([
      ['person', 'done', 'active'],
      ['scope', 'done', 'scope/everyone'],
      ['rules', 'done', 'none applied'],
      ['mapping', 'done', expect.stringContaining('userName')],
      ['lookup', 'done', 'The app has no account that matches.'],
      ['action', 'done', expect.stringContaining('create: the app accepted it')],
      ['result', 'done', 'provisioned'],
    ]);

    // An app that doesn't answer is waited for within a bound, and that it isn't over is said.
    await world.change('ada', { displayName: 'Ada' });
    world.app.fault = (call) =>
      call === 'update' || call === 'get'
        ? { kind: 'unavailable', reason: 'Down for maintenance.', status: 503 }
        : undefined;
    const { steps: later } = await onDemand(caller, 'git', 'ada');
    expect(later.filter(({ name }) => ['lookup', 'action', 'result'].includes(name))).toMatchObject([
      { outcome: 'failed', detail: '503: Down for maintenance.' },
      { outcome: 'waiting', detail: expect.stringContaining('503: Down for maintenance.') },
      { outcome: 'waiting', detail: 'not over yet: delivery/failing' },
    ]);
  });
});
