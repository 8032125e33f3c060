import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { later } from './testing/system.ts';
import { testWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

const never = { suspend: null, hardDelete: null };
const frames = (suspended: object, more: object = {}) => ({ turnedOff: never, deleted: never, suspended, ...more });

/** An office whose app has an account of each of these people. */
const officeOf = async (deprovisioning: object, ...people: string[]) => {
  const office = await world.office({ deprovisioning });
  const ids: string[] = [];
  for (const name of people) ids.push(await office.idp.hire(name));
  await office.app.assign('users', ...ids);
  await office.app.turnOn();
  await world.settled();
  return { ...office, ids, first: ids[0]! };
};

const isActive = async (name: string): Promise<boolean | undefined> =>
  (await world.sandbox.account(`${name}@plum.example`))?.active;
/** What the sandbox was asked to write since, about one account. */
const writesTo = async (remoteId: string) =>
  (await world.sandbox.writes()).filter(({ path }) => path === `/Users/${remoteId}`).map(({ method }) => method);

describe('a timer', () => {
  it('R46: of a day fires a day after the trigger and not a millisecond before, once', async () => {
    const { idp, app, first: ada } = await officeOf(frames({ suspend: 'P1D', hardDelete: 'P7D' }), 'ada-r46');
    const { remoteId } = await app.accountOf(ada);
    const triggered = await world.now();
    await idp.setActive(ada, false);
    await world.settled();
    expect(await app.timers()).toMatchObject([
      {
        trigger: 'suspended',
        action: 'suspend',
        triggeredAt: triggered,
        delay: 'P1D',
        dueAt: later(triggered, { days: 1 }),
        state: 'armed',
        effective: true,
      },
      {
        trigger: 'suspended',
        action: 'hardDelete',
        delay: 'P7D',
        dueAt: later(triggered, { days: 7 }),
        state: 'armed',
      },
    ]);
    await world.moveTo(later(triggered, { days: 1, ms: -1 }));
    expect(await isActive('ada-r46')).toBe(true);
    await world.moveTo(later(triggered, { days: 1 }));
    expect(await isActive('ada-r46')).toBe(false);
    expect(await app.accountOf(ada)).toMatchObject({ status: 'suspended', since: later(triggered, { days: 1 }) });
    await world.moveTo(later(triggered, { days: 7, ms: -1 }));
    expect(await isActive('ada-r46')).toBe(false);
    await world.moveTo(later(triggered, { days: 7 }));
    expect(await world.sandbox.account('ada-r46@plum.example')).toBeUndefined();
    expect(await writesTo(remoteId)).toEqual(['PATCH', 'DELETE']);
    expect((await app.timers()).map(({ state, endedAt }) => [state, endedAt])).toEqual([
      ['fired', later(triggered, { days: 1 })],
      ['fired', later(triggered, { days: 7 })],
    ]);
  });

  it('R46: within 24 hours is the next cycle: at once, without the clock being moved', async () => {
    const { idp, app, first: ada } = await officeOf(frames({ suspend: 'PT0S', hardDelete: null }), 'ada-pt0s');
    await idp.setActive(ada, false);
    await world.settled();
    expect(await isActive('ada-pt0s')).toBe(false);
    expect(await app.timers()).toMatchObject([{ state: 'fired', delay: 'PT0S' }]);
  });

  it('R44: is armed by each of three triggers, by the frame of its own', async () => {
    const all = {
      turnedOff: { suspend: 'P1D', hardDelete: null },
      suspended: { suspend: 'P7D', hardDelete: null },
      deleted: { suspend: null, hardDelete: 'P21D' },
    };
    const { idp, app, mapping, ids } = await officeOf(all, 'ada-r44', 'bob-r44', 'cy-r44');
    await mapping.ok('DELETE', `${app.path}/assignments/users/${ids[0]}`);
    await idp.setActive(ids[1]!, false);
    await idp.scim.ok('DELETE', `/Users/${ids[2]}`);
    await world.settled();
    const timers = await app.timers('state=armed');
    expect(timers.map(({ userId, trigger, action, delay }) => [userId, trigger, action, delay])).toEqual([
      [ids[0], 'turnedOff', 'suspend', 'P1D'],
      [ids[1], 'suspended', 'suspend', 'P7D'],
      [ids[2], 'deleted', 'hardDelete', 'P21D'],
    ]);
    expect((await app.timers(`user=${ids[1]}`)).length).toBe(1);
    expect(
      (await mapping.ok('GET', `/timers?state=armed&dueBefore=${later(await world.now(), { days: 2 })}`)).items.map(
        ({ userId }: any) => userId,
      ),
    ).toEqual([ids[0]]);
  });

  it('R47: of overlapping triggers the earliest counts; who is eligible again is left in peace, and reactivated', async () => {
    const both = frames({ suspend: 'P7D', hardDelete: null }, { turnedOff: { suspend: 'P1D', hardDelete: null } });
    const { idp, app, mapping, audit, first: ada } = await officeOf(both, 'ada-r47');
    const start = await world.now();
    await idp.setActive(ada, false);
    await mapping.ok('DELETE', `${app.path}/assignments/users/${ada}`);
    await world.settled();
    expect((await app.timers('state=armed')).map(({ trigger, effective }) => [trigger, effective])).toEqual([
      ['turnedOff', true],
      ['suspended', false],
    ]);
    await world.moveTo(later(start, { days: 1 }));
    expect(await isActive('ada-r47')).toBe(false);
    await idp.setActive(ada, true);
    await app.assign('users', ada);
    await world.settled();
    expect(await isActive('ada-r47')).toBe(true);
    expect(await app.timers('state=armed')).toEqual([]);
    await world.moveTo(later(start, { days: 8 }));
    expect(await isActive('ada-r47')).toBe(true);
    const types = (await audit.ok('GET', `/entries?user=${ada}&app=${app.id}&limit=500`)).items.map(
      ({ type }: any) => type,
    );
    expect(types).toEqual(
      expect.arrayContaining([
        'DeprovisioningScheduled',
        'DeprovisioningCancelled',
        'TimerFired',
        'AccountSuspended',
        'AccountUnsuspended',
      ]),
    );
  });

  it('R50: pauses while the app is off, and fires once it is on again', async () => {
    const { idp, app, first: ada } = await officeOf(frames({ suspend: 'P1D', hardDelete: null }), 'ada-paused');
    const start = await world.now();
    await idp.setActive(ada, false);
    await world.settled();
    await app.turnOff();
    await world.moveTo(later(start, { days: 3 }));
    expect(await isActive('ada-paused')).toBe(true);
    expect(await app.timers()).toMatchObject([{ state: 'paused' }]);
    expect(await app.turnOn()).toMatchObject({ state: 'on', overdueTimers: 1 });
    await world.settled();
    expect(await isActive('ada-paused')).toBe(false);
  });

  it('R48: that runs is moved by an edit only when told to, and the preview says which', async () => {
    const { idp, app, mapping, first: ada } = await officeOf(frames({ suspend: 'P1D', hardDelete: null }), 'ada-r48');
    const start = await world.now();
    await idp.setActive(ada, false);
    await world.settled();
    const edited = frames({ suspend: 'P3D', hardDelete: null });
    const preview = await mapping.ok('PUT', `${app.path}/deprovisioning?preview=true`, {
      ...edited,
      applyToRunning: true,
    });
    expect(preview.timers).toEqual([
      { id: (await app.timers())[0].id, from: later(start, { days: 1 }), to: later(start, { days: 3 }) },
    ]);
    await mapping.ok('PUT', `${app.path}/deprovisioning`, edited);
    await world.settled();
    expect((await app.timers('state=armed')).map(({ dueAt }) => dueAt)).toEqual([later(start, { days: 1 })]);
    await mapping.ok('PUT', `${app.path}/deprovisioning`, { ...edited, applyToRunning: true });
    await world.settled();
    expect((await app.timers('state=armed')).map(({ dueAt }) => dueAt)).toEqual([later(start, { days: 3 })]);
  });

  it('R54: whose action needs approval fires into waiting, and acts once approved', async () => {
    const {
      idp,
      app,
      mapping,
      first: ada,
    } = await officeOf(frames({ suspend: 'PT0S', hardDelete: null }), 'ada-approve');
    await mapping.ok('PUT', `${app.path}/approvals`, { actions: ['delete'] });
    await idp.setActive(ada, false);
    await world.settled();
    expect(await isActive('ada-approve')).toBe(true);
    const account = await app.accountOf(ada);
    expect(account).toMatchObject({
      status: 'provisioned',
      pendingApproval: { action: 'delete' },
      timers: [{ state: 'fired' }],
    });
    expect((await app.act(account, 'approve')).status).toBe(200);
    await world.settled();
    expect(await isActive('ada-approve')).toBe(false);
  });

  it('R82: is in the same calendar after a restart, and fires once in effect', async () => {
    const { idp, app, ids } = await officeOf(frames({ suspend: 'P1D', hardDelete: 'P2D' }), 'ada-r82', 'bob-r82');
    const start = await world.now();
    const { remoteId } = await app.accountOf(ids[0]!);
    for (const id of ids) await idp.setActive(id, false);
    await world.settled();
    await idp.setActive(ids[1]!, true);
    await world.settled();
    const calendar = await app.timers();
    await world.restart();
    await world.settled();
    expect(await app.timers()).toEqual(calendar);
    await world.moveTo(later(start, { days: 30 }));
    expect(await world.sandbox.account('ada-r82@plum.example')).toBeUndefined();
    expect(await isActive('bob-r82')).toBe(true);
    expect((await writesTo(remoteId)).filter((method) => method === 'DELETE')).toHaveLength(1);
  });
});

describe('the safety threshold', () => {
  it('R87: parks what is more than so many in a window, until an admin lets it go', async () => {
    const people = ['ada', 'bob', 'cy', 'dan'].map((name) => `${name}-r87`);
    const { idp, app, mapping, ids } = await officeOf(frames({ suspend: 'PT0S', hardDelete: null }), ...people);
    await mapping.ok('PUT', `${app.path}/threshold`, { count: 2, window: 'PT1H' });
    for (const id of ids) await idp.setActive(id, false);
    await world.settled();
    const active = async () => (await Promise.all(people.map(isActive))).filter(Boolean).length;
    expect(await active()).toBe(2);
    expect(await app.timers('state=parked')).toHaveLength(2);
    await idp.setActive((await app.timers('state=parked'))[0].userId, true);
    await world.settled();
    expect(await app.timers('state=parked')).toHaveLength(1);
    expect(await mapping.post(`${app.path}/threshold/release`, {})).toMatchObject({
      status: 400,
      body: { code: 'confirm/required' },
    });
    expect((await mapping.post(`${app.path}/threshold/release`, { confirm: true })).status).toBe(200);
    await world.settled();
    expect(await active()).toBe(1);
    expect(await app.timers('state=parked')).toEqual([]);
  });
});
