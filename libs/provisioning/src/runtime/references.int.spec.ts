import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { enterpriseUserSchema } from '@tenure/scim';
import type { AppConfig } from '../app/app-config.ts';
import { presets } from '../presets/index.ts';
import { fakeKindsRequiring } from '../testing/fake-kind.ts';
import { appConfig, openWorld, T, type World } from '../testing/world.ts';

const MANAGER = `${enterpriseUserSchema.id}:manager`;
const managedBy = (id: string) => ({ [enterpriseUserSchema.id]: { manager: { value: id } } });
const mappingManager = (parts: Partial<AppConfig> = {}) =>
  appConfig({
    attributes: {
      matching: presets.scim.attributes.matching,
      mappings: [
        { kind: 'direct', target: 'userName', source: 'userName', apply: 'always' },
        { kind: 'direct', target: MANAGER, source: 'manager', apply: 'always' },
      ],
    },
    ...parts,
  });

let world: World;
const open = async (options: Parameters<typeof openWorld>[0] = {}) => {
  world = await openWorld(options);
  await world.start();
  await world.tenant();
};
afterEach(() => world.close());

const idOf = (user: string) => {
  const found = [...world.app.accounts].find(([, { userName }]) => userName === `${user}@plum.example`);
  return found?.[0];
};
const managerOf = (user: string) => world.app.byUserName(`${user}@plum.example`)?.[MANAGER];
const stateOf = async (user: string) =>
  (await world.accounts()).find(({ user_id }: { user_id: string }) => user_id === user)!.record.state;

describe('R90: a manager', () => {
  beforeEach(() => open());

  it('is sent as the id of their account in the app, with the account that is made', async () => {
    await world.configure(mappingManager());
    await world.join('grace');
    await world.settle();
    await world.join('ada', managedBy('grace'));
    await world.settle();
    expect(managerOf('ada')).toEqual({ value: idOf('grace') });
    expect(world.app.calls.filter((call) => call === 'update')).toEqual([]);
  });

  it('who comes later is sent when they have an account, without anybody asking', async () => {
    await world.configure(mappingManager());
    await world.join('ada', managedBy('grace'));
    await world.settle();
    expect(managerOf('ada')).toBeUndefined();
    await world.join('grace');
    await world.settle();
    expect(managerOf('ada')).toEqual({ value: idOf('grace') });
    expect((await stateOf('ada')).attributes[MANAGER]).toEqual({ value: idOf('grace') });
  });

  it('of somebody who is their manager in turn needs no order, nor does one who manages themself', async () => {
    await world.configure(mappingManager());
    await world.join('ada', managedBy('grace'));
    await world.join('grace', managedBy('ada'));
    await world.join('linus', managedBy('linus'));
    await world.settle();
    expect([managerOf('ada'), managerOf('grace'), managerOf('linus')]).toEqual([
      { value: idOf('grace') },
      { value: idOf('ada') },
      { value: idOf('linus') },
    ]);
  });

  it('whose account is deleted is cleared', async () => {
    await world.configure(mappingManager());
    await world.join('grace');
    await world.join('ada', managedBy('grace'));
    await world.settle();
    const first = idOf('grace');
    expect(managerOf('ada')).toEqual({ value: first });
    await world.leave('grace');
    await world.settle();
    expect([idOf('grace'), managerOf('ada')]).toEqual([undefined, undefined]);
  });

  it('who is suspended stays, as their account does', async () => {
    await world.configure(
      mappingManager({
        deprovisioning: {
          turnedOff: { suspend: 'P1D', hardDelete: null },
          suspended: { suspend: 'PT0S', hardDelete: null },
          deleted: { suspend: null, hardDelete: 'PT0S' },
        },
      }),
    );
    await world.join('grace');
    await world.join('ada', managedBy('grace'));
    await world.settle();
    await world.deactivate('grace');
    await world.settle();
    expect(world.app.byUserName('grace@plum.example')).toMatchObject({ active: false });
    expect(managerOf('ada')).toEqual({ value: idOf('grace') });
  });

  it('who was deleted in the app itself is cleared, and is the new account once that is made again', async () => {
    await world.configure(mappingManager());
    await world.join('grace');
    await world.join('ada', managedBy('grace'));
    await world.settle();
    const first = idOf('grace')!;
    world.app.accounts.delete(first);
    await world.change('grace', { userName: 'hopper@plum.example' });
    await world.settle();
    expect([(await stateOf('grace')).remote, managerOf('ada')]).toEqual(['gone', undefined]);
    const [{ id }] = (await world.accounts()).filter(({ user_id }: { user_id: string }) => user_id === 'grace');
    const because = { causationId: 'test', correlationId: 'test' };
    await world.provisioning().write({ tenantId: T, id }, { type: 'Recreate', reason: null }, because);
    world.provisioning().wake();
    await world.settle();
    expect(idOf('hopper')).not.toBe(first);
    expect(managerOf('ada')).toEqual({ value: idOf('hopper') });
  });

  it("who is erased is cleared, though their account can't be named any more", async () => {
    await world.configure(
      mappingManager({
        deprovisioning: {
          turnedOff: { suspend: null, hardDelete: null },
          suspended: { suspend: null, hardDelete: null },
          deleted: { suspend: null, hardDelete: null },
        },
      }),
    );
    await world.join('grace');
    await world.join('ada', managedBy('grace'));
    await world.settle();
    await world.leave('grace');
    await world.settle();
    expect(managerOf('ada')).toEqual({ value: idOf('grace') });
    await world.erase('grace');
    await world.settle();
    expect(managerOf('ada')).toBeUndefined();
    expect(JSON.stringify(await stateOf('ada'))).not.toContain(idOf('grace'));
  });

  it('who is nobody of the tenant is never sent, whatever the source says', async () => {
    await world.configure(mappingManager());
    await world.join('ada', managedBy('boss@plum.example'));
    await world.settle();
    expect(world.app.byUserName('ada@plum.example')).toBeDefined();
    expect(managerOf('ada')).toBeUndefined();
    expect(await world.accounts()).toMatchObject([{ status: 'provisioned' }]);
  });

  it('follows a change to another person, and to nobody', async () => {
    await world.configure(mappingManager());
    for (const user of ['grace', 'linus']) await world.join(user);
    await world.join('ada', managedBy('grace'));
    await world.settle();
    await world.change('ada', managedBy('linus'));
    await world.settle();
    expect(managerOf('ada')).toEqual({ value: idOf('linus') });
    await world.change('ada', {});
    await world.settle();
    expect(managerOf('ada')).toBeUndefined();
  });

  it('who was sent by the directory’s id before references were known is put right by itself, once', async () => {
    await world.configure(mappingManager());
    await world.join('grace');
    await world.join('ada', managedBy('grace'));
    await world.settle();
    const { plan } = await stateOf('ada');
    const [{ id }] = (await world.accounts()).filter(({ user_id }: { user_id: string }) => user_id === 'ada');
    const asBefore = { ...plan, attributes: { ...plan.attributes, [MANAGER]: { value: 'grace' } } };
    await world.provisioning().write(
      { tenantId: T, id },
      {
        type: 'Evaluate',
        accountId: id,
        appId: 'git',
        userId: 'ada',
        plan: asBefore,
        reasons: { basis: null, scope: null, ruleIds: [] },
        origins: {},
        problem: null,
        rulesVersion: 0,
        referredIds: {},
        triggers: [],
        unsure: [],
        frames: [],
        approvals: [],
      },
      { causationId: 'test', correlationId: 'test' },
    );
    world.provisioning().wake();
    await world.settle();
    expect(managerOf('ada')).toEqual({ value: 'grace' });
    const restart = async () => {
      await world.provisioning().stop();
      await world.start();
      await world.settle();
    };
    await restart();
    expect(managerOf('ada')).toEqual({ value: 'grace' });
    await world.database.query('delete from provisioning.done_once');
    await restart();
    expect(managerOf('ada')).toEqual({ value: idOf('grace') });
  });

  it('is the same after the views are built again, and nothing is sent for it', async () => {
    await world.configure(mappingManager());
    await world.join('ada', managedBy('grace'));
    await world.join('grace', managedBy('ada'));
    await world.settle();
    const before = await world.accounts();
    const calls = world.app.calls.length;
    await world.rebuild();
    expect(await world.accounts()).toEqual(before);
    expect(world.app.calls.length).toBe(calls);
  });
});

describe('R90: a manager of more people than are told at once', () => {
  beforeEach(() => open({ referencesAtOnce: 3 }));

  it('reaches all of them, piece by piece', async () => {
    await world.configure(mappingManager());
    const team = Array.from({ length: 8 }, (_, n) => `p${n}`);
    for (const user of team) await world.join(user, managedBy('grace'));
    await world.settle();
    await world.join('grace');
    await world.settle();
    expect(team.map(managerOf)).toEqual(team.map(() => ({ value: idOf('grace') })));
    const moved = (await world.eventTypes()).filter((type) => type === 'ReferenceMoved');
    expect(moved).toHaveLength(team.length);
  });
});

describe('R90: an app that refuses a manager', () => {
  beforeEach(() => open());

  it('gets the account without, everything else of it, and the failure names the reference', async () => {
    await world.configure(mappingManager());
    await world.join('grace');
    await world.settle();
    world.app.refuses = (values) => values[MANAGER] !== undefined && values[MANAGER] !== null;
    await world.join('ada', managedBy('grace'));
    await world.settle();
    expect(world.app.byUserName('ada@plum.example')).toBeDefined();
    expect((await stateOf('ada')).failure).toMatchObject({ code: 'delivery/reference-refused', action: 'update' });
    await world.change('ada', { ...managedBy('grace'), userName: 'countess@plum.example' });
    await world.settle();
    expect(world.app.byUserName('countess@plum.example')).toBeDefined();
    world.app.refuses = () => false;
    await world.change('ada', { ...managedBy('grace'), userName: 'ada@plum.example' });
    await world.settle();
    expect(managerOf('ada')).toEqual({ value: idOf('grace') });
  });
});

describe('R90: an app that requires a manager', () => {
  beforeEach(() => open({ kinds: fakeKindsRequiring(MANAGER) }));

  it('gets nobody before the account of their manager', async () => {
    await world.configure(mappingManager());
    await world.join('ada', managedBy('grace'));
    await world.settle();
    expect(await world.accounts()).toMatchObject([{ status: 'pending' }]);
    expect((await stateOf('ada')).failure.code).toBe('account/reference-missing');
    expect(world.app.calls).toEqual([]);
    await world.join('grace');
    await world.settle();
    expect(managerOf('ada')).toEqual({ value: idOf('grace') });
  });

  it('tells a ring of people who wait for one another, which ends when one of them gets another manager', async () => {
    await world.configure(mappingManager());
    await world.join('ada', managedBy('grace'));
    await world.join('grace', managedBy('linus'));
    await world.join('linus', managedBy('ada'));
    await world.settle();
    const codes = async () => (await world.accounts()).map(({ record }: any) => record.state.failure?.code);
    expect(await codes()).toContain('account/reference-cycle');
    expect(world.app.calls).toEqual([]);
    await world.change('linus', {});
    await world.settle();
    expect([managerOf('ada'), managerOf('grace')]).toEqual([{ value: idOf('grace') }, { value: idOf('linus') }]);
    expect(await codes()).toEqual([undefined, undefined, undefined]);
  });
});
