import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { later } from './testing/system.ts';
import { ENTERPRISE, SCIM_GROUP, testWorld, type World } from './testing/world.ts';

/** R92: people whom the identity provider deletes and creates again, while their account is still in the app. */
let world: World;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

const never = { suspend: null, hardDelete: null };
const grace = { turnedOff: never, suspended: never, deleted: { suspend: 'P1D', hardDelete: 'P30D' } };
const everyone = { assignment: 'everyone', groups: [], orgUnits: [] };
const bakers = {
  name: 'Bakers',
  enabled: true,
  match: 'all',
  conditions: [{ source: 'title', operator: 'equals', value: 'Baker' }],
  actions: [{ type: 'setEntitlement', kind: 'group', value: 'Bakers' }],
};
const numbered = (employeeNumber: string) => ({ [ENTERPRISE]: { employeeNumber } });
const withMode = (mode: string, keys = ['userName', 'externalId', 'employeeNumber']) => ({
  unseenMemberships: 'leave',
  rehire: { keys, mode },
});
const named = (name: string) => `${name}@plum.example`;

/** An office whose app has an account of everybody. */
const officeOf = async (options: Parameters<World['office']>[0] = {}) => {
  const office = await world.office({ deprovisioning: grace, scope: everyone, ...options });
  await office.app.turnOn();
  const { app, idp, mapping } = office;
  return {
    ...office,
    hire: async (name: string, more: object = {}) => {
      const id = await idp.hire(name, more);
      await world.settled();
      return id;
    },
    dismiss: async (id: string) => {
      await idp.scim.ok('DELETE', `/Users/${id}`);
      await world.settled();
    },
    own: (body: object) => mapping.ok('PUT', `${app.path}/ownership`, body),
    historyOf: async ({ id }: { id: string }): Promise<any[]> =>
      (await mapping.ok('GET', `${app.path}/accounts/${id}/history`)).items,
  };
};
const passDays = async (days: number) => {
  await world.moveTo(later(await world.now(), { days }));
  await world.settled();
};

describe('R92: a person who was deleted and created again', () => {
  it('gets the account back as it was, and each history names the other', async () => {
    const office = await officeOf({ rules: [bakers] });
    const { app, audit, hire, dismiss, historyOf } = office;
    const hand = await world.sandbox.byHand.ok('POST', '/Groups', {
      schemas: [SCIM_GROUP],
      displayName: 'Bakers',
      members: [],
    });
    const ada = await hire('ada-r92', { title: 'Baker' });
    const { id: oldId, remoteId } = await app.accountOf(ada);
    await dismiss(ada);
    await passDays(2);
    expect(await world.sandbox.account(named('ada-r92'))).toMatchObject({ active: false });

    const again = await hire('ada-r92', { title: 'Baker', displayName: 'Ada is back' });
    expect(again).not.toBe(ada);
    const account = await app.accountOf(again);
    expect(account).toMatchObject({
      status: 'provisioned',
      remoteId,
      owned: true,
      entitlements: [{ value: 'Bakers', owned: true, id: hand.id }],
      timers: [],
      predecessor: { accountId: oldId, userId: ada, state: 'takenOver' },
    });
    const old = await app.accountOf(ada);
    expect(old).toMatchObject({ status: 'deleted', successor: { accountId: account.id, userId: again } });
    expect(old.remoteId).toBeUndefined();
    expect(old.timers.map(({ action, state, endReason }: any) => [action, state, endReason])).toEqual([
      ['suspend', 'fired', undefined],
      ['hardDelete', 'cancelled', 'handedOver'],
    ]);
    expect(await world.sandbox.account(named('ada-r92'))).toMatchObject({
      id: remoteId,
      active: true,
      displayName: 'Ada is back',
      externalId: account.id,
    });
    const said = (items: any[], type: string) => items.find((item) => item.type === type)?.data;
    expect(said(await historyOf(old), 'AccountHandedOver')).toMatchObject({ toAccountId: account.id, toUserId: again });
    expect(said(await historyOf(account), 'AccountTakenOver')).toMatchObject({ fromAccountId: oldId, fromUserId: ada });
    const entries = async (user: string, type: string) =>
      (await audit.ok('GET', `/entries?user=${user}&type=${type}`)).items;
    expect(await entries(ada, 'AccountHandedOver')).toHaveLength(1);
    expect(await entries(again, 'AccountTakenOver')).toHaveLength(1);

    await passDays(60);
    expect(await world.sandbox.account(named('ada-r92'))).toMatchObject({ id: remoteId, active: true });
    await dismiss(again);
    await passDays(60);
    expect(await world.sandbox.account(named('ada-r92'))).toBeUndefined();
    const third = await hire('ada-r92');
    expect(await app.accountOf(third)).toMatchObject({ status: 'provisioned' });
    expect((await app.accountOf(third)).predecessor).toBeUndefined();
  });

  it('is known by an employee number under another name, where the app is set so, and not by what it leaves out', async () => {
    const { app, hire, dismiss, own } = await officeOf();
    await own(withMode('automatic', ['employeeNumber']));
    const ada = await hire('ada-number-r92', numbered('417'));
    const bob = await hire('bob-number-r92', { externalId: 'bob-7' });
    const { remoteId } = await app.accountOf(ada);
    await dismiss(ada);
    await dismiss(bob);
    const again = await hire('ada-married-r92', numbered('417'));
    const other = await hire('bob-again-r92', { externalId: 'bob-7' });
    expect(await app.accountOf(again)).toMatchObject({ status: 'provisioned', remoteId });
    expect(await world.sandbox.account(named('ada-married-r92'))).toMatchObject({ id: remoteId });
    expect((await app.accountOf(other)).predecessor).toBeUndefined();
  });

  it('gets it while the app is off, and is brought up to date there once it is on', async () => {
    const { app, idp, hire, dismiss } = await officeOf();
    const ada = await hire('ada-off-r92');
    await dismiss(ada);
    await passDays(2);
    await app.turnOff();
    const again = await hire('ada-off-r92', { displayName: 'Ada is back' });
    expect(await app.accountOf(again)).toMatchObject({ predecessor: { userId: ada, state: 'takenOver' } });
    await passDays(60);
    expect(await world.sandbox.account(named('ada-off-r92'))).toMatchObject({ active: false });
    await app.turnOn();
    await world.settled();
    expect(await world.sandbox.account(named('ada-off-r92'))).toMatchObject({
      active: true,
      displayName: 'Ada is back',
    });
    await idp.setActive(again, false);
    await idp.setActive(again, true);
    await world.settled();
    expect(await app.accountOf(again)).toMatchObject({ status: 'provisioned', timers: [] });
  });

  it('gets it while a reconciliation sees the old mark, which is no broken link', async () => {
    const { app, mapping, hire, dismiss } = await officeOf();
    const ada = await hire('ada-mark-r92');
    await mapping.ok('PUT', `${app.path}/approvals`, { actions: ['update'] });
    await dismiss(ada);
    const again = await hire('ada-mark-r92');
    const account = await app.accountOf(again);
    expect(account).toMatchObject({ status: 'pending', approvals: [{ action: 'update' }] });
    const job = await mapping.ok('POST', `${app.path}/reconcile`, {});
    const counts = async () => (await mapping.ok('GET', `/jobs/${job.id}`)).result?.counts;
    await world.settled();
    while ((await counts()) === undefined) await new Promise((done) => setTimeout(done, 50));
    expect(await counts()).toMatchObject({ brokenLink: 0 });
    expect((await app.act(account, 'approve')).status).toBe(200);
    await world.settled();
    expect(await app.accountOf(again)).toMatchObject({ status: 'provisioned' });
    expect(await world.sandbox.account(named('ada-mark-r92'))).toMatchObject({ externalId: account.id });
  });
});

describe('R92: where an admin is asked', () => {
  it('the new account waits for them: adopting gives it, after a look at what that changes', async () => {
    const { app, audit, mapping, hire, dismiss, own } = await officeOf();
    await own(withMode('ask'));
    const ada = await hire('ada-ask-r92');
    const old = await app.accountOf(ada);
    await dismiss(ada);
    const again = await hire('ada-ask-r92', { displayName: 'Ada is back' });
    const account = await app.accountOf(again);
    expect(account).toMatchObject({
      status: 'failed',
      reason: { code: 'account/predecessor-found' },
      predecessor: { accountId: old.id, userId: ada, state: 'offered' },
    });
    expect(await app.act(account, 'retry')).toMatchObject({
      status: 409,
      body: { code: 'account/predecessor-found' },
    });
    const preview = await mapping.ok('POST', `${app.path}/accounts/${account.id}/adopt?preview=true`, {});
    expect(preview).toMatchObject({
      remoteId: old.remoteId,
      changes: expect.arrayContaining([expect.objectContaining({ target: 'displayName', to: 'Ada is back' })]),
    });
    expect(await app.accountOf(ada)).toMatchObject({ remoteId: old.remoteId });
    expect((await app.act(account, 'adopt', { reason: 'She is back' })).status).toBe(200);
    await world.settled();
    expect(await app.accountOf(again)).toMatchObject({
      status: 'provisioned',
      remoteId: old.remoteId,
      predecessor: { state: 'takenOver' },
    });
    expect((await audit.ok('GET', `/entries?user=${again}&type=PredecessorAccepted`)).items).toHaveLength(1);
    expect(await app.act(old, 'adopt', { remoteId: old.remoteId })).toMatchObject({ status: 409 });
  });

  it('a rematch, of the queue too (R95), does without: the old account is a stranger’s then, and keeps its timers', async () => {
    const { app, mapping, hire, dismiss, own } = await officeOf();
    await own(withMode('ask'));
    const ada = await hire('ada-no-r92');
    await dismiss(ada);
    const again = await hire('ada-no-r92');
    const queue = await mapping.ok('GET', `/queue?app=${app.id}&kind=foreign`);
    const items = queue.items.filter(({ user }: any) => user.id === again);
    expect(items).toMatchObject([
      { user: { id: again }, reason: { code: 'account/predecessor-found' }, actions: ['adopt', 'rematch'] },
    ]);
    const acted = await mapping.ok('POST', '/queue/act', {
      items: items.map(({ id, version }: any) => ({ id, version })),
      action: 'rematch',
    });
    expect(acted.items).toMatchObject([{ ok: true }]);
    await world.settled();
    expect(await app.accountOf(again)).toMatchObject({ reason: { code: 'account/foreign-match' } });
    expect((await app.accountOf(ada)).timers.map(({ state }: any) => state)).toEqual(['armed', 'armed']);
  });

  it('so it is of people whose employee numbers differ: a name may be given to somebody else', async () => {
    const { app, hire, dismiss, own } = await officeOf();
    await own(withMode('automatic'));
    const ada = await hire('ada-other-r92', numbered('1'));
    await dismiss(ada);
    const other = await hire('ada-other-r92', numbered('2'));
    expect(await app.accountOf(other)).toMatchObject({
      reason: { code: 'account/predecessor-found' },
      predecessor: { userId: ada, state: 'offered' },
    });
  });

  it('who waits gets the account once the app is set to give it, and is a stranger where that is off', async () => {
    const { app, hire, dismiss, own } = await officeOf();
    await own(withMode('ask'));
    const ada = await hire('ada-mode-r92');
    await dismiss(ada);
    const again = await hire('ada-mode-r92');
    await own(withMode('off'));
    await world.settled();
    expect(await app.accountOf(again)).toMatchObject({ reason: { code: 'account/foreign-match' } });
    await own(withMode('automatic'));
    await world.settled();
    expect(await app.accountOf(again)).toMatchObject({ status: 'provisioned', predecessor: { userId: ada } });
  });
});
