import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GroupMembersAdded } from '@tenure/contracts';
import type { Caller } from '@tenure/eventing';
import { noPushes, type AppConfig, type Pushes } from '../app/app-config.ts';
import type { Call, Fault } from '../testing/fake-app.ts';
import { appConfig, openWorld, T, type World } from '../testing/world.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import { pushActions } from './push-actions.ts';
import { pushIdOf } from './push.aggregate.ts';
import { pushQueries } from './push.queries.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.start();
  await world.tenant();
});
afterEach(() => world.close());

const caller: Caller = { tenantId: T, actor: { kind: 'admin', id: 'root' }, correlationId: 'request-1' };
const bakersPush = pushIdOf('git', 'Bakers');

const pushing = (pushes: Partial<Pushes>, more: Partial<AppConfig> = {}) =>
  appConfig({ pushes: { ...noPushes, ...pushes }, ...more });
const bakers = (mode: 'merge' | 'mirror' = 'merge', more: Partial<Pushes> = {}, app: Partial<AppConfig> = {}) =>
  pushing({ groups: [{ id: 'Bakers', mode }], ...more }, app);

const queries = () => pushQueries(world.database, { store: world.store, sealer: world.sealing.sealer });
const push = (id = bakersPush) => queries().get(T, 'git', id);
const listed = async () =>
  (await queries().list(T, 'git', { limit: 100 })).items.map(({ group, state }) => [group.displayName, state] as const);
const actions = () =>
  pushActions({
    sql: world.database,
    write: world.provisioning().writePush,
    queries: queries(),
    connectorFor: async () => world.app.connector,
    hurry: world.provisioning().pushes.hurry,
    wake: world.provisioning().wake,
  });

const remoteId = (name: string) =>
  [...world.app.accounts].find(([, { userName }]) => userName === `${name}@plum.example`)![0];
const groupNamed = (displayName: string) =>
  [...world.app.groups.values()].find((group) => group.displayName === displayName);
/** Names of the people whose accounts are members; others as they are. */
const members = (displayName = 'Bakers') => {
  const group = groupNamed(displayName);
  const nameOf = (id: string) => (world.app.accounts.get(id)?.['displayName'] ?? id) as string;
  return group && [...group.members].map(nameOf).toSorted();
};
const eventTypes = async () =>
  (await world.store.readAll(undefined, { categories: ['push'], limit: 10_000 })).map(({ type }) => type);
const until = async (condition: () => boolean | Promise<boolean>) => {
  for (let tries = 0; !(await condition()); tries++) {
    if (tries > 3000) throw new Error('It never came true.');
    await sleep(10);
  }
};
const join = async (...names: string[]) => {
  for (const name of names) await world.join(name);
};
const nesting = (id: string) => GroupMembersAdded({ members: [{ id, kind: 'Group' }] });
/** The first such calls end so. */
const faultOnce = (wanted: Call, fault: Fault, times = 1) => {
  let left = times;
  world.app.fault = (call) => (call === wanted && left-- > 0 ? fault : undefined);
};

describe('R89: a group that is pushed', () => {
  it('is made in the app with the accounts of its people, and follows who comes, who goes, and its name', async () => {
    await world.group('Bakers', [{ id: 'ada', kind: 'User' }]);
    await join('ada', 'bob');
    await world.configure(bakers());
    await world.settle();
    expect(members()).toEqual(['ada']);
    expect(groupNamed('Bakers')).toMatchObject({ mark: bakersPush });
    expect(await push()).toMatchObject({
      state: 'upToDate',
      made: true,
      counts: { members: 1, sent: 1, waiting: 0, theirs: 0 },
    });

    await world.addTo('Bakers', 'bob');
    await world.removeFrom('Bakers', 'ada');
    await world.renameGroup('Bakers', 'Patissiers');
    await world.settle();
    expect(members('Patissiers')).toEqual(['bob']);
    expect(world.app.groups.size).toBe(1);
    expect(await eventTypes()).toEqual(
      expect.arrayContaining(['GroupPushed', 'PushLinked', 'PushMembersSent', 'PushProfileSent']),
    );
  });

  it('has the people of groups that are nested in it, as long as they are', async () => {
    await join('ada', 'bob');
    await world.group('Inner', [{ id: 'bob', kind: 'User' }]);
    await world.group('Bakers', [
      { id: 'ada', kind: 'User' },
      { id: 'Inner', kind: 'Group' },
    ]);
    await world.configure(bakers());
    await world.settle();
    expect(members()).toEqual(['ada', 'bob']);
    await world.removeFrom('Bakers', 'Inner');
    await world.settle();
    expect(members()).toEqual(['ada']);
  });

  it('gets somebody whose account comes later, and loses them with their account', async () => {
    await world.group('Bakers', [{ id: 'ada', kind: 'User' }]);
    await world.configure(bakers());
    await world.settle();
    expect(members()).toEqual([]);
    await world.join('ada');
    await world.settle();
    expect(members()).toEqual(['ada']);

    await world.leave('ada');
    await world.settle();
    expect([world.app.accounts.size, members()]).toEqual([0, []]);
    expect(await push()).toMatchObject({ counts: { members: 0, sent: 0, waiting: 0 } });
    expect(await eventTypes()).toContain('PushMembersSent');
  });

  it('R92: has who gets an account back only if they are in the group, too', async () => {
    const { deprovisioning } = appConfig();
    const kept = { ...deprovisioning, deleted: { suspend: null, hardDelete: 'P7D' } };
    await world.group('Bakers', [{ id: 'ada', kind: 'User' }]);
    await join('ada');
    await world.configure(bakers('merge', {}, { deprovisioning: kept }));
    await world.settle();
    const [hers] = world.app.accounts.keys();
    expect([...groupNamed('Bakers')!.members]).toEqual([hers]);
    await world.leave('ada');
    await world.join('ada again', { userName: 'ada@plum.example' });
    await world.settle();
    expect([...world.app.accounts.keys()]).toEqual([hers]);
    expect([...groupNamed('Bakers')!.members]).toEqual([]);
    await world.addTo('Bakers', 'ada again');
    await world.settle();
    expect([...groupNamed('Bakers')!.members]).toEqual([hers]);
  });

  it('keeps somebody whose account is only suspended', async () => {
    await world.group('Bakers', [{ id: 'ada', kind: 'User' }]);
    await join('ada');
    await world.configure(bakers());
    await world.settle();
    await world.deactivate('ada');
    await world.advance('2026-01-06T10:00:00.000Z');
    expect(await world.accounts()).toMatchObject([{ status: 'suspended' }]);
    expect(members()).toEqual(['ada']);
  });

  it('is chosen by its name or because it is in scope, and each group gets what it is chosen for', async () => {
    await join('ada');
    for (const name of ['Team Red', 'Team Blue', 'Board']) await world.group(name, [{ id: 'ada', kind: 'User' }]);
    await world.configure(pushing({ names: [{ pattern: 'team *', mode: 'merge' }] }));
    await world.settle();
    expect(new Map(await listed())).toEqual(
      new Map([
        ['Team Blue', 'upToDate'],
        ['Team Red', 'upToDate'],
      ]),
    );
    await world.renameGroup('Board', 'Team Board');
    await world.renameGroup('Team Red', 'Red');
    await world.settle();
    expect((await listed()).map(([name]) => name).toSorted()).toEqual(['Team Blue', 'Team Board']);

    const scope = { assignment: 'everyone' as const, groups: [{ id: 'Board', nested: true }], orgUnits: [] };
    await world.configure(pushing({ allInScope: true }, { scope }));
    await world.settle();
    expect((await listed()).map(([name]) => name)).toEqual(['Team Board']);
    await world.group('Inner');
    await world.consume(await world.groupFact('Board', nesting('Inner')));
    await world.settle();
    expect((await listed()).map(([name]) => name).toSorted()).toEqual(['Inner', 'Team Board']);
  });

  it('keeps its old name where the app refuses another, and goes on', async () => {
    await join('ada');
    await world.group('Bakers');
    await world.configure(bakers());
    await world.settle();
    world.app.fault = (call) =>
      call === 'renameGroup' ? { kind: 'refused', code: 'app/refused', status: 400, reason: 'Immutable' } : undefined;
    await world.renameGroup('Bakers', 'Patissiers');
    await world.addTo('Bakers', 'ada');
    await world.settle();
    expect(members('Bakers')).toEqual(['ada']);
    expect(await push()).toMatchObject({ state: 'upToDate', reason: { code: 'push/rename-unsupported' } });
    world.app.fault = () => undefined;
    await world.renameGroup('Bakers', 'Confectioners');
    await world.settle();
    expect(members('Confectioners')).toEqual(['ada']);
    expect((await push()).reason).toBeUndefined();
  });
});

describe('R61, R89: a group that the app has already', () => {
  it('is not touched until an admin links it, and then keeps the members that it had', async () => {
    await join('ada', 'bob');
    await world.configure(appConfig());
    await world.settle();
    const theirs = world.app.addGroup('bakers', ['by hand', remoteId('bob')]);
    await world.group('Bakers', [
      { id: 'ada', kind: 'User' },
      { id: 'bob', kind: 'User' },
    ]);
    await world.configure(bakers());
    await world.settle();
    expect(await push()).toMatchObject({
      state: 'foreign',
      candidates: [theirs],
      reason: { code: 'push/foreign-group' },
    });
    expect(world.app.groups.size).toBe(1);
    expect(members('bakers')).toEqual(['bob', 'by hand']);

    await expect(actions().link(caller, 'git', bakersPush, 'no such group')).rejects.toMatchObject({
      code: 'push/remote-unknown',
    });
    expect(await actions().link(caller, 'git', bakersPush, theirs)).toMatchObject({ remoteId: theirs, made: false });
    await world.settle();
    expect(members('Bakers')).toEqual(['ada', 'bob', 'by hand']);
    expect(await push()).toMatchObject({ state: 'upToDate', counts: { members: 2, sent: 1, theirs: 1 } });

    for (const name of ['ada', 'bob']) await world.removeFrom('Bakers', name);
    await world.settle();
    expect(members('Bakers')).toEqual(['bob', 'by hand']);
    await world.configure(pushing({ whenUnpushed: 'delete' }));
    await world.settle();
    expect(members('Bakers')).toEqual(['bob', 'by hand']);
  });

  it('is linked to one group of the directory only', async () => {
    const theirs = world.app.addGroup('Bakers');
    await world.group('Bakers');
    await world.group('Other');
    await world.configure(pushing({ names: [{ pattern: '*', mode: 'merge' }] }));
    await world.settle();
    await actions().link(caller, 'git', bakersPush, theirs);
    await expect(actions().link(caller, 'git', pushIdOf('git', 'Other'), theirs)).rejects.toMatchObject({
      code: 'push/held',
    });
  });

  it('is found among all groups where the app ignores filters', async () => {
    world.app.ignoresFilters = true;
    for (let n = 0; n < 120; n++) world.app.addGroup(`Group ${n}`);
    world.app.addGroup('Bakers');
    await world.group('Bakers');
    await world.configure(bakers());
    await world.settle();
    expect(await push()).toMatchObject({ state: 'foreign' });
  });

  it('loses strangers in a mirror, but no more than the threshold allows', async () => {
    await join('ada');
    await world.group('Bakers', [{ id: 'ada', kind: 'User' }]);
    const theirs = world.app.addGroup('Bakers', ['one', 'two', 'three']);
    await world.configure(bakers('mirror', {}, { threshold: { count: 2 } }));
    await world.settle();
    await actions().link(caller, 'git', bakersPush, theirs);
    await world.settle();
    expect(members()).toEqual(['ada', 'one', 'three', 'two']);
    expect(await push()).toMatchObject({ state: 'failed', reason: { code: 'push/threshold' } });
    await actions().retry(caller, 'git', bakersPush);
    await world.settle();
    expect(members()).toEqual(['ada']);
    expect(await push()).toMatchObject({ state: 'upToDate' });
  });

  it('can’t be mirrored where the app hides its members, and is merged', async () => {
    world.app.hidesMembers = true;
    await join('ada');
    await world.group('Bakers', [{ id: 'ada', kind: 'User' }]);
    await world.configure(bakers('mirror'));
    await world.settle();
    groupNamed('Bakers')!.members.add('by hand');
    expect(members()).toEqual(['ada', 'by hand']);
    expect(await push()).toMatchObject({ state: 'upToDate', reason: { code: 'push/members-hidden' } });
  });
});

describe('R89: a group that is no longer pushed', () => {
  const oneGroup = async (whenUnpushed: Pushes['whenUnpushed']) => {
    await join('ada');
    await world.group('Bakers', [{ id: 'ada', kind: 'User' }]);
    await world.configure(bakers('merge', { whenUnpushed }));
    await world.settle();
  };

  it('is left in place with its members, and is the same group if it is pushed again', async () => {
    await oneGroup('leave');
    await world.configure(pushing({}));
    await world.settle();
    await world.removeFrom('Bakers', 'ada');
    await world.settle();
    expect([members(), await listed()]).toEqual([['ada'], []]);
    await world.configure(bakers());
    await world.settle();
    expect([members(), world.app.groups.size]).toEqual([[], 1]);
  });

  it('is deleted where the app is configured so, also when the directory’s group is', async () => {
    await oneGroup('delete');
    await world.deleteGroup('Bakers');
    await world.settle();
    expect([world.app.groups.size, await listed()]).toEqual([0, []]);
    expect((await eventTypes()).slice(-2)).toEqual(['PushStopped', 'PushedGroupDeleted']);
  });

  it('is left in place when the app is reset', async () => {
    await oneGroup('delete');
    await world.configure(bakers('merge', { whenUnpushed: 'delete' }, { state: 'draft' }));
    await world.settle();
    expect([members(), await listed()]).toEqual([['ada'], []]);
  });
});

describe('R89, R96: an app in trouble', () => {
  it('that is down in the middle gets the rest when it is back, and says meanwhile what is wrong', async () => {
    const names = Array.from({ length: 30 }, (_, n) => `p${n}`);
    await join(...names);
    await world.group(
      'Bakers',
      names.map((id) => ({ id, kind: 'User' as const })),
    );
    let pieces = 0;
    let down = true;
    world.app.mostMembers = 10;
    world.app.fault = (call, detail) =>
      call === 'changeMembers' && !detail.startsWith('+30') && !detail.startsWith('+15') && ++pieces > 1 && down
        ? { kind: 'unavailable', reason: 'Down for maintenance' }
        : undefined;
    await world.configure(bakers());
    await until(async () => (await push().catch(() => undefined))?.reason?.code === 'delivery/failing');
    expect(members()!.length).toBeLessThan(30);
    expect((await push()).state).toBe('pushing');
    down = false;
    await world.settle();
    expect(members()).toHaveLength(30);
    expect((await push()).reason).toBeUndefined();
  });

  it('that takes only few members at once gets smaller pieces', async () => {
    const names = Array.from({ length: 20 }, (_, n) => `p${n}`);
    await join(...names);
    await world.settle();
    world.app.mostMembers = 3;
    await world.group(
      'Bakers',
      names.map((id) => ({ id, kind: 'User' as const })),
    );
    await world.configure(bakers());
    await world.settle();
    expect(members()).toHaveLength(20);
    expect(world.app.calls.filter((call) => call.startsWith('changeMembers')).length).toBeGreaterThan(6);
  });

  it('that refuses the credentials needs reauthorisation', async () => {
    await world.group('Bakers');
    let refuses = true;
    world.app.fault = (call) =>
      call === 'createGroup' && refuses ? { kind: 'unauthorized', reason: 'Token expired' } : undefined;
    await world.configure(bakers());
    await until(() => world.unauthorized.length > 0);
    expect(await push()).toMatchObject({ state: 'waiting', reason: { code: 'delivery/unauthorized' } });
    refuses = false;
    await world.settle();
    expect(members()).toEqual([]);
  });

  it('that is off is left alone until it is on', async () => {
    await join('ada');
    await world.group('Bakers', [{ id: 'ada', kind: 'User' }]);
    await world.configure(bakers('merge', {}, { state: 'off' }));
    await world.settle();
    expect([world.app.groups.size, await listed()]).toEqual([0, [['Bakers', 'waiting']]]);
    await world.configure(bakers());
    await world.settle();
    expect(members()).toEqual(['ada']);
  });

  it('that lost the group says so, and an admin has it made again', async () => {
    await join('ada', 'bob');
    await world.group('Bakers', [{ id: 'ada', kind: 'User' }]);
    await world.configure(bakers());
    await world.settle();
    world.app.groups.clear();
    await world.addTo('Bakers', 'bob');
    await world.settle();
    expect(await push()).toMatchObject({ state: 'failed', reason: { code: 'push/group-gone' } });
    expect(world.app.groups.size).toBe(0);
    await actions().retry(caller, 'git', bakersPush);
    await world.settle();
    expect(members()).toEqual(['ada', 'bob']);
  });
});

describe('R89: a worker that is killed between a call and what it writes down', () => {
  const start = async () => {
    await join('ada', 'bob');
    await world.group('Bakers', [
      { id: 'ada', kind: 'User' },
      { id: 'bob', kind: 'User' },
    ]);
  };
  const restarted = async () => {
    await world.provisioning().stop();
    await world.start();
  };

  it.each([true, false])('has made the group once, in an app that keeps our mark: %s', async (keepsMark) => {
    world.app.keepsNoMark = !keepsMark;
    await start();
    faultOnce('createGroup', 'die');
    await world.configure(bakers());
    await until(() => world.app.groups.size === 1);
    await restarted();
    await world.settle();
    expect([world.app.groups.size, members()]).toEqual([1, ['ada', 'bob']]);
    expect(await push()).toMatchObject({ made: true, state: 'upToDate' });
  });

  it('makes the group after all where the call was lost before it arrived', async () => {
    await start();
    faultOnce('createGroup', { kind: 'unknown', reason: 'Cut off' });
    await world.configure(bakers());
    await world.settle();
    expect([world.app.groups.size, members()]).toEqual([1, ['ada', 'bob']]);
  });

  it('takes no group for its own that has been there before', async () => {
    world.app.keepsNoMark = true;
    await start();
    world.app.addGroup('Bakers');
    faultOnce('createGroup', 'die');
    await world.configure(bakers());
    await world.settle();
    expect(await push()).toMatchObject({ state: 'foreign' });
  });

  it('knows whom it has added to a group that was linked', async () => {
    await start();
    const theirs = world.app.addGroup('Bakers', ['by hand']);
    await world.configure(bakers());
    await world.settle();
    faultOnce('changeMembers', 'die');
    await actions().link(caller, 'git', bakersPush, theirs);
    await until(() => groupNamed('Bakers')!.members.size === 3);
    await restarted();
    await world.settle();
    expect(await push()).toMatchObject({ counts: { members: 2, sent: 2, theirs: 0 } });
    await world.removeFrom('Bakers', 'ada', 'bob');
    await world.settle();
    expect(members()).toEqual(['by hand']);
  });

  it('renames, removes and deletes again without harm', async () => {
    await start();
    await world.configure(bakers('merge', { whenUnpushed: 'delete' }));
    await world.settle();
    faultOnce('renameGroup', 'die');
    await world.renameGroup('Bakers', 'Patissiers');
    await world.settle();
    faultOnce('changeMembers', 'die');
    await world.removeFrom('Bakers', 'ada');
    await world.settle();
    expect(members('Patissiers')).toEqual(['bob']);
    faultOnce('deleteGroup', 'die');
    await world.configure(pushing({ whenUnpushed: 'delete' }));
    await world.settle();
    expect([world.app.groups.size, await listed()]).toEqual([0, []]);
  });
});

describe('R89: what is known of pushes', () => {
  it('is the same when the view and the people are built again', async () => {
    await join('ada', 'bob');
    await world.configure(appConfig());
    await world.settle();
    await world.group('Bakers', [
      { id: 'ada', kind: 'User' },
      { id: 'bob', kind: 'User' },
    ]);
    const theirs = world.app.addGroup('Bakers', [remoteId('bob')]);
    await world.configure(bakers());
    await world.settle();
    await actions().link(caller, 'git', bakersPush, theirs);
    await world.settle();
    const before = await push();
    const calls = world.app.calls.filter((call) => call.startsWith('changeMembers')).length;
    await world.rebuild();
    expect(await push()).toEqual(before);
    expect(world.app.calls.filter((call) => call.startsWith('changeMembers'))).toHaveLength(calls);
    await world.removeFrom('Bakers', 'ada', 'bob');
    await world.settle();
    expect(members()).toEqual(['bob']);
  });
});

describe('R61, R89: a group that is pushed and that a rule gives, too', () => {
  const rules = (...titles: string[]): AppConfig['ruleSets'] => [
    {
      version: 0,
      rules: titles.map((title) => ({
        id: title,
        name: title,
        enabled: true,
        match: 'all',
        conditions: [{ operator: 'equals', source: 'title', value: title }],
        actions: [{ type: 'addEntitlement', kind: 'group', value: 'Bakers' }],
      })),
    },
  ];

  it('has whoever is meant by either, until neither means them', async () => {
    await world.join('ada', { title: 'Baker' });
    await join('bob');
    await world.group('Bakers', [
      { id: 'ada', kind: 'User' },
      { id: 'bob', kind: 'User' },
    ]);
    await world.configure(bakers('mirror', {}, { ruleSets: rules('Baker') }));
    await world.settle();
    expect(members()).toEqual(['ada', 'bob']);
    await world.removeFrom('Bakers', 'ada', 'bob');
    await world.settle();
    expect(members()).toEqual(['ada']);
    await world.change('ada', { title: 'Clerk' });
    await world.settle();
    expect(members()).toEqual([]);
    await world.change('bob', { title: 'Baker' });
    await world.settle();
    expect(members()).toEqual(['bob']);
    await world.addTo('Bakers', 'bob');
    await world.change('bob', { title: 'Clerk' });
    await world.settle();
    expect(members()).toEqual(['bob']);
  });

  it('takes over what the rule gave before it was pushed', async () => {
    await world.join('ada', { title: 'Baker' });
    const theirs = world.app.addGroup('Bakers');
    await world.configure(bakers('merge', { groups: [] }, { ruleSets: rules('Baker') }));
    await world.settle();
    expect(members()).toEqual(['ada']);
    await world.group('Bakers');
    await world.configure(bakers('merge', {}, { ruleSets: rules('Baker') }));
    await world.settle();
    await actions().link(caller, 'git', bakersPush, theirs);
    await world.settle();
    expect(await push()).toMatchObject({ counts: { members: 1, sent: 1, theirs: 0 } });
    await world.change('ada', { title: 'Clerk' });
    await world.settle();
    expect(members()).toEqual([]);
  });
});

describe('R89: a large group', () => {
  it('of 4,000 is sent in bounded pieces, and goes on where the worker was killed', async () => {
    const size = 4000;
    const names = Array.from({ length: size }, (_, n) => `p${String(n).padStart(5, '0')}`);
    await world.group('Bakers');
    for (let from = 0; from < size; from += 1000) await world.addTo('Bakers', ...names.slice(from, from + 1000));
    await world.settle();
    // As if each had been delivered, which is another test's.
    const state = { kind: 'present', remote: 'active', plan: { entitlements: [] }, entitlements: [] };
    await world.database.query({
      text: `insert into ${PROVISIONING_VIEW}.accounts (tenant_id, id, app_id, user_id, status, remote_id, since, created_at, updated_at, revision, record)
             select $1, 'account of ' || name, 'git', name, 'provisioned', 'remote ' || name, now(), now(), now(), 1, $3 from unnest($2::text[]) as p (name)`,
      values: [T, names, JSON.stringify({ state })],
    });
    for (const name of names) world.app.accounts.set(`remote ${name}`, { userName: name, active: true });
    let pieces = 0;
    world.app.fault = (call) => (call === 'changeMembers' && ++pieces === 15 ? 'die' : undefined);
    await world.configure(bakers());
    await until(() => pieces >= 15);
    await world.provisioning().stop();
    await world.start();
    await world.settle();
    expect(groupNamed('Bakers')!.members.size).toBe(size);
    expect(await push()).toMatchObject({ state: 'upToDate', counts: { members: size, sent: size, waiting: 0 } });
    const sizes = world.app.calls.flatMap((call) => /^changeMembers \+(\d+) -0$/.exec(call)?.[1] ?? []).map(Number);
    expect(Math.max(...sizes)).toBe(100);
    expect(sizes.length).toBeLessThanOrEqual(size / 100 + 2);
  }, 120_000);
});
