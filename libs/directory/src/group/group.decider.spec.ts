import { describe, expect, it } from '@jest/globals';
import {
  GroupChanged,
  GroupCreated,
  GroupDeleted,
  GroupMembersAdded,
  GroupMembersRemoved,
  type Member,
} from '@tenure/contracts';
import { given } from '@tenure/eventing/testing';
import { profiles, type PatchOperation } from '@tenure/scim';
import { groupClaims, groupDecider, memberEvents } from './group.decider.ts';

const group = given(groupDecider);
const schemas = ['urn:ietf:params:scim:schemas:core:2.0:Group'];
const bakers = { schemas, displayName: 'Bakers' };
const connectionId = 'entra';
const settings = profiles.entra;
const created = GroupCreated({ connectionId, changed: ['displayName'], resource: bakers });
const ada: Member = { id: 'ada', kind: 'User' };
const people = (count: number): Member[] =>
  Array.from({ length: count }, (_, index) => ({ id: `u-${index}`, kind: 'User' }));
const rename: PatchOperation = { op: 'replace', path: 'displayName', value: 'Pastry' };
const renamed = GroupChanged({ connectionId, changed: ['displayName'], resource: { schemas, displayName: 'Pastry' } });

describe('a group', () => {
  it('is created, and changes its name', () => {
    group().when({ type: 'Create', connectionId, resource: bakers }).then(created);
    group(created)
      .when({ type: 'Patch', connectionId, settings, operations: [rename] })
      .then(renamed);
  });

  it('loses members before it gets others', () => {
    expect(memberEvents({ add: [ada], remove: ['bob'] })).toEqual([
      GroupMembersRemoved({ memberIds: ['bob'], because: 'request' }),
      GroupMembersAdded({ members: [ada] }),
    ]);
  });

  it('has at most 1,000 members in an event', () => {
    const decided = memberEvents({ add: people(2001), remove: [] });
    expect(decided.map(({ data }) => ('members' in data ? data.members.length : 0))).toEqual([1000, 1000, 1]);
  });

  it('says nothing of what changes nothing', () => {
    group(created)
      .when({
        type: 'Patch',
        connectionId,
        settings,
        operations: [{ op: 'replace', path: 'displayName', value: 'Bakers' }],
      })
      .thenNothing();
    group(created).when({ type: 'Replace', connectionId, settings, resource: bakers, cleared: [] }).thenNothing();
  });

  it('loses by a PUT what the PUT leaves out', () => {
    const known = GroupChanged({ connectionId, changed: ['externalId'], resource: { ...bakers, externalId: 'b-1' } });
    group(created, known)
      .when({ type: 'Replace', connectionId, settings, resource: bakers, cleared: [] })
      .then(GroupChanged({ connectionId, changed: ['externalId'], resource: bakers }));
  });

  it('is the connection’s that made it (decision 14)', () => {
    group(created).when({ type: 'Delete', connectionId: 'okta' }).thenRejected('group/unseen');
    group(created).when({ type: 'Delete', connectionId }).then(GroupDeleted({ connectionId }));
    group(created, GroupDeleted({ connectionId })).when({ type: 'Delete', connectionId }).thenRejected('group/unknown');
  });

  it('drops members that were deleted, unless it is deleted itself', () => {
    group(created)
      .when({ type: 'DropMembers', memberIds: ['ada'], because: 'memberDeleted' })
      .then(GroupMembersRemoved({ memberIds: ['ada'], because: 'memberDeleted' }));
    group(created, GroupDeleted({ connectionId }))
      .when({ type: 'DropMembers', memberIds: ['ada'], because: 'memberDeleted' })
      .thenNothing();
  });

  it('drops guests only while it is closed to them (R14)', () => {
    const tenure = 'urn:ietf:params:scim:schemas:extension:tenure:2.0:Group';
    const closed = GroupChanged({
      connectionId,
      changed: [`${tenure}:closedToGuests`],
      resource: { ...bakers, schemas: [...schemas, tenure], [tenure]: { closedToGuests: true } },
    });
    const drop = { type: 'DropMembers', memberIds: ['gus'], because: 'guest' } as const;
    group(created, closed)
      .when(drop)
      .then(GroupMembersRemoved({ memberIds: ['gus'], because: 'guest' }));
    group(created).when(drop).thenNothing();
    group(created, closed, GroupChanged({ connectionId, changed: [`${tenure}:closedToGuests`], resource: bakers }))
      .when(drop)
      .thenNothing();
  });

  it('holds its name in its connection, whatever the case', () => {
    expect(groupClaims({ status: 'present', connectionId, resource: { displayName: 'BAKERS' } })).toMatchObject([
      { kind: 'groupName/entra', value: 'bakers' },
    ]);
    expect(groupClaims({ status: 'deleted' })).toEqual([]);
  });
});
