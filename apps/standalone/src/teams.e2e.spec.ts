import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testSystem, type TestSystem } from './testing/system.ts';
import {
  makeTenant,
  operations,
  person,
  sorted,
  TENURE_USER,
  type IdentityProvider,
  type Tenant,
} from './testing/world.ts';

const TENURE_GROUP = 'urn:ietf:params:scim:schemas:extension:tenure:2.0:Group';
const CLOSED = { op: 'add', path: `${TENURE_GROUP}:closedToGuests`, value: true };

let system: TestSystem;
let plum: Tenant;
let idp: IdentityProvider;
beforeAll(async () => {
  system = await testSystem();
  plum = await makeTenant(system);
  idp = await plum.connect('generic', { roles: 'adminUserGuest' });
});
afterAll(() => system?.close());

const user = (id: string) => plum.directory.ok('GET', `/users/${id}`);
const isTeamAdmin = async (id: string): Promise<unknown> => (await user(id)).resource[TENURE_USER]?.teamAdmin;
const lead = (name: string) => idp.hire(name, { roles: [{ value: 'USER' }], [TENURE_USER]: { teamAdmin: true } });
const become = (id: string, role: string) => idp.set(id, { op: 'replace', path: 'roles', value: [{ value: role }] });
const members = async (group: string): Promise<string[]> =>
  sorted(((await idp.scim.ok('GET', `/Groups/${group}`)).members ?? []).map(({ value }: any) => value));
const team = async (name: string, ...ids: string[]) => {
  const group = await idp.group(name, ...ids);
  await idp.scim.ok('PATCH', `/Groups/${group}`, operations(CLOSED));
  return group;
};

describe('R14: a downgrade to GUEST', () => {
  it('takes away the rights of a team admin and the membership of teams closed to guests, and both are events with a cause', async () => {
    const [ada, bob] = [await lead('ada'), await lead('bob')];
    const bakers = await team('Bakers', ada, bob);
    const readers = await idp.group('Readers', ada, bob);
    expect(
      (await idp.scim.ok('GET', `/Groups?filter=${encodeURIComponent(`${CLOSED.path} eq true`)}`)).Resources.map(
        ({ id }: any) => id,
      ),
    ).toEqual([bakers]);
    await system.settled();

    await become(ada, 'GUEST');
    await system.settled();
    expect(await isTeamAdmin(ada)).toBeUndefined();
    expect(await isTeamAdmin(bob)).toBe(true);
    expect(await members(bakers)).toEqual([bob]);
    expect(await members(readers)).toEqual(sorted([ada, bob]));

    const history = (await plum.directory.ok('GET', `/users/${ada}/history`)).items;
    expect(history.map(({ type, changed }: any) => [type, changed]).slice(1)).toEqual([
      ['UserChanged', ['roles']],
      ['TeamAdminRightsLost', [`${TENURE_USER}:teamAdmin`]],
    ]);
    const removal = (await plum.directory.ok('GET', `/groups/${bakers}/history`)).items.at(-1);
    expect(removal).toMatchObject({
      type: 'GroupMembersRemoved',
      actor: { kind: 'system', id: 'guests' },
      causationId: history[1].id,
      data: { memberIds: [ada], because: 'guest' },
    });
    const audited: any[] = (await plum.audit.ok('GET', '/entries?limit=500')).items;
    expect(audited.find(({ type, userId }) => type === 'TeamAdminRightsLost' && userId === ada)).toMatchObject({
      actor: { kind: 'connection', id: idp.id },
    });
    expect(audited.find(({ type, subject }) => type === 'GroupMembersRemoved' && subject.id === bakers)).toMatchObject({
      actor: { kind: 'system', id: 'guests' },
      because: { causationId: history[1].id },
    });
  });

  it('is the same by PUT, by no role at all, and by an admin; who is promoted again has lost what is lost', async () => {
    const [byPut, byNone, byAdmin] = [await lead('by-put'), await lead('by-none'), await lead('by-admin')];
    const closed = await team('Closed three times', byPut, byNone, byAdmin);
    await idp.scim.ok(
      'PUT',
      `/Users/${byPut}`,
      person('by-put', { roles: [{ value: 'GUEST' }], [TENURE_USER]: { teamAdmin: true } }),
    );
    await idp.set(byNone, { op: 'remove', path: 'roles' });
    await plum.directory.ok('PATCH', `/users/${byAdmin}`, { resource: { roles: [{ value: 'GUEST' }] } });
    await system.settled();
    for (const id of [byPut, byNone, byAdmin]) expect(await isTeamAdmin(id)).toBeUndefined();
    expect(await members(closed)).toEqual([]);

    await idp.set(byPut, { op: 'add', path: `${TENURE_USER}:teamAdmin`, value: true });
    expect(await isTeamAdmin(byPut)).toBeUndefined();
    await become(byPut, 'ADMIN');
    await system.settled();
    expect(await isTeamAdmin(byPut)).toBeUndefined();
    expect(await members(closed)).toEqual([]);
  });

  it('keeps guests out of a team that is closed, and takes those out who are in one that is closed now', async () => {
    const [gus, ada] = [await idp.hire('gus'), await lead('ada-too')];
    const open = await idp.group('Open', gus, ada);
    const closed = await team('Closed', ada);
    await idp.join(closed, gus);
    expect(await members(closed)).toEqual([ada]);
    await idp.scim.ok('PATCH', `/Groups/${open}`, operations(CLOSED));
    await system.settled();
    expect(await members(open)).toEqual([ada]);
    const noted: any[] = (await plum.audit.ok('GET', '/entries?type=RequestNoted&limit=500')).items;
    expect(noted.filter(({ actor }) => actor.id === idp.id)).toMatchObject([
      { reason: { code: 'scim/skipped-member' }, subject: { kind: 'connection', id: idp.id } },
    ]);

    const strict = await plum.connect('strict');
    const guest = (
      await strict.scim.ok('POST', '/Users', {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: 'strict@plum.example',
        roles: [{ value: 'GUEST' }],
      })
    ).id;
    const group = await strict.group('Strictly closed');
    await strict.scim.ok('PATCH', `/Groups/${group}`, operations(CLOSED));
    expect(
      await strict.scim.patch(
        `/Groups/${group}`,
        operations({ op: 'add', path: 'members', value: [{ value: guest }] }),
      ),
    ).toMatchObject({
      status: 400,
      body: { scimType: 'invalidValue', detail: expect.stringContaining('closed to guests') },
    });
  });

  it('happens as well where the downgrade and the joining are one request, or two at once', async () => {
    const [eve, fay] = [await lead('eve'), await lead('fay')];
    const closed = await team('Race');
    await Promise.all([idp.join(closed, eve), become(eve, 'GUEST')]);
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'];
    const bulk = await idp.scim.ok('POST', '/Bulk', {
      schemas,
      Operations: [
        {
          method: 'PATCH',
          path: `/Groups/${closed}`,
          data: operations({ op: 'add', path: 'members', value: [{ value: fay }] }),
        },
        {
          method: 'PATCH',
          path: `/Users/${fay}`,
          data: operations({ op: 'replace', path: 'roles', value: [{ value: 'guest' }] }),
        },
      ],
    });
    expect(bulk.Operations.map(({ status }: any) => status)).toEqual(['200', '200']);
    await system.settled();
    expect(await members(closed)).toEqual([]);
  });
});
