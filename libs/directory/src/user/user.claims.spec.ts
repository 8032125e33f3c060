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
import { profiles } from '@tenure/scim';
import { newExternalId, userClaims } from './user.claims.ts';
import { userDecider } from './user.decider.ts';
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
  claimsExternalId: true,
};
const all = ['externalId', 'userName', 'active'];
const created = UserCreated({ ...linked, changed: all }, { resource: ada });
const { externalId: _, ...withoutId } = ada;
const unassigned = UserUnlinked(
  {
    ...linked,
    connectionId: null,
    accountType: 'managed',
    unassignedFrom: 'entra',
    claimsExternalId: undefined,
    changed: ['externalId'],
  },
  { resource: withoutId },
);

describe('what only one user may hold', () => {
  const claimsAfter = (...events: UserEvent[]) =>
    userClaims(events.reduce(evolveUser, userDecider.initial)).map(({ kind, value }) => [kind, value]);

  it('is the userName, whatever its case or form, and the externalId in its connection where that is unique (C17)', () => {
    expect(
      claimsAfter(UserCreated({ ...linked, changed: all }, { resource: { ...ada, userName: 'ＡDA@Plum.example' } })),
    ).toEqual([
      ['userName', 'ada@plum.example'],
      ['externalId/entra', 'ada-1'],
    ]);
  });

  it('is no externalId where the connection lets several users have it', () => {
    const shared = UserCreated({ ...linked, claimsExternalId: undefined, changed: all }, { resource: ada });
    expect(claimsAfter(shared)).toEqual([['userName', 'ada@plum.example']]);
  });

  it('is still the externalId of an event from before that was a setting', () => {
    const { claimsExternalId: __, ...data } = { ...linked, changed: all };
    const stored = UserCreated.fromStored(1, data, { resource: ada });
    expect(claimsAfter(stored)).toEqual([
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

describe('a write of an externalId', () => {
  const policy = (uniqueExternalId: boolean) => ({
    connectionId: 'entra',
    enabled: true,
    settings: { ...profiles.generic, uniqueExternalId },
    defaults: {},
    schemasVersion: 0,
  });
  const write = (before: UserEvent, uniqueExternalId: boolean, path: string, value: string | boolean) => {
    const state = evolveUser(userDecider.initial, before);
    const writer = { kind: 'connection', policy: policy(uniqueExternalId) } as const;
    const after = userDecider
      .decide({ type: 'Patch', operations: [{ op: 'replace', path, value }], writer }, state)
      .reduce(evolveUser, state);
    return { claims: userClaims(after).map(({ value: held }) => held), claimed: newExternalId(state, after) };
  };
  const shared = UserCreated({ ...linked, claimsExternalId: undefined, changed: all }, { resource: ada });

  it('claims it where it is unique, and gives the old one back', () => {
    expect(write(created, true, 'externalId', 'ada-2')).toEqual({
      claims: ['ada@plum.example', 'ada-2'],
      claimed: 'ada-2',
    });
  });

  it('gives the old one back and claims none where it no longer is', () => {
    expect(write(created, false, 'externalId', 'ada-2').claims).toEqual(['ada@plum.example']);
  });

  it('is what takes a claim: other writes keep what the user has, whatever the setting is now', () => {
    expect(write(created, false, 'active', false).claims).toEqual(['ada@plum.example', 'ada-1']);
    expect(write(shared, true, 'active', false)).toEqual({ claims: ['ada@plum.example'], claimed: undefined });
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
