import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { accountIdOf } from '../account/account.aggregate.ts';
import type { AppConfig, Ownership } from '../app/app-config.ts';
import { presets } from '../presets/index.ts';
import { appConfig, openWorld, T, type World } from '../testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.start();
  await world.tenant();
});
afterEach(() => world.close());

const tuesday = '2026-01-06T09:00:00.000Z';
const wednesday = '2026-01-07T09:00:00.000Z';
const nextYear = '2027-01-05T09:00:00.000Z';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const numbered = (employeeNumber: string) => ({ [ENTERPRISE]: { employeeNumber } });
const hers = { userName: 'ada@plum.example' };

const grace: AppConfig['deprovisioning'] = {
  ...appConfig().deprovisioning,
  deleted: { suspend: 'P1D', hardDelete: 'P30D' },
};
const inSales: AppConfig['ruleSets'] = [
  {
    version: 0,
    rules: [
      {
        id: 'sales',
        name: 'Sales',
        enabled: true,
        match: 'all',
        conditions: [],
        actions: [{ type: 'addEntitlement', kind: 'group', value: 'Sales' }],
      },
    ],
  },
];
const rehiring = (rehire: Partial<Ownership['rehire']> = {}): Ownership => ({
  unseenMemberships: 'leave',
  rehire: { keys: ['userName', 'externalId', 'employeeNumber'], mode: 'automatic', ...rehire },
});
const configure = (parts: Partial<AppConfig> = {}) =>
  world.configure(appConfig({ deprovisioning: grace, ownership: rehiring(), ...parts }));

const accountOf = async (userId: string) =>
  (await world.accounts()).find(({ user_id }: { user_id: string }) => user_id === userId);
const stateOf = async (userId: string) => (await accountOf(userId))?.record.state;
const until = async (condition: () => boolean | Promise<boolean>) => {
  for (let tries = 0; !(await condition()); tries++) {
    if (tries > 3000) throw new Error('It never came true.');
    await sleep(10);
  }
};
const hireAndLose = async (more: object = {}) => {
  await world.join('ada', { ...hers, ...more });
  await world.settle();
  await world.leave('ada');
  await world.settle();
};
const remoteIdOf = async (userId: string) => (await accountOf(userId)).remote_id;
const write = (userId: string, command: any) =>
  world
    .provisioning()
    .write({ tenantId: T, id: accountIdOf('git', userId) }, command, { causationId: 'c', correlationId: 'c' });
const typesOf = async (userId: string) =>
  (await world.store.read(`account-${T}_${accountIdOf('git', userId)}` as never, { limit: 1000 })).map(
    ({ type }) => type,
  );

describe('R92: a person who was deleted and comes back as another user', () => {
  it('gets their account back, with what it holds; its timers are over', async () => {
    world.app.addGroup('Sales');
    const others = world.app.addGroup('Given by hand');
    await configure({ ruleSets: inSales });
    await world.join('ada', hers);
    await world.settle();
    const [remoteId] = [...world.app.accounts.keys()];
    world.app.groups.get(others)!.members.add(remoteId!);
    await world.leave('ada');
    await world.advance(tuesday);
    expect(world.app.accounts.get(remoteId!)).toMatchObject({ active: false });

    await world.join('ada2', { ...hers, displayName: 'Ada is back' });
    await world.settle();
    expect([...world.app.accounts]).toEqual([
      [
        remoteId,
        expect.objectContaining({ active: true, displayName: 'Ada is back', externalId: accountIdOf('git', 'ada2') }),
      ],
    ]);
    expect(await accountOf('ada2')).toMatchObject({
      status: 'provisioned',
      remote_id: remoteId,
      record: {
        state: {
          owned: true,
          rehire: { predecessor: { accountId: accountIdOf('git', 'ada'), userId: 'ada' } },
          entitlements: [{ value: 'Sales', owned: true, evidence: 'absentBefore' }],
        },
      },
    });
    expect(await accountOf('ada')).toMatchObject({
      status: 'deleted',
      remote_id: null,
      record: { state: { rehire: { successor: { accountId: accountIdOf('git', 'ada2'), userId: 'ada2' } } } },
    });
    expect((await world.timers()).map(({ state, end_reason }: any) => [state, end_reason])).toEqual([
      ['fired', null],
      ['cancelled', 'handedOver'],
    ]);
    expect([...world.app.groups.values()].map(({ members }) => [...members])).toEqual([[remoteId], [remoteId]]);

    await world.advance(nextYear);
    expect(world.app.accounts.size).toBe(1);
    await world.leave('ada2');
    await world.join('ada3', hers);
    await world.settle();
    expect(await accountOf('ada3')).toMatchObject({ status: 'provisioned', remote_id: remoteId });
    expect((await stateOf('ada3')).rehire.lineage).toEqual([accountIdOf('git', 'ada2'), accountIdOf('git', 'ada')]);
    expect(world.failures).toEqual([]);
  });

  it('is known by the configured keys alone, an externalId only of the same connection', async () => {
    await configure({ ownership: rehiring({ keys: ['externalId'] }) });
    await hireAndLose({ externalId: 'x-1' });
    await world.join('bob', { externalId: 'x-2', displayName: 'Bob' });
    await world.join('carl', { externalId: 'x-1' });
    await world.settle();
    expect((await stateOf('bob')).rehire.predecessor).toBeNull();
    expect((await stateOf('carl')).rehire.predecessor).toMatchObject({ userId: 'ada' });
    const kept = await world.database.query<{ hmac: string }>('select * from provisioning.person_keys');
    expect(JSON.stringify(kept)).not.toMatch(/plum|x-1/);
  });

  it('with nothing there to take gets an account as everybody does', async () => {
    await world.configure(appConfig({ ownership: rehiring() }));
    await hireAndLose();
    expect(world.app.accounts.size).toBe(0);
    await world.join('ada2', hers);
    await world.settle();
    expect(await accountOf('ada2')).toMatchObject({ status: 'provisioned' });
    expect(await typesOf('ada2')).not.toContain('PredecessorFound');
  });

  it('where that is turned off finds the account of a stranger, which the same setting turned on gives to them', async () => {
    await configure({ ownership: rehiring({ mode: 'off' }) });
    await hireAndLose();
    await world.join('ada2', hers);
    await world.settle();
    expect((await stateOf('ada2')).failure.code).toBe('account/foreign-match');
    await configure();
    await world.settle();
    expect(await accountOf('ada2')).toMatchObject({ status: 'provisioned' });
    expect(world.app.accounts.size).toBe(1);
  });

  it('and of whom the directory told before it told of the deletion gets it all the same', async () => {
    await configure();
    await world.join('ada', hers);
    await world.settle();
    await world.join('ada2', hers);
    await world.settle();
    expect((await stateOf('ada2')).failure.code).toBe('account/foreign-match');
    await world.leave('ada');
    await world.settle();
    expect(await accountOf('ada2')).toMatchObject({ status: 'provisioned' });
  });

  it('who was only deactivated meanwhile keeps the account that is theirs', async () => {
    await configure();
    await world.join('ada', hers);
    await world.deactivate('ada', hers);
    await world.settle();
    await world.reactivate('ada');
    await world.settle();
    expect((await world.eventTypes()).filter((type) => /Predecessor|Handed|Taken/.test(type))).toEqual([]);
  });

  it('leaves what others gave to the account alone', async () => {
    const group = world.app.addGroup('Sales');
    await configure({ ruleSets: inSales });
    world.app.fault = (call) => {
      if (call === 'isMember') for (const id of world.app.accounts.keys()) world.app.groups.get(group)!.members.add(id);
      return undefined;
    };
    await hireAndLose();
    expect((await stateOf('ada')).entitlements).toMatchObject([{ value: 'Sales', owned: false }]);
    await world.join('ada2', hers);
    await world.settle();
    expect((await stateOf('ada2')).entitlements).toMatchObject([{ value: 'Sales', owned: false }]);
    await configure({ ruleSets: [{ version: 1, rules: [] }] });
    await world.settle();
    expect(world.app.groups.get(group)!.members.size).toBe(1);
  });

  it('keeps what it holds while the tenant’s gate for entitlements is closed', async () => {
    const group = world.app.addGroup('Sales');
    await configure({ ruleSets: inSales });
    await hireAndLose();
    await world.gate({ provisioning: true, entitlements: false });
    await world.join('ada2', hers);
    await world.settle();
    expect(world.app.groups.get(group)!.members.size).toBe(1);
    expect(await accountOf('ada2')).toMatchObject({ status: 'provisioned' });
  });

  it('gets the account while the app is off, and is updated there once it is on', async () => {
    await configure();
    await hireAndLose();
    await configure({ state: 'off' });
    await world.join('ada2', { ...hers, displayName: 'Ada is back' });
    await world.settle();
    expect(await stateOf('ada')).toMatchObject({ remote: 'handedOver' });
    expect(await stateOf('ada2')).toMatchObject({ remote: 'active' });
    const calls = world.app.calls.length;
    await world.advance(nextYear);
    expect(world.app.calls).toHaveLength(calls);
    await configure();
    await world.settle();
    expect(world.app.byUserName('ada@plum.example')).toMatchObject({ displayName: 'Ada is back' });
  });

  it('ends what waited for an admin, and asks for the change where the app asks for changes', async () => {
    await configure({ approvals: ['create', 'update', 'delete'] });
    await world.join('ada', hers);
    await world.settle();
    await write('ada', { type: 'Approve', reason: null });
    await world.settle();
    await world.leave('ada');
    await world.advance(wednesday);
    expect((await stateOf('ada')).approvals).toMatchObject([{ deprovisioning: 'suspend' }]);
    await world.join('ada2', { ...hers, displayName: 'Ada is back' });
    await world.settle();
    expect(await stateOf('ada')).toMatchObject({ approvals: [], remote: 'handedOver' });
    expect(await stateOf('ada2')).toMatchObject({ approvals: [{ action: 'update' }] });
    expect(world.app.byUserName('ada@plum.example')).toMatchObject({ displayName: 'ada' });
    await write('ada2', { type: 'Approve', reason: null });
    await world.settle();
    expect(world.app.byUserName('ada@plum.example')).toMatchObject({ displayName: 'Ada is back' });
  });

  it('is found by the predecessor’s mark as long as the app has no other', async () => {
    await configure();
    await hireAndLose();
    world.app.fault = (call) =>
      call === 'update' ? { kind: 'refused', code: 'app/refused', reason: 'no' } : undefined;
    await world.join('ada2', { ...hers, displayName: 'Ada is back' });
    await world.settle();
    expect(await accountOf('ada2')).toMatchObject({ status: 'failed' });
    await write('ada2', { type: 'Disassociate', reason: null });
    world.app.fault = () => undefined;
    await write('ada2', { type: 'Rematch', reason: null });
    await world.settle();
    expect(await accountOf('ada2')).toMatchObject({ status: 'provisioned' });
    expect(world.app.byUserName('ada@plum.example')).toMatchObject({ externalId: accountIdOf('git', 'ada2') });
  });
});

describe('R92: what can happen meanwhile', () => {
  it('a process that dies between hand-over and take-over leaves the rest to the next one', async () => {
    await configure();
    await hireAndLose();
    const append = world.store.append;
    world.store.append = async (batch) => {
      if (batch.events.some(({ type }) => type === 'AccountTakenOver')) throw new Error('The process was killed.');
      return append(batch);
    };
    await world.join('ada2', hers);
    await until(() => world.failures.length > 0);
    await world.provisioning().stop();
    expect(await stateOf('ada')).toMatchObject({ remote: 'handedOver' });
    expect(await stateOf('ada2')).toMatchObject({ remote: 'none' });
    world.store.append = append;
    await world.start();
    await world.settle();
    expect(await accountOf('ada2')).toMatchObject({ status: 'provisioned' });
    expect((await typesOf('ada')).filter((type) => type === 'AccountHandedOver')).toHaveLength(1);
    expect((await typesOf('ada2')).filter((type) => type === 'AccountTakenOver')).toHaveLength(1);
    expect(world.app.accounts.size).toBe(1);
  });

  it('an heir who leaves before the account is taken still gets it, and its timers', async () => {
    await configure();
    await hireAndLose();
    await configure({ ownership: rehiring({ mode: 'ask' }) });
    await world.join('ada2', hers);
    await world.settle();
    await write('ada', {
      type: 'HandOver',
      to: { accountId: accountIdOf('git', 'ada2'), userId: 'ada2' },
    });
    await world.leave('ada2');
    await world.settle();
    expect(await stateOf('ada2')).toMatchObject({ remote: 'active', timers: [{ trigger: 'deleted' }, {}] });
    await world.advance(nextYear);
    expect(world.app.accounts.size).toBe(0);
  });

  it('a delete that is under way is waited for: done, an account is made anew', async () => {
    await configure();
    await hireAndLose();
    world.app.fault = (call) => (call === 'delete' ? 'hang' : undefined);
    world.clock.at = nextYear;
    await until(() => world.app.calls.includes('delete'));
    await world.join('ada2', hers);
    await until(async () => (await accountOf('ada2'))?.awaits !== undefined);
    expect(await accountOf('ada2')).toMatchObject({ status: 'pending', awaits: accountIdOf('git', 'ada') });
    world.app.fault = () => undefined;
    world.app.release();
    await world.settle();
    expect(await accountOf('ada')).toMatchObject({ status: 'deleted' });
    expect(await accountOf('ada2')).toMatchObject({ status: 'provisioned' });
    expect(await typesOf('ada2')).toEqual(expect.arrayContaining(['PredecessorLost', 'AccountCreated']));
    expect(world.app.accounts.size).toBe(1);
  });

  it('a delete that the app refuses leaves the account to the heir', async () => {
    await configure();
    await hireAndLose();
    let isRefused = false;
    world.app.fault = (call) => {
      if (call !== 'delete') return undefined;
      return isRefused
        ? { kind: 'refused', code: 'app/refused', reason: 'no' }
        : { kind: 'unavailable', reason: 'busy' };
    };
    world.clock.at = nextYear;
    await until(() => world.app.calls.includes('delete'));
    await world.join('ada2', hers);
    await until(async () => (await accountOf('ada2'))?.awaits === accountIdOf('git', 'ada'));
    isRefused = true;
    await world.settle();
    expect(await accountOf('ada2')).toMatchObject({ status: 'provisioned' });
    expect(await typesOf('ada2')).not.toContain('AccountCreated');
    expect(world.app.byUserName('ada@plum.example')).toMatchObject({ active: true });
  });

  it('what a suspension or an update that is under way may have done is done again', async () => {
    await configure();
    await hireAndLose();
    world.app.fault = (call) => (call === 'setActive' ? 'lost' : undefined);
    world.clock.at = tuesday;
    await until(() => world.app.calls.some((call) => call.startsWith('setActive')));
    world.app.fault = (call, detail) => (call === 'setActive' && detail === 'false' ? 'lost' : undefined);
    await world.join('ada2', hers);
    await world.settle();
    expect(world.app.byUserName('ada@plum.example')).toMatchObject({ active: true });
    expect(await accountOf('ada2')).toMatchObject({ status: 'provisioned' });
  });

  it('a call that is under way ends before the heir’s first one', async () => {
    await world.close();
    const retry = { baseMs: 20, capMs: 100 };
    world = await openWorld({ deliveryTimings: { callTimeoutMs: 300, leaseMs: 600_000, retry, probe: retry } });
    await world.start();
    await world.tenant();
    await configure();
    await hireAndLose();
    world.app.fault = (call) => (call === 'setActive' ? 'hang' : undefined);
    world.clock.at = tuesday;
    await until(() => world.app.calls.includes('setActive false'));
    world.app.fault = () => undefined;
    await world.join('ada2', { ...hers, displayName: 'Ada is back' });
    await until(async () => (await stateOf('ada')).remote === 'handedOver');
    await until(async () =>
      (await world.database.query<{ attempts: number }>('select attempts from provisioning.to_evaluate')).some(
        ({ attempts }) => attempts > 1,
      ),
    );
    expect(await typesOf('ada2')).not.toContain('AccountTakenOver');
    expect(world.app.calls.at(-1)).toBe('setActive false');
    world.app.release();
    await world.settle();
    expect(world.app.byUserName('ada@plum.example')).toMatchObject({ active: true, displayName: 'Ada is back' });
    expect(await accountOf('ada2')).toMatchObject({ status: 'provisioned' });
  });

  it('of an erased predecessor nothing is taken: the account is a stranger’s', async () => {
    await configure();
    await hireAndLose();
    await world.erase('ada');
    await world.settle();
    expect(await world.database.query('select * from provisioning.person_keys')).toEqual([]);
    await world.join('ada2', hers);
    await world.settle();
    expect(await stateOf('ada2')).toMatchObject({ failure: { code: 'account/foreign-match' } });
    expect(await typesOf('ada')).not.toContain('AccountHandedOver');
  });

  it('of one who is erased between hand-over and take-over neither', async () => {
    await configure();
    await hireAndLose();
    const append = world.store.append;
    world.store.append = async (batch) => {
      if (batch.events.some(({ type }) => type === 'AccountTakenOver')) throw new Error('The process was killed.');
      return append(batch);
    };
    await world.join('ada2', hers);
    await until(() => world.failures.length > 0);
    await world.erase('ada');
    world.store.append = append;
    await world.settle();
    expect(await stateOf('ada2')).toMatchObject({ remote: 'none', failure: { code: 'account/foreign-match' } });
  });

  it('of two heirs one gets the account, and the other finds it in the way', async () => {
    const matching = [{ source: 'displayName', target: 'displayName' }];
    await configure({ attributes: { ...presets.scim.attributes, matching } });
    await hireAndLose({ ...numbered('7'), displayName: 'Ada' });
    await world.join('ada2', { ...hers, displayName: 'Ada' });
    await world.join('ada3', { ...numbered('7'), displayName: 'Ada' });
    await world.settle();
    const heirs = (await world.accounts()).filter(({ user_id }: any) => user_id !== 'ada');
    expect(new Set(heirs.map(({ status }: any) => status))).toEqual(new Set(['failed', 'provisioned']));
    expect(heirs.find(({ status }: any) => status === 'failed').record.state.failure.code).toBe(
      'account/foreign-match',
    );
    expect(world.app.accounts.size).toBe(1);
  });
});

describe('R92: where an admin is asked', () => {
  const asking = rehiring({ mode: 'ask' });

  it('the new account waits, and adopting gives it the old one', async () => {
    await configure({ ownership: asking });
    await hireAndLose();
    const remoteId = await remoteIdOf('ada');
    await world.join('ada2', { ...hers, displayName: 'Ada is back' });
    await world.settle();
    expect(await stateOf('ada2')).toMatchObject({
      failure: { code: 'account/predecessor-found' },
      rehire: { awaits: { userId: 'ada', isAccepted: false } },
    });
    await world.change('ada2', { ...hers, displayName: 'Ada, back' });
    await world.settle();
    expect(await accountOf('ada2')).toMatchObject({ status: 'failed' });
    expect(world.app.accounts.get(remoteId)).toMatchObject({ displayName: 'ada' });
    await expect(write('ada2', { type: 'Retry', reason: null })).rejects.toMatchObject({
      code: 'account/predecessor-found',
    });
    await write('ada2', { type: 'AcceptPredecessor', reason: 'She is back' });
    await world.change('ada2', { ...hers, displayName: 'Ada, back at last' });
    await world.settle();
    expect(await accountOf('ada2')).toMatchObject({ status: 'provisioned', remote_id: remoteId });
    expect(world.app.accounts.get(remoteId)).toMatchObject({ displayName: 'Ada, back at last' });
  });

  it('a rematch does without, and the approval that a new account needs is asked for then', async () => {
    await configure({ ownership: asking });
    await hireAndLose({ employeeNumber: '7' });
    await configure({ ownership: asking, approvals: ['create'] });
    await world.join('ada2', hers);
    await world.settle();
    await write('ada2', { type: 'Rematch', reason: 'Somebody else' });
    await world.change('ada2', { ...hers, title: 'Baker' });
    await world.settle();
    expect(await stateOf('ada2')).toMatchObject({ approvals: [{ action: 'create' }], rehire: { awaits: null } });
    await write('ada2', { type: 'Approve', reason: null });
    await world.settle();
    expect(await stateOf('ada2')).toMatchObject({ failure: { code: 'account/foreign-match' } });
    expect(await stateOf('ada')).toMatchObject({ remote: 'active' });
  });

  it('so it is of several who were deleted, the last of them first; who is done without makes room for the next', async () => {
    await configure();
    await world.join('ada', hers);
    await world.join('eve', { displayName: 'Eve', ...numbered('8') });
    await world.settle();
    await world.leave('ada');
    world.clock.at = '2026-01-05T10:00:00.000Z';
    await world.leave('eve');
    await world.settle();
    await world.join('both', { ...hers, ...numbered('8') });
    await world.settle();
    expect((await stateOf('both')).rehire.awaits).toMatchObject({ userId: 'eve', isAccepted: false });
    await write('both', { type: 'Rematch', reason: null });
    await world.change('both', { ...hers, ...numbered('8'), displayName: 'Both' });
    await world.settle();
    expect(await accountOf('both')).toMatchObject({ status: 'provisioned' });
    expect((await stateOf('both')).rehire.predecessor).toMatchObject({ userId: 'ada' });
  });

  it('so it is of several living people with the same key, of whom one gets it', async () => {
    await configure({ ownership: rehiring({ keys: ['employeeNumber'] }) });
    await hireAndLose(numbered('7'));
    await configure({ ownership: rehiring({ keys: ['employeeNumber'] }), state: 'draft' });
    await world.join('ada2', numbered('7'));
    await world.join('ada3', numbered('7'));
    await world.settle();
    await configure({ ownership: rehiring({ keys: ['employeeNumber'] }) });
    await world.settle();
    for (const heir of ['ada2', 'ada3'])
      expect(await stateOf(heir)).toMatchObject({ failure: { code: 'account/predecessor-found' } });
    await write('ada2', { type: 'AcceptPredecessor', reason: null });
    await world.change('ada2', { ...numbered('7'), title: 'Baker' });
    await world.settle();
    expect(await stateOf('ada2')).toMatchObject({ rehire: { predecessor: { userId: 'ada' } } });
    expect(await typesOf('ada3')).toEqual(expect.arrayContaining(['PredecessorLost', 'AccountCreated']));
    expect(world.app.accounts.size).toBe(2);
  });

  it('so it is of two whose employee numbers differ', async () => {
    await configure();
    await hireAndLose(numbered('7'));
    await world.join('ada2', { ...hers, ...numbered('9') });
    await world.settle();
    expect(await stateOf('ada2')).toMatchObject({ failure: { code: 'account/predecessor-found' } });
    await world.change('ada2', { ...hers, ...numbered('7') });
    await world.settle();
    expect(await accountOf('ada2')).toMatchObject({ status: 'provisioned' });
  });
});
