import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AppConfig } from '../app/app-config.ts';
import { appConfig, openWorld, type World } from '../testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.start();
  await world.tenant();
});
afterEach(() => world.close());

const count = (call: string) => world.app.calls.filter((each) => each === call).length;
const statuses = async () => (await world.accounts()).map(({ user_id, status }) => [user_id, status]);
const timers = async () =>
  (await world.timers()).map(
    ({ trigger, action, state, effective }) => `${trigger} ${action} ${state}${effective ? '' : ' idle'}`,
  );
const ada = () => world.app.byUserName('ada@plum.example');

const salesRule = {
  id: 'r1',
  name: 'Sales',
  enabled: true,
  match: 'all' as const,
  conditions: [{ operator: 'equals' as const, source: 'department', value: 'Sales' }],
  actions: [{ type: 'setEntitlement' as const, kind: 'group' as const, value: 'Sales and Marketing' }],
};
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

describe('a person in scope', () => {
  it('R27: gets an account without being asked for, and its changes follow', async () => {
    await world.configure(appConfig());
    await world.join('ada', { title: 'Engineer' });
    await world.settle();
    expect(await statuses()).toEqual([['ada', 'provisioned']]);
    expect(ada()).toMatchObject({ displayName: 'ada', active: true });
    await world.change('ada', { displayName: 'Ada Holt' });
    await world.settle();
    expect(ada()).toMatchObject({ displayName: 'Ada Holt' });
    expect(count('create')).toBe(1);
    expect(world.failures).toEqual([]);
  });

  it('R59: follows the rules into and out of a group of the app when the department changes', async () => {
    world.app.addGroup('Sales and Marketing');
    await world.configure(appConfig({ ruleSets: [{ version: 1, rules: [salesRule] }] }));
    await world.join('ada', { [enterprise]: { department: 'Sales' } });
    await world.settle();
    const members = () => [...world.app.groups.values()][0]!.members.size;
    expect(members()).toBe(1);
    await world.change('ada', { [enterprise]: { department: 'Legal' } });
    await world.settle();
    expect(members()).toBe(0);
    expect(ada()).toMatchObject({ [`${enterprise}:department`]: 'Legal' });
    expect(world.failures).toEqual([]);
  });

  it('R58: fails with entitlement/unknown where the app has no such group, and makes none', async () => {
    await world.configure(appConfig({ ruleSets: [{ version: 1, rules: [salesRule] }] }));
    await world.join('ada', { [enterprise]: { department: 'Sales' } });
    await world.settle();
    expect(await world.accounts()).toMatchObject([
      { status: 'failed', record: { state: { failure: { code: 'entitlement/unknown' } } } },
    ]);
    expect(world.app.groups.size).toBe(0);
  });

  it('R61: leaves alone the membership of a group that was given in the app itself', async () => {
    const id = world.app.addAccount({ userName: 'ada@plum.example' });
    world.app.addGroup('Sales and Marketing', [id]);
    await world.configure(appConfig({ ruleSets: [{ version: 1, rules: [salesRule] }] }));
    await world.join('ada', { [enterprise]: { department: 'Sales' } });
    await world.settle();
    const [account] = await world.accounts();
    await world
      .provisioning()
      .write(
        { tenantId: 'acme', id: account.id },
        { type: 'Adopt', remoteId: id, active: true, reason: null },
        { causationId: 'x', correlationId: 'x' },
      );
    await world.settle();
    expect(await world.accounts()).toMatchObject([
      { status: 'provisioned', record: { state: { entitlements: [{ value: 'Sales and Marketing', owned: false }] } } },
    ]);
    await world.change('ada', { [enterprise]: { department: 'Legal' } });
    await world.settle();
    expect([...world.app.groups.values()][0]!.members).toEqual(new Set([id]));
  });

  it('R60: keeps the rules that their account was made by, whatever is edited later, until they are reapplied', async () => {
    const set = (version: number, title: string) => ({
      version,
      rules:
        title === ''
          ? []
          : [
              {
                ...salesRule,
                conditions: [],
                actions: [{ type: 'setAttribute' as const, target: 'title', value: title }],
              },
            ],
    });
    const titles = () => ['ada', 'bob', 'cy'].map((name) => world.app.byUserName(`${name}@plum.example`)?.['title']);
    const changeAll = async (displayName: string) => {
      for (const { user_id: id } of await world.accounts()) await world.change(id, { displayName });
      await world.settle();
    };
    await world.configure(appConfig({ ruleSets: [set(0, '')] }));
    await world.join('ada');
    await world.settle();
    await world.configure(appConfig({ ruleSets: [set(0, ''), set(1, 'One')] }));
    await world.join('bob');
    await world.settle();
    expect(titles()).toEqual([undefined, 'One', undefined]);
    await changeAll('first');
    expect(titles()).toEqual([undefined, 'One', undefined]);
    await world.configure(appConfig({ ruleSets: [set(0, ''), set(1, 'One'), set(2, 'Two')] }));
    await world.join('cy');
    await changeAll('second');
    expect(titles()).toEqual([undefined, 'One', 'Two']);
    await world.configure(appConfig({ ruleSets: [set(2, 'Two')] }));
    await world.settle();
    expect(titles()).toEqual(['Two', 'Two', 'Two']);
  });

  it('R40 R41: comes into scope by a user fact and a group fact that arrive in parallel', async () => {
    await world.configure(
      appConfig({ scope: { assignment: 'everyone', groups: [{ id: 'staff', nested: false }], orgUnits: [] } }),
    );
    await world.group('staff');
    for (const name of ['p1', 'p2', 'p3', 'p4', 'p5', 'p6']) {
      await world.sealing.keys.createPerson({ tenantId: 'acme', personId: name });
    }
    await Promise.all(
      ['p1', 'p2', 'p3', 'p4', 'p5', 'p6']
        .map((name) => world.join(name))
        .concat(world.addTo('staff', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6')),
    );
    await world.settle();
    expect(await statuses()).toEqual(['p1', 'p2', 'p3', 'p4', 'p5', 'p6'].map((name) => [name, 'provisioned']));
  });

  it('R26: comes into scope by a group nested in the one that was added', async () => {
    await world.configure(
      appConfig({ scope: { assignment: 'everyone', groups: [{ id: 'staff', nested: true }], orgUnits: [] } }),
    );
    await world.group('sales');
    await world.group('staff', [{ id: 'sales', kind: 'Group' }]);
    await world.join('ada');
    await world.settle();
    expect(await statuses()).toEqual([]);
    await world.addTo('sales', 'ada');
    await world.settle();
    expect(await statuses()).toEqual([['ada', 'provisioned']]);
    await world.removeFrom('staff', 'sales');
    await world.settle();
    expect(await timers()).toEqual(['turnedOff suspend armed']);
  });
});

describe('R44 R46 R47 R62: deprovisioning in time', () => {
  beforeEach(async () => {
    await world.configure(appConfig());
    await world.join('ada');
    await world.settle();
  });

  it('suspends after a day and deletes after seven, each exactly once and not before', async () => {
    await world.deactivate('ada', { displayName: 'Was here' });
    await world.settle();
    expect(await timers()).toEqual(['suspended suspend armed', 'suspended hardDelete armed']);
    expect(ada()).toMatchObject({ active: true, displayName: 'Was here' });
    await world.advance('2026-01-06T08:59:59.999Z');
    expect(ada()).toMatchObject({ active: true });
    await world.advance('2026-01-06T09:00:00.000Z');
    expect(ada()).toMatchObject({ active: false });
    expect(await statuses()).toEqual([['ada', 'suspended']]);
    await world.advance('2026-01-12T08:59:59.999Z');
    expect(ada()).toBeDefined();
    await world.advance('2026-01-12T09:00:00.000Z');
    expect(ada()).toBeUndefined();
    expect([count('setActive false'), count('delete')]).toEqual([1, 1]);
    expect(await statuses()).toEqual([['ada', 'deleted']]);
    expect(world.failures).toEqual([]);
  });

  it('cancels every timer when the person comes back in time', async () => {
    await world.deactivate('ada');
    await world.settle();
    await world.reactivate('ada');
    await world.settle();
    expect(await timers()).toEqual(['suspended suspend cancelled idle', 'suspended hardDelete cancelled idle']);
    await world.advance('2026-02-01T00:00:00.000Z');
    expect(ada()).toMatchObject({ active: true });
  });

  it('reactivates a suspended account, and makes a deleted one anew', async () => {
    await world.deactivate('ada');
    await world.settle();
    await world.advance('2026-01-06T10:00:00.000Z');
    await world.reactivate('ada');
    await world.settle();
    expect(ada()).toMatchObject({ active: true });
    expect(await statuses()).toEqual([['ada', 'provisioned']]);
    await world.leave('ada');
    await world.settle();
    expect(ada()).toBeUndefined();
    expect(await statuses()).toEqual([['ada', 'deleted']]);
  });

  it('R50: pauses while the app is off, arms and cancels all the same, and fires what is overdue when it is on again', async () => {
    await world.configure(appConfig({ state: 'off' }));
    await world.deactivate('ada');
    await world.advance('2026-01-09T00:00:00.000Z');
    expect(ada()).toMatchObject({ active: true });
    expect(await timers()).toEqual(['suspended suspend armed', 'suspended hardDelete armed']);
    await world.configure(appConfig());
    await world.settle();
    expect(ada()).toMatchObject({ active: false });
    expect(await timers()).toEqual(['suspended suspend fired', 'suspended hardDelete armed']);
  });

  it('fires nothing that is overdue after an outage before the facts are consumed that may cancel it', async () => {
    await world.deactivate('ada');
    await world.settle();
    await world.provisioning().stop();
    world.clock.at = '2026-01-08T00:00:00.000Z';
    let caughtUp = false;
    await world.start(async () => caughtUp);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await world.reactivate('ada');
    caughtUp = true;
    await world.settle();
    expect(await timers()).toEqual(['suspended suspend cancelled idle', 'suspended hardDelete cancelled idle']);
    expect(count('setActive false')).toBe(0);
  });

  it('R51: a deleted configuration cancels the timers and leaves the account in the app', async () => {
    await world.deactivate('ada');
    await world.settle();
    await world.configure(appConfig({ state: 'draft' }));
    await world.advance('2026-03-01T00:00:00.000Z');
    expect(await timers()).toEqual(['suspended suspend cancelled idle', 'suspended hardDelete cancelled idle']);
    expect(ada()).toMatchObject({ active: true });
  });

  it('R54: waits for approval with the account as it is, where deleting needs one', async () => {
    await world.configure(appConfig({ approvals: ['delete'] }));
    await world.deactivate('ada');
    await world.settle();
    await world.advance('2026-01-06T09:00:00.000Z');
    expect(await world.accounts()).toMatchObject([{ status: 'provisioned', pending_action: 'delete' }]);
    expect(await timers()).toEqual(['suspended suspend fired', 'suspended hardDelete armed']);
    const [{ id }] = await world.accounts();
    await world
      .provisioning()
      .write({ tenantId: 'acme', id }, { type: 'Approve', reason: null }, { causationId: 'x', correlationId: 'x' });
    await world.settle();
    expect(await statuses()).toEqual([['ada', 'suspended']]);
  });

  it('R87: parks what is above the threshold until it is released', async () => {
    const limited = appConfig({ threshold: { count: 1, window: 'PT1H' } });
    await world.configure(limited);
    await world.join('bob');
    await world.join('cy');
    await world.settle();
    for (const name of ['ada', 'bob', 'cy']) await world.deactivate(name);
    await world.settle();
    await world.advance('2026-01-06T09:00:00.000Z');
    expect((await timers()).toSorted().filter((timer) => !timer.includes('hardDelete'))).toEqual([
      'suspended suspend fired',
      'suspended suspend parked',
      'suspended suspend parked',
    ]);
    await world.configure({ ...limited, thresholdReleasedAt: world.clock.at });
    await world.settle();
    expect(count('setActive false')).toBe(3);
  });

  it('R48: keeps the timers that run when the time frames change', async () => {
    await world.deactivate('ada');
    await world.settle();
    await world.configure(
      appConfig({
        deprovisioning: { ...appConfig().deprovisioning, suspended: { suspend: 'PT0S', hardDelete: null } },
      }),
    );
    await world.settle();
    expect(await timers()).toEqual(['suspended suspend armed', 'suspended hardDelete armed']);
  });
});

describe('R82: views that are dropped', () => {
  it('are the same when they are built again, the calendar included, and nobody is evaluated or served twice', async () => {
    await world.configure(
      appConfig({ scope: { assignment: 'everyone', groups: [{ id: 'staff', nested: false }], orgUnits: [] } }),
    );
    await world.group('staff');
    for (const name of ['ada', 'bob', 'cy']) await world.join(name);
    await world.addTo('staff', 'ada', 'bob', 'cy');
    await world.settle();
    await world.deactivate('ada');
    await world.removeFrom('staff', 'bob');
    await world.advance('2026-01-06T09:00:00.000Z');
    const before = [
      await world.accounts(),
      await world.timers(),
      await world.database.query('select * from provisioning.people order by id'),
      await world.database.query('select * from provisioning.memberships order by member_id'),
    ];
    const [calls, events] = [world.app.calls.length, await world.eventTypes()];
    expect(await statuses()).toEqual([
      ['ada', 'suspended'],
      ['bob', 'suspended'],
      ['cy', 'provisioned'],
    ]);
    await world.rebuild();
    const after = [
      await world.accounts(),
      await world.timers(),
      await world.database.query('select * from provisioning.people order by id'),
      await world.database.query('select * from provisioning.memberships order by member_id'),
    ];
    expect(after).toEqual(before);
    expect([world.app.calls.length, await world.eventTypes()]).toEqual([calls, events]);
    await world.change('cy', { displayName: 'Cy' });
    await world.settle();
    expect(world.app.byUserName('cy@plum.example')).toMatchObject({ displayName: 'Cy' });
    expect(world.failures).toEqual([]);
  });

  it('R85: of an erased person hold nothing that can be read, and the rest goes on', async () => {
    await world.configure(appConfig());
    await world.join('ada');
    await world.settle();
    await world.leave('ada');
    await world.settle();
    expect(ada()).toBeUndefined();
    await world.erase('ada');
    await world.settle();
    const erased = [await world.accounts(), await world.timers()];
    await world.rebuild();
    expect([await world.accounts(), await world.timers()]).toEqual(erased);
    expect(
      JSON.stringify([await world.accounts(), await world.database.query('select * from provisioning.people')]),
    ).not.toContain('plum.example');
    expect(await statuses()).toEqual([['ada', 'deleted']]);
    expect(world.failures).toEqual([]);
  });
});

describe('R96: broken data or a mapping that takes too much', () => {
  const mappings = (...more: AppConfig['attributes']['mappings']) => {
    const { attributes } = appConfig();
    const others = attributes.mappings.filter(({ target }) => !more.some((each) => each.target === target));
    return { ...attributes, mappings: [...others, ...more] };
  };
  const mapped = (target: string, expression: string) =>
    ({ kind: 'expression', target, expression, apply: 'always' }) as const;

  it('R36 R37: an emoji that is cut is an emoji still, and stops nobody', async () => {
    await world.configure(appConfig({ attributes: mappings(mapped('title', 'Left([displayName], 3)')) }));
    await world.join('ada', { displayName: 'ab😀 Smith' });
    await world.join('bob', { displayName: '😀'.repeat(9) });
    await world.settle();
    expect(await statuses()).toEqual([
      ['ada', 'provisioned'],
      ['bob', 'provisioned'],
    ]);
    expect(ada()).toMatchObject({ title: 'ab😀' });
    expect(world.failures).toEqual([]);
  });

  it('fails the account of that person alone, by name of the mapping, until it is mended', async () => {
    const evil = mapped('title', 'Replace([title], , "(a|a|aa)*x", , "")');
    await world.configure(appConfig({ attributes: mappings(evil) }));
    await world.join('ada', { title: 'a'.repeat(20_000) });
    await world.join('bob', { title: 'Baker' });
    await world.settle();
    expect(await statuses()).toEqual([
      ['ada', 'failed'],
      ['bob', 'provisioned'],
    ]);
    expect((await world.accounts())[0]).toMatchObject({
      record: {
        state: {
          planFailure: { code: 'mapping/too-complex', message: expect.stringContaining('The mapping of "title"') },
        },
      },
    });
    await world.change('ada', { title: 'Engineer' });
    await world.settle();
    expect(await statuses()).toEqual([
      ['ada', 'provisioned'],
      ['bob', 'provisioned'],
    ]);
    expect(world.failures).toEqual([]);
  });
});
