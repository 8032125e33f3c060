import { describe, expect, it } from '@jest/globals';
import { UserChanged, UserCreated, type UserStanding } from '@tenure/contracts';
import { given } from '@tenure/eventing/testing';
import { localMerge, localReplacement } from './local-edit.ts';
import { userDecider } from './user.decider.ts';

const local: UserStanding = {
  changed: [],
  writer: 'local',
  accountType: 'unmanaged',
  connectionId: null,
  unassignedFrom: null,
  passwordId: null,
};
const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
const ada = {
  schemas,
  userName: 'ada@plum.example',
  name: { givenName: 'Ada', familyName: 'Holt' },
  title: 'Baker',
  active: true,
};
const user = given(userDecider);

describe('an admin’s edit (R16)', () => {
  it('merges attribute by attribute, and null clears', () => {
    const operations = localMerge({ name: { givenName: 'Adah' }, title: null });
    user(UserCreated(local, { resource: ada }))
      .when({ type: 'Patch', operations, writer: { kind: 'local' } })
      .then(
        UserChanged(
          { ...local, changed: ['name', 'title'] },
          {
            resource: {
              schemas,
              userName: 'ada@plum.example',
              name: { givenName: 'Adah', familyName: 'Holt' },
              active: true,
            },
          },
        ),
      );
  });

  it('replaces the whole resource', () => {
    const replacement = localReplacement({ userName: 'ada@plum.example', displayName: 'Ada' });
    user(UserCreated(local, { resource: ada }))
      .when({ type: 'Replace', ...replacement, writer: { kind: 'local' } })
      .then(
        UserChanged(
          { ...local, changed: ['name', 'displayName', 'title'] },
          { resource: { schemas, userName: 'ada@plum.example', displayName: 'Ada', active: true } },
        ),
      );
  });

  it('is refused like any other where the protocol says no', () => {
    expect(() => localReplacement({ displayName: 'Ada' })).toThrow(
      expect.objectContaining({ code: 'scim/invalidValue' }),
    );
    expect(() => localMerge({ userName: null })).toThrow(expect.objectContaining({ code: 'scim/invalidValue' }));
  });
});
