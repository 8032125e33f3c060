import { describe, expect, it } from '@jest/globals';
import {
  UserAccountTypeChanged,
  UserChanged,
  UserCreated,
  UserDeactivated,
  UserDeleted,
  UserLinked,
  UserReactivated,
  UserUnlinked,
  type UserStanding,
} from '@tenure/contracts';
import { given } from '@tenure/eventing/testing';
import { profiles, type ConnectionSettings, type JsonObject, type PatchOperation } from '@tenure/scim';
import type { ConnectionPolicy } from './connection-policy.ts';
import { forbiddenToIssuers, refuseIssuer } from './token-issuer.ts';
import { userDecider } from './user.decider.ts';
import { evolveUser } from './user.state.ts';

const user = given(userDecider);
const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
const ada: JsonObject = {
  schemas,
  externalId: 'ada-1',
  userName: 'ada@plum.example',
  displayName: 'Ada Holt',
  active: true,
};
const inactive: JsonObject = { ...ada, active: false };

const policy = (
  settings: Partial<ConnectionSettings> = {},
  more: Partial<ConnectionPolicy> = {},
): ConnectionPolicy => ({
  connectionId: 'entra',
  enabled: true,
  settings: { ...profiles.entra, ...settings },
  defaults: {},
  schemasVersion: 0,
  ...more,
});
const entra = (settings: Partial<ConnectionSettings> = {}, more: Partial<ConnectionPolicy> = {}) =>
  ({ kind: 'connection', policy: policy(settings, more) }) as const;
const admin = { kind: 'local' } as const;

const linked: UserStanding = {
  changed: [],
  writer: 'connection',
  accountType: 'provisionedManaged',
  connectionId: 'entra',
  unassignedFrom: null,
  passwordId: null,
};
const local: UserStanding = { ...linked, writer: 'local', accountType: 'unmanaged', connectionId: null };
const all = ['externalId', 'userName', 'displayName', 'active'];
const created = UserCreated({ ...linked, changed: all }, { resource: ada });
const createdHere = UserCreated({ ...local, changed: all }, { resource: ada });
const madeManaged = UserAccountTypeChanged({ ...local, accountType: 'managed' }, { resource: ada });
const unassigned = UserUnlinked(
  { ...linked, connectionId: null, accountType: 'managed', unassignedFrom: 'entra', changed: ['externalId'] },
  { resource: { schemas, userName: 'ada@plum.example', displayName: 'Ada Holt', active: false } },
);

const replace = (path: string, value: PatchOperation extends { value?: infer V } ? V : JsonObject[string]) =>
  ({ op: 'replace', path, value }) as PatchOperation;
const patch = (operations: PatchOperation[], writer: ReturnType<typeof entra> | typeof admin = entra()) =>
  ({ type: 'Patch', operations, writer }) as const;
const token = { connectionId: 'entra', connectionName: 'Entra' };

describe('a user created by a connection', () => {
  it('is provisioned managed and linked (R15)', () => {
    user().when({ type: 'Create', resource: ada, writer: entra() }).then(created);
  });

  it('is active unless the body says otherwise', () => {
    const { active: _, ...silent } = ada;
    user()
      .when({ type: 'Create', resource: silent, writer: entra() })
      .then(UserCreated({ ...linked, changed: all }, { resource: { ...silent, active: true } }));
  });

  it('takes defaults for what it leaves out from the token issuer (R12)', () => {
    const defaults = { preferredLanguage: 'ja', timezone: 'Asia/Tokyo' };
    user()
      .when({ type: 'Create', resource: { ...ada, timezone: 'Europe/Rome' }, writer: entra({}, { defaults }) })
      .then(
        UserCreated(
          { ...linked, changed: ['externalId', 'userName', 'displayName', 'preferredLanguage', 'timezone', 'active'] },
          { resource: { ...ada, timezone: 'Europe/Rome', preferredLanguage: 'ja' } },
        ),
      );
  });

  it('is refused without an attribute that the connection requires (R11)', () => {
    const { displayName: _, ...nameless } = ada;
    user()
      .when({ type: 'Create', resource: nameless, writer: entra({ required: ['displayName'] }) })
      .thenRejected('user/attribute-required');
  });

  it('has one of three roles, GUEST without any (R13)', () => {
    const writer = entra({ roles: 'adminUserGuest' });
    const withRoles = (roles: JsonObject[]) =>
      UserCreated(
        { ...linked, changed: ['externalId', 'userName', 'displayName', 'active', 'roles'] },
        { resource: { ...ada, roles } },
      );
    user()
      .when({ type: 'Create', resource: ada, writer })
      .then(withRoles([{ value: 'GUEST', primary: true }]));
    user()
      .when({ type: 'Create', resource: { ...ada, roles: [{ value: 'admin' }] }, writer })
      .then(withRoles([{ value: 'ADMIN' }]));
    user()
      .when({ type: 'Create', resource: { ...ada, roles: [{ value: 'owner' }] }, writer })
      .thenRejected('user/role-unknown');
  });

  it('has no name longer than an index takes, in whatever form', () => {
    user()
      .when({ type: 'Create', resource: { ...ada, userName: 'x'.repeat(513) }, writer: entra() })
      .thenRejected('value/too-long');
    user()
      .when({ type: 'Create', resource: { ...ada, userName: 'ﷺ'.repeat(50) }, writer: entra() })
      .thenRejected('value/too-long');
  });

  it('is unmanaged when it was a first sign-in (R23)', () => {
    user()
      .when({ type: 'Create', resource: ada, writer: { kind: 'jit' } })
      .then(UserCreated({ ...local, writer: 'jit', changed: all }, { resource: ada }));
  });

  it('has a password that the event only names (decision 12)', () => {
    user()
      .when({ type: 'Create', resource: ada, writer: entra(), passwordId: 'secret-1' })
      .then(UserCreated({ ...linked, changed: [...all, 'password'], passwordId: 'secret-1' }, { resource: ada }));
  });
});

describe('a PATCH', () => {
  it('carries what changed and the whole resource after', () => {
    user(created)
      .when(patch([replace('displayName', 'Ada H.')]))
      .then(UserChanged({ ...linked, changed: ['displayName'] }, { resource: { ...ada, displayName: 'Ada H.' } }));
  });

  it('that changes nothing says nothing', () => {
    user(created)
      .when(patch([replace('displayName', 'Ada Holt'), replace('active', true)]))
      .thenNothing();
  });

  it('of active is a deactivation, and a reactivation (R17)', () => {
    const deactivated = UserDeactivated({ ...linked, changed: ['active'] }, { resource: inactive });
    user(created)
      .when(patch([replace('active', false)]))
      .then(deactivated);
    user(created, deactivated)
      .when(patch([replace('active', true)]))
      .then(UserReactivated({ ...linked, changed: ['active'] }, { resource: ada }));
  });

  it('that leaves active empty leaves the user as they were', () => {
    const deactivated = UserDeactivated({ ...linked, changed: ['active'] }, { resource: inactive });
    user(created, deactivated)
      .when(patch([{ op: 'remove', path: 'active', emptied: true }]))
      .thenNothing();
    user(created)
      .when(patch([{ op: 'remove', path: 'active', emptied: true }]))
      .thenNothing();
  });

  it('that removes active leaves it unassigned, which is active', () => {
    const { active: _, ...unassigned } = ada;
    const deactivated = UserDeactivated({ ...linked, changed: ['active'] }, { resource: inactive });
    const removed = UserReactivated({ ...linked, changed: ['active'] }, { resource: unassigned });
    user(created, deactivated)
      .when(patch([{ op: 'remove', path: 'active' }]))
      .then(removed);
    user(created)
      .when(patch([{ op: 'remove', path: 'active' }]))
      .then(UserChanged({ ...linked, changed: ['active'] }, { resource: unassigned }));
    user(created, deactivated, removed)
      .when(patch([replace('displayName', 'Ada H.')]))
      .then(
        UserChanged({ ...linked, changed: ['displayName'] }, { resource: { ...unassigned, displayName: 'Ada H.' } }),
      );
  });

  it('that the protocol refuses says so with its scimType', () => {
    const missing = {
      op: 'replace',
      path: 'emails',
      where: {
        op: 'co',
        attribute: { path: 'type', type: 'string', caseExact: false, multiValued: false },
        value: 'work',
      },
      sub: 'value',
      value: 'x@plum.example',
    } as const;
    user(created)
      .when(patch([missing]))
      .thenRejected('scim/noTarget');
  });

  it('may deactivate a user who lacks what is required (R11)', () => {
    user(created)
      .when(patch([replace('active', false)], entra({ required: ['title'] })))
      .then(UserDeactivated({ ...linked, changed: ['active'] }, { resource: inactive }));
  });
});

describe('a PUT', () => {
  const titled = UserChanged(
    { ...linked, writer: 'local', changed: ['title'] },
    { resource: { ...ada, title: 'Baker' } },
  );
  const { displayName: _, ...nameless } = ada;

  it('clears what this connection ever set and nobody else did (C11)', () => {
    user(created, titled)
      .when({ type: 'Replace', resource: nameless, cleared: [], writer: entra() })
      .then(UserChanged({ ...linked, changed: ['displayName'] }, { resource: { ...nameless, title: 'Baker' } }));
  });

  it('clears everything where the connection says so', () => {
    user(created, titled)
      .when({ type: 'Replace', resource: nameless, cleared: [], writer: entra({ putClears: 'all' }) })
      .then(UserChanged({ ...linked, changed: ['displayName', 'title'] }, { resource: nameless }));
  });

  it('of an admin is overwritten by the next of the connection, and both are told (R16)', () => {
    const edited = UserChanged(
      { ...linked, writer: 'local', changed: ['displayName'] },
      { resource: { ...ada, displayName: 'Countess' } },
    );
    user(created)
      .when({ type: 'Replace', resource: { ...ada, displayName: 'Countess' }, cleared: [], writer: admin })
      .then(edited);
    user(created, edited)
      .when({ type: 'Replace', resource: ada, cleared: [], writer: entra() })
      .then(UserChanged({ ...linked, changed: ['displayName'] }, { resource: ada }));
  });

  it('of an admin leaves the externalId to the connection', () => {
    const { externalId: __, ...without } = ada;
    user(created).when({ type: 'Replace', resource: without, cleared: [], writer: admin }).thenNothing();
  });
});

describe('what a connection sees (R10, decision 14)', () => {
  const rename = [replace('displayName', 'Ada H.')];
  const renamed = { resource: { ...ada, displayName: 'Ada H.' } };

  it('is not a user of another connection', () => {
    user(created)
      .when(patch(rename, entra({}, { connectionId: 'okta' })))
      .thenRejected('user/unseen');
  });

  it('is not an unmanaged user', () => {
    user(createdHere).when(patch(rename)).thenRejected('user/unseen');
  });

  it('is a managed one, whom its first write links (R15)', () => {
    user(createdHere, madeManaged)
      .when(patch(rename))
      .then(UserLinked(linked, { resource: ada }), UserChanged({ ...linked, changed: ['displayName'] }, renamed));
    user(createdHere, madeManaged)
      .when(patch([]))
      .then(UserLinked(linked, { resource: ada }));
  });

  it('is only one that changed after the cut-off (R10)', () => {
    const writer = entra({ eligibility: { managedOnly: true, changedAfter: '2023-01-16T00:00:00.000Z' } });
    user(createdHere, madeManaged)
      .when({ ...patch(rename, writer), lastModified: '2023-01-15T23:59:59.999Z' })
      .thenRejected('user/unseen');
    user(createdHere, madeManaged)
      .when({ ...patch([], writer), lastModified: '2023-01-16T00:00:00.000Z' })
      .then(UserLinked(linked, { resource: ada }));
  });
});

describe('the type of an account (R15)', () => {
  it('is made managed by an admin', () => {
    user(createdHere)
      .when({ ...patch([], admin), accountType: 'managed' })
      .then(madeManaged);
  });

  it('is told with what else the admin changed', () => {
    const resource = { ...ada, title: 'Baker' };
    user(createdHere)
      .when({ ...patch([replace('title', 'Baker')], admin), accountType: 'managed' })
      .then(
        UserChanged({ ...local, changed: ['title'] }, { resource }),
        UserAccountTypeChanged({ ...local, accountType: 'managed' }, { resource }),
      );
  });

  it('is provisionedManaged by linking alone, and then not the admin’s to change', () => {
    user(createdHere)
      .when({ ...patch([], admin), accountType: 'provisionedManaged' })
      .thenRejected('user/account-type');
    user(created)
      .when({ ...patch([], admin), accountType: 'managed' })
      .thenRejected('user/linked');
  });
});

describe('unassigning (R19)', () => {
  it('deletes', () => {
    user(created)
      .when({ type: 'Delete', writer: entra() })
      .then(UserDeleted({ writer: 'connection', connectionId: 'entra' }));
  });

  it('or deactivates and unlinks', () => {
    user(created)
      .when({ type: 'Delete', writer: entra({ unassign: 'deactivate' }) })
      .then(UserDeactivated({ ...linked, changed: ['active'] }, { resource: inactive }), unassigned);
  });

  it('then hides the user from the connection', () => {
    user(created, unassigned)
      .when(patch([], entra({ eligibility: { managedOnly: false } })))
      .thenRejected('user/unseen');
  });

  it('until its POST links and reactivates them', () => {
    user(created, unassigned)
      .when({ type: 'Revive', resource: ada, policy: policy() })
      .then(
        UserLinked(linked, {
          resource: { schemas, userName: 'ada@plum.example', displayName: 'Ada Holt', active: false },
        }),
        UserReactivated({ ...linked, changed: ['externalId', 'active'] }, { resource: { ...ada } }),
      );
  });

  it('lets nobody else have them by a POST', () => {
    user(created, unassigned)
      .when({ type: 'Revive', resource: ada, policy: policy({}, { connectionId: 'okta' }) })
      .thenRejected('user/name-taken');
  });

  it('of a deleted user is not found', () => {
    user(created, UserDeleted({ writer: 'connection', connectionId: 'entra' }))
      .when({ type: 'Delete', writer: entra() })
      .thenRejected('user/unknown');
  });
});

describe('a POST for an inactive user of the connection (C10)', () => {
  const deactivated = UserDeactivated({ ...linked, changed: ['active'] }, { resource: inactive });

  it('is refused unless the connection asked for more', () => {
    user(created, deactivated)
      .when({ type: 'Revive', resource: ada, policy: policy() })
      .thenRejected('user/name-taken');
  });

  it('reactivates with reactivateOnCreate', () => {
    user(created, deactivated)
      .when({ type: 'Revive', resource: ada, policy: policy({ reactivateOnCreate: true }) })
      .then(UserReactivated({ ...linked, changed: ['active'] }, { resource: ada }));
  });
});

describe('the issuer of a living token (R7, R65)', () => {
  const present = evolveUser({ status: 'none' }, created);

  it.each([
    ['suspended', 'suspended', patch([replace('active', false)])],
    ['suspended by an admin', 'suspended', patch([replace('active', false)], admin)],
    ['given another role', 'given another role', patch([replace('roles', [{ value: 'USER' }])])],
    ['deleted', 'deleted', { type: 'Delete', writer: entra() } as const],
    ['unassigned', 'deleted', { type: 'Delete', writer: entra({ unassign: 'deactivate' }) } as const],
    ['erased', 'erased', { type: 'Erase', unfinishedAccountIds: [] } as const],
  ])('is not %s', (_, what, command) => {
    expect(forbiddenToIssuers(userDecider.decide(command, present))).toBe(what);
    expect(() => refuseIssuer(what, token)).toThrow(expect.objectContaining({ code: 'user/token-issuer' }));
  });

  it('may change otherwise', () => {
    const command = patch([replace('displayName', 'Ada H.')]);
    expect(forbiddenToIssuers(userDecider.decide(command, present))).toBeUndefined();
  });
});
