import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Follower } from '@tenure/eventing';
import { streamName } from '@tenure/eventing';
import { TENANT, testDirectory, type TestDirectory } from '../testing/test-directory.ts';
import { startDepartedMembers } from './departed-members.reactor.ts';

describe('members who were deleted (decision 4)', () => {
  let directory: TestDirectory;
  let reactor: Follower;
  beforeAll(async () => {
    directory = await testDirectory();
    directory.connect('entra');
    reactor = startDepartedMembers({ ...directory, schema: 'directory', viewSchema: directory.definition.name });
    await reactor.caughtUp;
  });
  afterAll(async () => {
    await reactor.stop();
    await directory.close();
  });

  const settled = async () => {
    while (!(await reactor.isSettled())) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const removeUser = (key: string) => directory.users.delete(directory.message({}, { key, connectionId: 'entra' }), {});
  const eventsOf = async (groupId: string) =>
    (await directory.store.read(streamName('group', TENANT, groupId))).map(({ type, data, metadata }) => ({
      type,
      data,
      by: metadata.actor.id,
    }));

  it('are taken out of every group, because they were deleted', async () => {
    const { id: ada } = await directory.createUser('ada@plum.example', { connectionId: 'entra' });
    const groups = [
      await directory.createGroup('Bakers', [ada], 'entra'),
      await directory.createGroup('Cooks', [ada], 'entra'),
    ];
    await removeUser(ada);
    await settled();
    for (const { id } of groups) {
      expect((await eventsOf(id)).at(-1)).toEqual({
        type: 'GroupMembersRemoved',
        data: { memberIds: [ada], because: 'memberDeleted' },
        by: 'departed-members',
      });
      expect(await directory.groupQueries.membersOf(TENANT, {}, id)).toEqual({ members: [], remnants: false });
    }
  });

  it('are taken out also when an add races the delete', async () => {
    const { id: bob } = await directory.createUser('bob@plum.example', { connectionId: 'entra' });
    const group = await directory.createGroup('Waiters', [], 'entra');
    await Promise.all([directory.patchMembers(group.id, 'entra', [{ op: 'add', ids: [bob] }]), removeUser(bob)]);
    await settled();
    expect(await directory.groupQueries.membersOf(TENANT, {}, group.id)).toEqual({ members: [], remnants: false });
  });

  it('are nested groups too', async () => {
    const inner = await directory.createGroup('Inner', [], 'entra');
    const outer = await directory.createGroup('Outer', [inner.id], 'entra');
    await directory.groups.delete(directory.message({}, { key: inner.id, connectionId: 'entra' }), {});
    await settled();
    expect((await eventsOf(outer.id)).at(-1)).toMatchObject({
      type: 'GroupMembersRemoved',
      data: { memberIds: [inner.id] },
    });
  });
});

describe('guests in groups that are closed to them (R14)', () => {
  const tenure = 'urn:ietf:params:scim:schemas:extension:tenure:2.0:Group';
  const close = { op: 'replace', path: `${tenure}:closedToGuests`, value: true };
  const setRoles = (value: string) => ({ operations: [{ op: 'replace', path: 'roles', value: [{ value }] }] });
  let directory: TestDirectory;
  beforeAll(async () => {
    directory = await testDirectory();
    directory.connect('entra');
  });
  afterAll(() => directory.close());

  const reactor = () =>
    startDepartedMembers({ ...directory, schema: 'directory', viewSchema: directory.definition.name });
  const react = async () => {
    const running = reactor();
    await running.caughtUp;
    while (!(await running.isSettled())) await new Promise((resolve) => setTimeout(resolve, 20));
    await running.stop();
  };
  const become = (key: string, role: string) =>
    directory.users.patch(directory.message(setRoles(role), { key, connectionId: 'entra' }), {});
  const hire = async (name: string, role = 'USER') =>
    (await directory.createUser(`${name}@plum.example`, { connectionId: 'entra', roles: [{ value: role }] })).id;
  const team = async (name: string, ...ids: string[]) => {
    const { id } = await directory.createGroup(name, ids, 'entra');
    await directory.patchMembers(id, 'entra', [], [close]);
    return id;
  };
  const removals = async (groupId: string) =>
    (await directory.store.read(streamName('group', TENANT, groupId)))
      .filter(({ type }) => type === 'GroupMembersRemoved')
      .map(({ data, metadata }) => [data, metadata.actor.id]);
  const members = async (groupId: string) =>
    (await directory.groupQueries.membersOf(TENANT, {}, groupId)).members.map(({ value }) => value);

  it('go when they become guests, when the group is closed, and are never taken in; others stay', async () => {
    const [ada, bob, gus] = [await hire('ada'), await hire('bob'), await hire('gus', 'Guest')];
    const open = (await directory.createGroup('Open', [ada, bob, gus], 'entra')).id;
    const closed = await team('Closed', ada, bob);
    const closing = (await directory.createGroup('Closing', [ada, gus], 'entra')).id;
    expect(await directory.patchMembers(closed, 'entra', [{ op: 'add', ids: [gus] }])).toMatchObject({
      skippedMemberIds: [gus],
    });
    await become(ada, 'GUEST');
    await directory.patchMembers(closing, 'entra', [], [close]);
    await react();
    expect(await members(closed)).toEqual([bob]);
    expect(await members(closing)).toEqual([]);
    expect(new Set(await members(open))).toEqual(new Set([ada, bob, gus]));
    expect(await removals(closed)).toEqual([[{ memberIds: [ada], because: 'guest' }, 'guests']]);
  });

  it('go once, however often the downgrade is told, and stay when it was taken back before', async () => {
    const [cy, dan] = [await hire('cy'), await hire('dan')];
    const closed = await team('Twice', cy, dan);
    await become(cy, 'GUEST');
    await become(dan, 'GUEST');
    await become(dan, 'USER');
    await react();
    await directory.database.query(`delete from directory.checkpoints where follower = 'departed-members'`);
    await react();
    expect(await removals(closed)).toEqual([[{ memberIds: [cy], because: 'guest' }, 'guests']]);
    expect(await members(closed)).toEqual([dan]);
  });

  it('go also when an add races the downgrade, and are refused by name where unknown members are', async () => {
    const eve = await hire('eve');
    const closed = await team('Race');
    await Promise.all([directory.patchMembers(closed, 'entra', [{ op: 'add', ids: [eve] }]), become(eve, 'GUEST')]);
    await react();
    expect(await members(closed)).toEqual([]);
    directory.connect('strict', { unknownMembers: 'reject' });
    const strict = (
      await directory.createUser('fay@plum.example', { connectionId: 'strict', roles: [{ value: 'GUEST' }] })
    ).id;
    const { id } = await directory.createGroup('Strict', [], 'strict');
    await directory.patchMembers(id, 'strict', [], [close]);
    await expect(directory.patchMembers(id, 'strict', [{ op: 'add', ids: [strict] }])).rejects.toMatchObject({
      code: 'group/closed-to-guests',
    });
  });
});
