import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { later } from './testing/system.ts';
import { testWorld, type World } from './testing/world.ts';

/** What an edit, an approval or a threshold does to people who are leaving: R43 to R50, R54, R87. */
let world: World;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

const never = { suspend: null, hardDelete: null };
const nothing = { turnedOff: never, suspended: never, deleted: never };
const frames = (suspended: object, more: object = {}) => ({ ...nothing, suspended, ...more });

/** An office whose app has an account of each of these people. */
const officeOf = async (deprovisioning: object, ...people: string[]) => {
  const office = await world.office({ deprovisioning });
  const ids: string[] = [];
  for (const name of people) ids.push(await office.idp.hire(name));
  await office.app.assign('users', ...ids);
  await office.app.turnOn();
  await world.settled();
  const { app, mapping } = office;
  return {
    ...office,
    ids,
    first: ids[0]!,
    edit: (body: object) => mapping.ok('PUT', `${app.path}/deprovisioning`, body),
    preview: (body: object) => mapping.ok('PUT', `${app.path}/deprovisioning?preview=true`, body),
  };
};

const there = (name: string) => world.sandbox.account(`${name}@plum.example`);

describe('R48: an edit of the time frames', () => {
  it('never deletes who was suspended before it, however long ago; one that applies to what runs says what it does, and does it', async () => {
    const { app, idp, ids, edit, preview } = await officeOf(nothing, 'ada-r48', 'bob-r48', 'cy-r48');
    const [ada, bob, cy] = ids as [string, string, string];
    const start = await world.now();
    await idp.setActive(ada, false);
    await world.settled();
    await world.moveTo(later(start, { days: 60 }));
    // At one and the same instant: before the edit, and after it.
    await idp.setActive(bob, false);
    await world.settled();
    const edited = frames({ suspend: null, hardDelete: 'P7D' });
    expect(await preview(edited)).toMatchObject({ counts: { delete: 0, suspend: 0 }, accounts: [], timers: [] });
    await edit(edited);
    await idp.setActive(cy, false);
    await world.settled();
    expect((await app.timers()).map(({ userId, dueAt }) => [userId, dueAt])).toEqual([
      [cy, later(start, { days: 67 })],
    ]);
    expect([await there('ada-r48'), await there('bob-r48')]).toEqual([
      expect.objectContaining({ active: true }),
      expect.objectContaining({ active: true }),
    ]);

    const applied = { ...edited, applyToRunning: true };
    const promised = await preview(applied);
    expect(promised.counts).toMatchObject({ delete: 2, suspend: 0 });
    expect(new Set(promised.accounts.map(({ userId }: any) => userId))).toEqual(new Set([ada, bob]));
    expect(promised.timers).toHaveLength(2);
    await edit(applied);
    await world.settled();
    expect(await there('ada-r48')).toBeUndefined();
    expect(await there('bob-r48')).toMatchObject({ active: true });
    const timers = await app.timers();
    for (const { id, from, to } of promised.timers)
      expect([from, timers.find((timer) => timer.id === id)?.dueAt]).toEqual([null, to]);
  });

  it('R49: does what its preview says, whatever is edited', async () => {
    const people = ['ada', 'bob', 'cy', 'dan', 'eve'].map((name) => `${name}-r49`);
    const { app, idp, ids, mapping, edit, preview } = await officeOf(
      frames({ suspend: 'P1D', hardDelete: null }),
      ...people,
    );
    await idp.setActive(ids[0]!, false);
    await mapping.ok('DELETE', `${app.path}/assignments/users/${ids[1]}`);
    await idp.scim.ok('DELETE', `/Users/${ids[2]}`);
    await world.settled();
    await world.moveTo(later(await world.now(), { hours: 30 }));
    const edits = [
      frames({ suspend: 'P1D', hardDelete: 'P30D' }, { deleted: { suspend: 'P2D', hardDelete: null } }),
      frames(never, { turnedOff: { suspend: 'P9D', hardDelete: 'P10D' } }),
      frames({ suspend: 'P3D', hardDelete: 'P5D' }, { turnedOff: { suspend: null, hardDelete: 'P20D' } }),
      nothing,
      frames({ suspend: null, hardDelete: 'P90D' }, { turnedOff: { suspend: 'P1D', hardDelete: 'P90D' } }),
    ];
    for (const [index, edited] of edits.entries()) {
      for (const applyToRunning of [false, true]) {
        const running = async () =>
          new Map(
            (await app.timers('state=armed')).map(({ id, dueAt, userId, action }) => [id, { dueAt, userId, action }]),
          );
        const before = await running();
        const fired = new Set((await app.timers('state=fired')).map(({ id }) => id));
        const promised = await preview({ ...edited, applyToRunning });
        await edit({ ...edited, applyToRunning });
        await world.settled();
        const after = await running();
        for (const { id, dueAt, userId, action } of await app.timers('state=fired'))
          if (!fired.has(id)) after.set(id, { dueAt, userId, action });
        const moved = [...new Set([...before.keys(), ...after.keys()])]
          .map((id) => ({ id, from: before.get(id)?.dueAt ?? null, to: after.get(id)?.dueAt ?? null }))
          .filter(({ from, to }) => from !== to);
        const byId = (some: any[]) => some.toSorted((one, other) => (one.id < other.id ? -1 : 1));
        expect([index, applyToRunning, byId(promised.timers)]).toEqual([index, applyToRunning, byId(moved)]);
        const touched = moved.filter(({ to }) => to !== null).map(({ id }) => after.get(id)!);
        const users = (action: string) =>
          new Set(touched.filter((timer) => timer.action === action).map(({ userId }) => userId));
        const suspended = users('suspend');
        expect(promised.counts).toEqual({
          create: 0,
          update: 0,
          unsuspend: 0,
          suspend: suspended.size,
          delete: [...users('hardDelete')].filter((id) => !suspended.has(id)).length,
          // The admin is one of the people.
          unchanged: 6 - new Set(touched.map(({ userId }) => userId)).size,
        });
        if (!applyToRunning) expect(moved).toEqual([]);
      }
    }
  }, 120_000);
});

describe('R47: the same person', () => {
  it('who leaves twice at one instant is deprovisioned twice, and a return in between cancels in between', async () => {
    const { app, idp, first: ada } = await officeOf(frames({ suspend: 'PT0S', hardDelete: 'P1D' }), 'ada-twice');
    for (let round = 1; round <= 2; round++) {
      await idp.setActive(ada, false);
      await world.settled();
      expect(await there('ada-twice')).toMatchObject({ active: false });
      expect((await app.timers('state=armed')).map(({ action }) => action)).toEqual(['hardDelete']);
      await idp.setActive(ada, true);
      await world.settled();
      expect(await there('ada-twice')).toMatchObject({ active: true });
      expect(await app.timers('state=armed')).toEqual([]);
    }
    await idp.setActive(ada, false);
    await idp.setActive(ada, true);
    await idp.setActive(ada, false);
    await world.settled();
    const [timer] = await app.timers('state=armed');
    expect(timer).toMatchObject({ action: 'hardDelete', dueAt: later(await world.now(), { days: 1 }) });
    await world.moveTo(timer.dueAt);
    expect(await there('ada-twice')).toBeUndefined();
  });
});

describe('R54: approvals', () => {
  it('of a suspension and of a deletion wait side by side; each is decided as it was shown', async () => {
    const both = frames({ suspend: 'P1D', hardDelete: 'P2D' });
    const { app, idp, ids, mapping } = await officeOf(both, 'ada-r54', 'bob-r54');
    expect(await mapping.ok('PUT', `${app.path}/approvals`, { actions: ['delete'] })).toEqual({ actions: ['delete'] });
    const start = await world.now();
    for (const id of ids) await idp.setActive(id, false);
    await world.settled();
    await world.moveTo(later(start, { days: 1 }));
    const shown = await app.accountOf(ids[0]!);
    expect(shown.approvals).toEqual([
      { id: expect.any(String), action: 'delete', deprovisioning: 'suspend', requestedAt: later(start, { days: 1 }) },
    ]);
    const { id: _, ...first } = shown.approvals[0];
    expect(shown.pendingApproval).toEqual(first);
    await world.moveTo(later(start, { days: 2 }));
    const [ada, bob] = [await app.accountOf(ids[0]!), await app.accountOf(ids[1]!)];
    expect(ada.approvals.map(({ deprovisioning }: any) => deprovisioning)).toEqual(['suspend', 'hardDelete']);

    const path = (account: any, what: string) => `${app.path}/accounts/${account.id}/${what}`;
    expect(await mapping.post(path(ada, 'approve'), {})).toMatchObject({
      status: 409,
      body: { code: 'approval/changed', detail: expect.stringContaining('hardDelete') },
    });
    expect(await mapping.post(path(ada, 'approve'), { approvalId: 'create.9' })).toMatchObject({
      status: 409,
      body: { code: 'approval/changed' },
    });
    const stale = await mapping.post(
      path(ada, 'approve'),
      { approvalId: ada.approvals[1].id },
      { 'if-match': `W/"${shown.version}"` },
    );
    expect(stale.status).toBe(412);

    // A rejected deletion leaves the suspension pending.
    expect((await mapping.post(path(bob, 'reject'), { approvalId: bob.approvals[1].id })).body).toMatchObject({
      approvals: [{ id: bob.approvals[0].id, deprovisioning: 'suspend' }],
    });
    // An approved deletion leaves nothing to decide.
    expect((await mapping.post(path(ada, 'approve'), { approvalId: ada.approvals[1].id })).body.approvals).toEqual([]);
    await world.settled();
    expect(await there('ada-r54')).toBeUndefined();
    expect(await there('bob-r54')).toMatchObject({ active: true });
    expect((await mapping.post(path(bob, 'approve'), {})).status).toBe(200);
    await world.settled();
    expect(await there('bob-r54')).toMatchObject({ active: false });
  });
});

describe('R87: the safety threshold', () => {
  it('is a state of the app with numbers, and lets nothing go but by a release, whatever becomes of the limit', async () => {
    const people = ['ada', 'bob', 'cy', 'dan'].map((name) => `${name}-r87b`);
    const { app, idp, ids, mapping, edit } = await officeOf(frames({ suspend: 'PT0S', hardDelete: null }), ...people);
    const limit = { count: 1, window: 'PT1H' };
    expect((await app.get()).threshold).toBeUndefined();
    expect(await mapping.ok('PUT', `${app.path}/threshold`, limit)).toEqual(limit);
    expect(await mapping.ok('GET', `${app.path}/threshold`)).toEqual(limit);
    expect((await app.get()).threshold).toEqual({ tripped: false, parked: 0, limit });
    expect((await mapping.put(`${app.path}/threshold`, { count: 1, window: 'P1M' })).status).toBe(400);
    const start = await world.now();
    for (const id of ids) await idp.setActive(id, false);
    await world.settled();
    const active = async () => (await Promise.all(people.map(there))).filter((account) => account?.active).length;
    expect(await active()).toBe(3);
    expect((await app.get()).threshold).toEqual({ tripped: true, since: start, parked: 3, limit });

    await mapping.ok('PUT', `${app.path}/threshold`, { count: 100, window: 'PT1H' });
    await world.settled();
    expect(await active()).toBe(3);
    expect(await mapping.ok('PUT', `${app.path}/threshold`, {})).toEqual({});
    await world.settled();
    await edit({ ...frames({ suspend: 'PT1S', hardDelete: null }), applyToRunning: true });
    await world.moveTo(later(start, { hours: 5 }));
    expect(await active()).toBe(3);
    expect((await app.get()).threshold).toEqual({ tripped: true, since: start, parked: 3, limit: {} });

    await mapping.ok('POST', `${app.path}/threshold/release`, { confirm: true });
    await world.settled();
    expect(await active()).toBe(0);
    expect((await app.get()).threshold).toBeUndefined();
  });
});

describe('what an app is configured with', () => {
  it('R24 R50: keeps single sign-on as long as it is on', async () => {
    const { app, mapping } = await officeOf(nothing, 'ada-r24');
    expect(await mapping.put(`${app.path}/sso`, { configured: false })).toMatchObject({
      status: 409,
      body: { code: 'app/on' },
    });
    await app.turnOff();
    expect(await mapping.ok('PUT', `${app.path}/sso`, { configured: false })).toEqual({ configured: false });
  });

  it('R31 R40: says which group of its scope is gone, and is not turned on until it names none', async () => {
    const { app, idp, mapping } = await world.office();
    const staff = await idp.group('Staff gone');
    const scope = (groups: object[]) => ({ assignment: 'assigned', groups, orgUnits: [] });
    await mapping.ok('PUT', `${app.path}/scope`, scope([{ id: staff, nested: false }]));
    await app.assign('groups', staff);
    await idp.scim.ok('DELETE', `/Groups/${staff}`);
    await world.settled();
    expect(await app.get()).toMatchObject({
      missing: ['scope'],
      steps: { scope: { valid: false, problems: [{ field: 'groups[0].id' }, { field: 'assignments[0].id' }] } },
    });
    expect(await mapping.post(`${app.path}/on`, { confirm: true })).toMatchObject({
      status: 409,
      body: { code: 'app/incomplete', errors: [{ field: 'scope' }] },
    });
    await mapping.ok('PUT', `${app.path}/scope`, scope([]));
    await mapping.ok('DELETE', `${app.path}/assignments/groups/${staff}`);
    expect((await app.get()).missing).toEqual([]);
  });

  it('R22 R59: refuses by name roles, groups and conditions on groups that do not exist', async () => {
    const { app, idp, mapping } = await world.office();
    const ada = await idp.hire('ada-r59');
    await world.settled();
    const rule = (more: object) => ({
      rules: [{ name: 'x', enabled: true, match: 'all', conditions: [], actions: [{ type: 'skip' }], ...more }],
    });
    const inGroup = { conditions: [{ operator: 'memberOf', value: 'no-such-group' }] };
    expect(await mapping.put(`${app.path}/rules`, rule(inGroup))).toMatchObject({
      status: 400,
      body: { code: 'rules/group-unknown', errors: [{ field: 'rules[0].conditions[0].value' }] },
    });
    const setRole = { actions: [{ type: 'setRole', value: 'NoSuchRole' }] };
    expect(await mapping.put(`${app.path}/rules`, rule(setRole))).toMatchObject({
      status: 400,
      body: { code: 'rules/role-unknown', detail: expect.stringContaining('NoSuchRole') },
    });
    expect(await mapping.put(`${app.path}/assignments/users/${ada}`, { role: 'NoSuchRole' })).toMatchObject({
      status: 400,
      body: { code: 'assignment/role', detail: expect.stringContaining('NoSuchRole') },
    });
    expect((await mapping.put(`${app.path}/assignments/roles/NoSuchRole`, {})).status).toBe(400);
  }, 60_000);

  it('R28: has no roles where its preset has none', async () => {
    const { app, idp, mapping } = await world.office({ preset: 'lumapps' });
    const ada = await idp.hire('ada-r28');
    await world.settled();
    const unsupported = (answer: Promise<unknown>, code: string) =>
      expect(answer).resolves.toMatchObject({ status: 400, body: { code } });
    await unsupported(mapping.put(`${app.path}/assignments/users/${ada}`, { role: 'ADMIN' }), 'assignment/unsupported');
    await unsupported(mapping.put(`${app.path}/assignments/roles/ADMIN`, {}), 'assignment/unsupported');
    const action = { type: 'setRole', value: 'ADMIN' };
    const rules = [{ name: 'x', enabled: true, match: 'all', conditions: [], actions: [action] }];
    await unsupported(mapping.put(`${app.path}/rules`, { rules }), 'rules/unsupported');
    const { targets: _, ...attributes } = await mapping.ok('GET', `${app.path}/attributes`);
    const toRoles = { kind: 'direct', target: 'roles', source: 'appRoleAssignments', apply: 'always' };
    await unsupported(
      mapping.put(`${app.path}/attributes`, { ...attributes, mappings: [...attributes.mappings, toRoles] }),
      'mapping/unsupported',
    );
  });

  it('R64: gives no entitlements by rules while the tenant’s gate is closed', async () => {
    const { app, directory, mapping, tenant } = await world.office();
    const rules = [
      {
        name: 'Sales',
        enabled: true,
        match: 'all',
        conditions: [],
        actions: [{ type: 'addEntitlement', kind: 'group', value: 'Sales' }],
      },
    ];
    await directory.ok('PUT', '', { ...tenant.profile, features: { provisioning: true, entitlements: false } });
    await world.settled();
    for (const query of ['', '?preview=true'])
      expect(await mapping.put(`${app.path}/rules${query}`, { rules })).toMatchObject({
        status: 403,
        body: { code: 'feature/entitlements' },
      });
  });
});

describe('evaluation keeps its reasons', () => {
  it('R83: as revisions, ids and codes in the events, which say where each value came from', async () => {
    const { app, idp, mapping, first: ada } = await officeOf(frames({ suspend: 'P1D', hardDelete: null }), 'ada-why');
    await idp.setActive(ada, false);
    await world.settled();
    const { id } = await app.accountOf(ada);
    const { items } = await mapping.ok('GET', `${app.path}/accounts/${id}/history`);
    const { version } = await app.get();
    const find = (type: string) => items.find((item: any) => item.type === type);
    expect(find('AccountPlanned').data).toMatchObject({
      basis: { engine: 2, user: 1, app: version, tenant: expect.any(Number), groups: [] },
      scope: { in: true, because: 'scope/assigned-user' },
      targets: { userName: { by: 'mapping', n: 0 }, externalId: { by: 'system' } },
    });
    expect(find('DeprovisioningScheduled').data).toMatchObject({
      basis: { user: 2 },
      scope: { in: true, because: 'scope/assigned-user' },
      ruleIds: [],
      episode: 1,
    });
    expect(find('DeprovisioningTriggersChanged').data).toMatchObject({
      held: [{ trigger: 'suspended', origin: 'user@2', episode: 1 }],
    });
  });

  it('R27: a test of the connection, new credentials, approvals and a threshold evaluate nobody', async () => {
    const { app, mapping, first: ada } = await officeOf(nothing, 'ada-still');
    const seen = async () => (await app.accountOf(ada)).version;
    const before = await seen();
    await mapping.ok('POST', `${app.path}/test`);
    await mapping.ok('PUT', `${app.path}/approvals`, { actions: ['delete'] });
    await mapping.ok('PUT', `${app.path}/threshold`, { count: 3, window: 'PT1H' });
    await world.settled();
    expect(await seen()).toBe(before);
  });
});
