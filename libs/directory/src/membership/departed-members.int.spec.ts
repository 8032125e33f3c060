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
  const eventsOf = async (groupId: string) => (await directory.store.read(streamName('group', TENANT, groupId))).map(({ type, data, metadata }) => ({ type, data, by: metadata.actor.id }));

  it('are taken out of every group, because they were deleted', async () => {
    const { id: ada } = await directory.createUser('ada@plum.example', { connectionId: 'entra' });
    const groups = [await directory.createGroup('Bakers', [ada], 'entra'), await directory.createGroup('Cooks', [ada], 'entra')];
    await removeUser(ada);
    await settled();
    for (const { id } of groups) {
      expect((await eventsOf(id)).at(-1)).toEqual({ type: 'GroupMembersRemoved', data: { memberIds: [ada], because: 'memberDeleted' }, by: 'departed-members' });
      expect(await directory.groupQueries.membersOf(TENANT, id)).toEqual({ members: [], remnants: false });
    }
  });

  it('are taken out also when an add races the delete', async () => {
    const { id: bob } = await directory.createUser('bob@plum.example', { connectionId: 'entra' });
    const group = await directory.createGroup('Waiters', [], 'entra');
    await Promise.all([directory.patchMembers(group.id, 'entra', [{ op: 'add', ids: [bob] }]), removeUser(bob)]);
    await settled();
    expect(await directory.groupQueries.membersOf(TENANT, group.id)).toEqual({ members: [], remnants: false });
  });

  it('are nested groups too', async () => {
    const inner = await directory.createGroup('Inner', [], 'entra');
    const outer = await directory.createGroup('Outer', [inner.id], 'entra');
    await directory.groups.delete(directory.message({}, { key: inner.id, connectionId: 'entra' }), {});
    await settled();
    expect((await eventsOf(outer.id)).at(-1)).toMatchObject({ type: 'GroupMembersRemoved', data: { memberIds: [inner.id] } });
  });
});
