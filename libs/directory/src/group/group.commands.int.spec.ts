import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { streamName } from '@tenure/eventing';
import { groupType, parseFilter, profiles } from '@tenure/scim';
import { TENANT, testDirectory, type TestDirectory } from '../testing/test-directory.ts';

describe('commands of groups', () => {
  let directory: TestDirectory;
  const people: string[] = [];
  beforeAll(async () => {
    directory = await testDirectory();
    directory.connect('entra');
    directory.connect('okta');
    directory.connect('strict', profiles.strict);
    for (let index = 0; index < 8; index++)
      people.push(
        (await directory.createUser(`u${index}@plum.example`, { connectionId: 'entra', displayName: `U ${index}` })).id,
      );
  });
  afterAll(() => directory.close());

  const memberIds = async (id: string) =>
    (await directory.groupQueries.membersOf(TENANT, {}, id)).members.map(({ value }) => value as string).sort();
  const events = (id: string) => directory.store.read(streamName('group', TENANT, id));
  const add = (...ids: string[]) => ({ op: 'add', ids });
  const remove = (...ids: string[]) => ({ op: 'remove', ids });

  it('create a group with its members, who then show it', async () => {
    const reply = await directory.createGroup('Bakers', [people[0]!, people[1]!], 'entra');
    expect(reply).toMatchObject({
      revision: 2,
      created: true,
      resource: { displayName: 'Bakers' },
      skippedMemberIds: [],
    });
    expect(await memberIds(reply.id)).toEqual([people[0], people[1]].sort());
    expect((await directory.groupQueries.membersOf(TENANT, {}, reply.id)).members[0]).toMatchObject({
      type: 'User',
      display: expect.stringMatching(/^U \d$/),
    });
    const policy = await directory.policies.policyOf(TENANT, 'entra');
    expect(await directory.queries.groupsOf(TENANT, { kind: 'connection', policy }, [people[0]!])).toEqual(
      new Map([[people[0], [{ value: reply.id, display: 'Bakers', type: 'direct' }]]]),
    );
  });

  it('refuse a displayName that the connection has, whatever its case', async () => {
    await directory.createGroup('Millers', [], 'entra');
    await expect(directory.createGroup('MILLERS', [], 'entra')).rejects.toMatchObject({ code: 'group/name-taken' });
    await expect(directory.createGroup('Millers', [], 'okta')).resolves.toMatchObject({ created: true });
  });

  it('change name and members in one append, with one version', async () => {
    const { id } = await directory.createGroup('Cooks', [people[0]!], 'entra');
    const reply = await directory.patchMembers(
      id,
      'entra',
      [remove(people[0]!), add(people[2]!)],
      [{ op: 'replace', path: 'displayName', value: 'Chefs' }],
    );
    expect(reply).toMatchObject({ revision: 5, resource: { displayName: 'Chefs' } });
    expect((await events(id)).map(({ type }) => type)).toEqual([
      'GroupCreated',
      'GroupMembersAdded',
      'GroupChanged',
      'GroupMembersRemoved',
      'GroupMembersAdded',
    ]);
    expect(await memberIds(id)).toEqual([people[2]]);
  });

  it('append nothing for members who are there, and for others who are not (C6)', async () => {
    const { id } = await directory.createGroup('Waiters', [people[0]!], 'entra');
    expect(await directory.patchMembers(id, 'entra', [add(people[0]!), remove(people[1]!)])).toMatchObject({
      revision: 2,
    });
  });

  it('replace members by what differs only', async () => {
    const { id } = await directory.createGroup('Tasters', [people[0]!, people[1]!], 'entra');
    await directory.patchMembers(id, 'entra', [{ op: 'replace', ids: [people[1]!, people[2]!] }]);
    expect((await events(id)).slice(2).map(({ data }) => data)).toEqual([
      { memberIds: [people[0]], because: 'request' },
      { members: [{ id: people[2], kind: 'User' }] },
    ]);
    await directory.patchMembers(id, 'entra', [{ op: 'removeAll' }]);
    expect(await memberIds(id)).toEqual([]);
  });

  it('lose the members of whom a PUT says nothing, and append nothing where there were none (C11)', async () => {
    const { id } = await directory.createGroup('Brewers', [people[0]!, people[1]!], 'entra');
    const body = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: 'Brewers' };
    const put = () =>
      directory.groups.replace(
        directory.message({ resource: body, cleared: [] }, { key: id, connectionId: 'entra' }),
        {},
      );
    expect(await put()).toMatchObject({ revision: 3 });
    expect(await memberIds(id)).toEqual([]);
    expect(await put()).toMatchObject({ revision: 3 });
  });

  it('take the last word on a member', async () => {
    const { id } = await directory.createGroup('Graders', [people[0]!], 'entra');
    await directory.patchMembers(id, 'entra', [
      remove(people[0]!),
      add(people[0]!),
      add(people[1]!),
      remove(people[1]!),
    ]);
    expect(await memberIds(id)).toEqual([people[0]]);
    expect(await events(id)).toHaveLength(2);
  });

  it('remove members by a filter on them', async () => {
    const inner = await directory.createGroup('Inner', [], 'entra');
    const { id } = await directory.createGroup('Outer', [people[0]!, inner.id], 'entra');
    const filter = {
      op: 'eq',
      attribute: { path: 'type', type: 'string', caseExact: false, multiValued: false },
      value: 'group',
    };
    await directory.patchMembers(id, 'entra', [{ op: 'removeWhere', filter }]);
    expect(await memberIds(id)).toEqual([people[0]]);
    // One after the other: whom the same PATCH added before is meant too, and whom it adds after stays.
    await directory.patchMembers(id, 'entra', [
      add(people[1]!),
      { op: 'removeWhere', filter: { ...filter, value: 'user' } },
      add(people[2]!),
    ]);
    expect(await memberIds(id)).toEqual([people[2]]);
  });

  it('tell by no filter what the connection does not see', async () => {
    const hidden = await directory.createUser('hidden@plum.example', { connectionId: 'okta', displayName: 'Hidden' });
    directory.connect('strict', { unknownMembers: 'reject' });
    const { id } = await directory.createGroup('Of the strict', [], 'strict');
    const attribute = { path: 'display', type: 'string', caseExact: false, multiValued: false };
    for (const value of ['hidden', 'other'])
      await expect(
        directory.patchMembers(id, 'strict', [
          add(hidden.id),
          { op: 'removeWhere', filter: { op: 'eq', attribute, value } },
        ]),
      ).rejects.toMatchObject({ code: 'group/member-unknown' });
  });

  it('skip members whom the connection does not see, or refuse them (C5)', async () => {
    const other = await directory.createUser('other@plum.example', { connectionId: 'okta' });
    const { id } = await directory.createGroup('Guests', [people[0]!, other.id, 'nobody'], 'entra');
    expect(await memberIds(id)).toEqual([people[0]]);
    expect(await directory.patchMembers(id, 'entra', [add('nobody')])).toMatchObject({
      revision: 2,
      skippedMemberIds: ['nobody'],
    });
    await expect(directory.createGroup('Guests', ['nobody'], 'strict')).rejects.toMatchObject({
      kind: 'invalid',
      code: 'group/member-unknown',
    });
  });

  it('nest groups of one connection, in a circle too (RFC 7644 §3.7.1), and show it, but none in itself', async () => {
    const inner = await directory.createGroup('Ovens', [people[3]!], 'entra');
    const outer = await directory.createGroup('Kitchen', [inner.id], 'entra');
    const foreign = await directory.createGroup('Foreign', [], 'okta');
    expect(await directory.patchMembers(outer.id, 'entra', [add(foreign.id)])).toMatchObject({
      skippedMemberIds: [foreign.id],
    });
    expect((await directory.queries.groupsOf(TENANT, { kind: 'admin' }, [people[3]!])).get(people[3]!)).toMatchObject([
      { display: 'Ovens', type: 'direct' },
      { display: 'Kitchen', type: 'indirect' },
    ]);
    await directory.patchMembers(inner.id, 'entra', [add(outer.id)]);
    const groups = (await directory.queries.groupsOf(TENANT, { kind: 'admin' }, [people[3]!])).get(people[3]!);
    expect(groups).toMatchObject([
      { display: 'Ovens', type: 'direct' },
      { display: 'Kitchen', type: 'indirect' },
    ]);
    expect(groups).toHaveLength(2);
    expect(await directory.queries.get(TENANT, { kind: 'admin' }, people[3]!, { groups: true })).toMatchObject({
      id: people[3],
      groups,
    });
    expect(
      await directory.queries.get(
        TENANT,
        { kind: 'connection', policy: await directory.policies.policyOf(TENANT, 'okta') },
        people[3]!,
        { groups: true },
      ),
    ).toBeUndefined();
    await expect(directory.patchMembers(inner.id, 'entra', [add(inner.id)])).rejects.toMatchObject({
      kind: 'invalid',
      code: 'group/cycle',
    });
  });

  it('lose nothing when fifty PATCHes arrive at once (R86)', async () => {
    const { id } = await directory.createGroup('Crowd', [], 'entra');
    const crowd = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        directory.createUser(`crowd${index}@plum.example`, { connectionId: 'entra' }),
      ),
    );
    const replies = await Promise.all(crowd.map((user) => directory.patchMembers(id, 'entra', [add(user.id)])));
    expect(await memberIds(id)).toEqual(crowd.map((user) => user.id).sort());
    expect(new Set(replies.map(({ revision }) => revision)).size).toBe(50);
  });

  it('answer a repeated command without doing it again', async () => {
    const { id } = await directory.createGroup('Repeat', [], 'entra');
    const message = directory.message({ profile: [], members: [add(people[0]!)] }, { key: id, connectionId: 'entra' });
    const context = directory.context();
    await directory.groups.patch(message, context);
    await directory.patchMembers(id, 'entra', [remove(people[0]!)]);
    expect(await directory.groups.patch(message, context)).toMatchObject({ revision: 2 });
    expect(await memberIds(id)).toEqual([]);
  });

  it('belong to the connection that made them, find by member, and vanish when deleted', async () => {
    const { id } = await directory.createGroup('Brief', [people[5]!], 'entra');
    const find = async (filter: string, connectionId: string) => {
      const request = { filter: parseFilter(filter, groupType, profiles.entra), page: { count: 10, withTotal: true } };
      return (
        await directory.groupQueries.list(
          TENANT,
          { policy: await directory.policies.policyOf(TENANT, connectionId) },
          request,
        )
      ).items.map((group) => group.id);
    };
    expect(await find('displayName eq "brief"', 'entra')).toEqual([id]);
    expect(await find(`members.value eq "${people[5]}"`, 'entra')).toEqual([id]);
    expect(await find(`members[value eq "${people[5]}"]`, 'entra')).toEqual([id]);
    for (const filter of [
      'members pr',
      'members[type eq "user"]',
      'members[value eq "nobody" or type eq "User"]',
      'members.value ne "nobody"',
      'not (members eq null)',
      'members.display pr or members.value sw ""',
    ])
      expect({
        filter,
        found: await find(`displayName eq "brief" and ${filter.includes(' or ') ? `(${filter})` : filter}`, 'entra'),
      }).toEqual({ filter, found: [id] });
    for (const filter of [
      'not (members pr)',
      'members eq null',
      'members[type eq "Group"]',
      `members[value eq "${people[5]}" and type eq "Group"]`,
      'members.display eq "Nobody"',
    ])
      expect({ filter, found: await find(`displayName eq "brief" and ${filter}`, 'entra') }).toEqual({
        filter,
        found: [],
      });
    expect(await find('displayName eq "brief"', 'okta')).toEqual([]);
    const remove = (connectionId: string) =>
      directory.groups.delete(directory.message({}, { key: id, connectionId }), directory.context());
    await expect(remove('okta')).rejects.toMatchObject({ code: 'group/unseen' });
    await remove('entra');
    expect(await find('displayName eq "brief"', 'entra')).toEqual([]);
    expect(await memberIds(id)).toEqual([]);
    await expect(remove('entra')).rejects.toMatchObject({ code: 'group/unknown' });
  });

  it('are refused where groups are switched off (R18), and to admins', async () => {
    directory.connect('google', profiles.google);
    await expect(directory.createGroup('No', [], 'google')).rejects.toMatchObject({
      kind: 'forbidden',
      code: 'connection/groups-off',
    });
    await expect(directory.groups.delete(directory.message({}), directory.context())).rejects.toMatchObject({
      code: 'group/not-local',
    });
  });

  it('never show a deleted user as a member, and tell that a remnant is there (decision 4)', async () => {
    const user = await directory.createUser('gone@plum.example', { connectionId: 'entra' });
    const { id } = await directory.createGroup('Remnants', [user.id, people[0]!], 'entra');
    await directory.users.delete(directory.message({}, { key: user.id, connectionId: 'entra' }), directory.context());
    expect(await directory.groupQueries.membersOf(TENANT, {}, id)).toMatchObject({
      members: [{ value: people[0] }],
      remnants: true,
    });
  });

  it('had nothing fail behind their backs', () => expect(directory.failures).toEqual([]));
});
