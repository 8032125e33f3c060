import { describe, expect, it } from '@jest/globals';
import { TeamAdminRightsLost, UserChanged, UserCreated, type UserStanding } from '@tenure/contracts';
import { given } from '@tenure/eventing/testing';
import { profiles, type JsonObject, type PatchOperation } from '@tenure/scim';
import { isGuest } from './guest.ts';
import { userDecider, type Writer } from './user.decider.ts';

const user = given(userDecider);
const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
const ada: JsonObject = {
  schemas,
  externalId: 'ada-1',
  userName: 'ada@plum.example',
  displayName: 'Ada Holt',
  active: true,
};
const all = ['externalId', 'userName', 'displayName', 'active'];
const admin: Writer = { kind: 'local' };
const entra = (): Writer => ({
  kind: 'connection',
  policy: { connectionId: 'entra', enabled: true, schemasVersion: 0, settings: profiles.entra, defaults: {} },
});
const linked: UserStanding = {
  changed: [],
  writer: 'connection',
  accountType: 'provisionedManaged',
  connectionId: 'entra',
  unassignedFrom: null,
  passwordId: null,
};
const replace = (path: string, value: JsonObject[string]) => ({ op: 'replace', path, value }) as PatchOperation;
const patch = (operations: PatchOperation[], writer: Writer = entra()) =>
  ({ type: 'Patch', operations, writer }) as const;

describe('a guest (R13, R14)', () => {
  it('is whose role that counts is GUEST: the primary one, else the first', () => {
    for (const roles of [
      [{ value: 'GUEST' }],
      [{ value: 'guest' }, { value: 'ADMIN' }],
      [{ value: 'ADMIN' }, { value: 'Guest', primary: true }],
    ] as JsonObject[][])
      expect(isGuest({ roles })).toBe(true);
    for (const roles of [
      undefined,
      [],
      [{ value: 'ADMIN' }, { value: 'GUEST' }],
      [{ value: 'GUEST' }, { value: 'USER', primary: true }],
      [{ display: 'GUEST' }],
    ] as JsonObject[][])
      expect(isGuest(roles === undefined ? {} : { roles })).toBe(false);
  });
});

describe('a team admin (R14)', () => {
  const tenure = 'urn:ietf:params:scim:schemas:extension:tenure:2.0:User';
  const teamAdmin = `${tenure}:teamAdmin`;
  const lead = { ...ada, schemas: [...schemas, tenure], roles: [{ value: 'USER' }], [tenure]: { teamAdmin: true } };
  const leading = UserCreated({ ...linked, changed: [...all, 'roles', teamAdmin] }, { resource: lead });
  const guest = [{ value: 'GUEST' }];
  const { [tenure]: _, ...plain } = lead;
  const powerless = { ...plain, schemas, roles: guest };

  it('who becomes a guest loses the rights, in an event of its own, whoever writes', () => {
    for (const writer of [entra(), admin]) {
      const standing = { ...linked, writer: writer.kind };
      user(leading)
        .when(patch([replace('roles', guest)], writer))
        .then(
          UserChanged({ ...standing, changed: ['roles'] }, { resource: { ...lead, roles: guest } }),
          TeamAdminRightsLost({ ...standing, changed: [teamAdmin] }, { resource: powerless }),
        );
    }
  });

  it('keeps them in any other role, and with a second role that does not count', () => {
    user(leading)
      .when(patch([replace('roles', [{ value: 'ADMIN' }, ...guest])]))
      .then(
        UserChanged(
          { ...linked, changed: ['roles'] },
          { resource: { ...lead, roles: [{ value: 'ADMIN' }, ...guest] } },
        ),
      );
    const primaryGuest: JsonObject[] = [{ value: 'ADMIN' }, { value: 'guest', primary: true }];
    user(leading)
      .when(patch([replace('roles', primaryGuest)]))
      .then(
        UserChanged({ ...linked, changed: ['roles'] }, { resource: { ...lead, roles: primaryGuest } }),
        TeamAdminRightsLost({ ...linked, changed: [teamAdmin] }, { resource: { ...powerless, roles: primaryGuest } }),
      );
  });

  it('is no guest: what would make one of them is dropped, at a create too', () => {
    const known = UserCreated({ ...linked, changed: [...all, 'roles'] }, { resource: powerless });
    user(known)
      .when(patch([replace(teamAdmin, true)]))
      .thenNothing();
    user()
      .when({ type: 'Create', resource: { ...lead, roles: guest }, writer: entra() })
      .then(known);
    user(known)
      .when(patch([replace(teamAdmin, true), replace('roles', [{ value: 'USER' }])]))
      .then(UserChanged({ ...linked, changed: ['roles', teamAdmin] }, { resource: lead }));
  });
});
