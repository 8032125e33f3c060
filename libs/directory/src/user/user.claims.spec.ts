import { describe, expect, it } from '@jest/globals';
import {
  PersonErased,
  UserChanged,
  UserCreated,
  UserDeleted,
  UserUnlinked,
  type UserEvent,
  type UserStanding,
} from '@tenure/contracts';
import { ERASED } from '@tenure/eventing';
import { given } from '@tenure/eventing/testing';
import { userClaims, userDecider } from './user.decider.ts';
import { evolveUser } from './user.state.ts';

const user = given(userDecider);
const ada = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  externalId: 'ada-1',
  userName: 'ada@plum.example',
  active: true,
};
const linked: UserStanding = {
  changed: [],
  writer: 'connection',
  accountType: 'provisionedManaged',
  connectionId: 'entra',
  unassignedFrom: null,
  passwordId: null,
};
const all = ['externalId', 'userName', 'active'];
const created = UserCreated({ ...linked, changed: all }, { resource: ada });
const { externalId: _, ...withoutId } = ada;
const unassigned = UserUnlinked(
  { ...linked, connectionId: null, accountType: 'managed', unassignedFrom: 'entra', changed: ['externalId'] },
  { resource: withoutId },
);

describe('what only one user may hold', () => {
  const claimsAfter = (...events: UserEvent[]) =>
    userClaims(events.reduce(evolveUser, userDecider.initial)).map(({ kind, value }) => [kind, value]);

  it('is the userName, whatever its case or form, and the externalId in its connection (C17)', () => {
    expect(
      claimsAfter(UserCreated({ ...linked, changed: all }, { resource: { ...ada, userName: 'ＡDA@Plum.example' } })),
    ).toEqual([
      ['userName', 'ada@plum.example'],
      ['externalId/entra', 'ada-1'],
    ]);
  });

  it('is released by a deletion', () => {
    expect(claimsAfter(created, UserDeleted({ writer: 'local', connectionId: 'entra' }))).toEqual([]);
  });

  it('is the userName alone once unassigned', () => {
    expect(claimsAfter(created, unassigned)).toEqual([['userName', 'ada@plum.example']]);
  });
});

describe('erasure (R85)', () => {
  it('deletes first', () => {
    user(created)
      .when({ type: 'Erase', unfinishedAccountIds: ['a-1'] })
      .then(UserDeleted({ writer: 'local', connectionId: 'entra' }), PersonErased({ unfinishedAccountIds: ['a-1'] }));
  });

  it('is for ever: later folds meet nothing but `erased`', () => {
    const unreadable = UserCreated({ ...linked, changed: all }, ERASED);
    user(unreadable, UserChanged(linked, ERASED), UserDeleted({ writer: 'local', connectionId: 'entra' }))
      .when({ type: 'Delete', writer: { kind: 'local' } })
      .thenRejected('user/unknown');
    user(unreadable).when({ type: 'Erase', unfinishedAccountIds: [] }).thenNothing();
  });
});
