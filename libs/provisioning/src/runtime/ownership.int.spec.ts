import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AppConfig } from '../app/app-config.ts';
import { presets } from '../presets/index.ts';
import { appConfig, openWorld, type World } from '../testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.start();
  await world.tenant();
});
afterEach(() => world.close());

const toGroup = (value: string, department?: string): AppConfig['ruleSets'][number]['rules'][number] => ({
  id: `to ${value}`,
  name: `to ${value}`,
  enabled: true,
  match: 'all',
  conditions: department === undefined ? [] : [{ operator: 'equals', source: 'userType', value: department }],
  actions: [{ type: 'addEntitlement', kind: 'group', value }],
});
const withRules = (...rules: ReturnType<typeof toGroup>[]): Partial<AppConfig> => ({
  ruleSets: [{ version: 0, rules }],
});
/** An app whose mappings fill externalId, so that it keeps no mark of ours. */
const unmarked: Partial<AppConfig> = {
  attributes: {
    ...presets.scim.attributes,
    mappings: [
      ...presets.scim.attributes.mappings,
      { kind: 'direct', target: 'externalId', source: 'employeeNumber', apply: 'always' },
    ],
  },
};

const stateOf = async () => (await world.accounts())[0]!.record.state;
const heldBy = async () => (await stateOf()).entitlements;
const idOf = (userName: string) => [...world.app.accounts].find(([, { userName: name }]) => name === userName)![0];
const until = async (condition: () => boolean | Promise<boolean>) => {
  for (let tries = 0; !(await condition()); tries++) {
    if (tries > 3000) throw new Error('It never came true.');
    await sleep(10);
  }
};

describe('R91: a look-up', () => {
  it('in an app that ignores filters never hands out somebody else’s account', async () => {
    await world.configure(appConfig());
    const ceo = world.app.addAccount({ userName: 'ceo@plum.example', displayName: 'The CEO' });
    world.app.ignoresFilters = true;
    await world.join('ada');
    await world.settle();
    expect(world.app.byUserName('ada@plum.example')).toBeDefined();
    expect(world.app.accounts.get(ceo)).toMatchObject({ userName: 'ceo@plum.example', displayName: 'The CEO' });
    expect(await world.accounts()).toMatchObject([{ status: 'provisioned', remote_id: idOf('ada@plum.example') }]);
  });

  it('in such an app still finds whom the app did not show first', async () => {
    await world.configure(appConfig());
    for (let n = 0; n < 120; n++) world.app.addAccount({ userName: `p${n}@plum.example` });
    const hers = world.app.addAccount({ userName: 'ADA@plum.example' });
    world.app.ignoresFilters = true;
    await world.join('ada');
    await world.settle();
    expect(await world.accounts()).toMatchObject([
      {
        status: 'failed',
        record: { state: { failure: { code: 'account/foreign-match' }, match: { remoteId: hers } } },
      },
    ]);
  });

  it('in an app that refuses filters reads the list, and finds who is there', async () => {
    await world.configure(appConfig());
    const hers = world.app.addAccount({ userName: 'ADA@plum.example' });
    world.app.fault = (call) =>
      call === 'find' ? { kind: 'refused', code: 'app/refused', status: 400, reason: 'no filters' } : undefined;
    await world.join('ada');
    await world.join('bob');
    await world.settle();
    expect((await stateOf()).match).toMatchObject({ remoteId: hers });
    expect(world.app.byUserName('bob@plum.example')).toBeDefined();
  });

  it('that can be neither asked nor listed tells an admin what the app said to the question', async () => {
    await world.configure(appConfig());
    world.app.fault = (call) =>
      call === 'find' || call === 'list'
        ? { kind: 'refused', code: 'app/refused', status: 400, reason: `no ${call}` }
        : undefined;
    await world.join('ada');
    await world.settle();
    expect((await stateOf()).failure).toMatchObject({ code: 'delivery/refused', message: '400: no find' });
    expect(world.app.accounts.size).toBe(0);
  });

  it('in an app that is listed believes no list from before a call that may have made the account', async () => {
    await world.configure(appConfig());
    world.app.addAccount({ userName: 'ceo@plum.example' });
    world.app.ignoresFilters = true;
    let lost = 0;
    world.app.fault = (call) => (call === 'create' && lost++ === 1 ? 'lost' : undefined);
    await world.join('bob');
    await world.settle();
    await world.join('ada');
    await world.settle();
    expect(world.app.accounts.size).toBe(3);
    expect(await world.accounts()).toMatchObject([{ status: 'provisioned' }, { status: 'provisioned' }]);
  });

  it('that finds several, by the same or by different keys, shows them all and prefers none', async () => {
    const matching = [
      { source: 'userName', target: 'userName' },
      { source: 'displayName', target: 'displayName' },
    ];
    await world.configure(appConfig({ attributes: { ...presets.scim.attributes, matching } }));
    const one = world.app.addAccount({ userName: 'ada@plum.example' });
    const other = world.app.addAccount({ userName: 'lovelace@plum.example', displayName: 'ada' });
    await world.join('ada');
    await world.settle();
    const { failure, candidates, match } = await stateOf();
    expect([failure.code, match]).toEqual(['account/ambiguous-match', null]);
    expect(candidates.map(({ remoteId }: { remoteId: string }) => remoteId).toSorted()).toEqual(
      [one, other].toSorted(),
    );
    expect(world.app.accounts.size).toBe(2);
  });

  it('that finds nothing after the app said that a value is taken asks an admin', async () => {
    await world.configure(appConfig());
    world.app.fault = (call) => (call === 'create' ? { kind: 'conflict', reason: 'userName is taken' } : undefined);
    await world.join('ada');
    await world.settle();
    expect((await stateOf()).failure).toMatchObject({ code: 'account/conflict-unseen', message: 'userName is taken' });
  });

  it('finds an account that a lost call made in an app without a mark, and only such a one', async () => {
    await world.configure(appConfig(unmarked));
    world.app.keepsNoMark = true;
    let lost = 0;
    world.app.fault = (call) => (call === 'create' && lost++ === 0 ? 'lost' : undefined);
    await world.join('ada');
    await world.settle();
    expect(world.app.accounts.size).toBe(1);
    expect(await world.accounts()).toMatchObject([{ status: 'provisioned' }]);
  });

  it('takes no account for ours that holds something else than was sent', async () => {
    await world.configure(appConfig(unmarked));
    world.app.keepsNoMark = true;
    let asked = 0;
    world.app.fault = (call) => {
      if (call !== 'create' || asked++ > 0) return undefined;
      world.app.addAccount({ userName: 'ada@plum.example', displayName: 'By hand, meanwhile' });
      return { kind: 'unknown', reason: 'timed out' };
    };
    await world.join('ada');
    await world.settle();
    expect((await stateOf()).failure.code).toBe('account/foreign-match');
  });
});

describe('R67: an account that the app doesn’t find', () => {
  it('for a while, as on a replica that lags behind, is not gone', async () => {
    await world.configure(appConfig());
    await world.join('ada');
    await world.settle();
    let asked = 0;
    world.app.fault = (call) => (call === 'update' && asked++ < 1 ? { kind: 'gone', reason: '404' } : undefined);
    await world.change('ada', { displayName: 'Ada' });
    await world.settle();
    expect(await world.accounts()).toMatchObject([{ status: 'provisioned' }]);
    expect(world.app.byUserName('ada@plum.example')).toMatchObject({ displayName: 'Ada' });
  });

  it('because its whole address answers 404 is not gone either', async () => {
    await world.configure(appConfig());
    await world.join('ada');
    await world.settle();
    let wrong = true;
    world.app.fault = () => (wrong ? { kind: 'gone', reason: 'No such page' } : undefined);
    await world.change('ada', { displayName: 'Ada' });
    await until(() => world.app.calls.filter((call) => call === 'test').length >= 2);
    expect(await world.eventTypes()).not.toContain('AccountGone');
    wrong = false;
    await world.settle();
    expect(await world.accounts()).toMatchObject([{ status: 'provisioned' }]);
  });
});

describe('R61: a membership', () => {
  it('that somebody gave in the app while ours had to wait is not ours, and stays', async () => {
    await world.configure(appConfig(withRules(toGroup('Bakers', 'Baker'))));
    const bakers = world.app.addGroup('Bakers');
    await world.join('ada');
    await world.settle();
    let throttled = 0;
    world.app.fault = (call) => {
      if (call !== 'changeMembers' || throttled++ > 0) return undefined;
      world.app.groups.get(bakers)!.members.add(idOf('ada@plum.example'));
      return { kind: 'throttled', reason: 'Slow down' };
    };
    await world.change('ada', { userType: 'Baker' });
    await world.settle();
    expect(await heldBy()).toMatchObject([{ value: 'Bakers', owned: false, evidence: null }]);
    await world.change('ada', { userType: 'Clerk' });
    await world.settle();
    expect(world.app.groups.get(bakers)!.members.size).toBe(1);
  });

  it('whose answer was lost is ours', async () => {
    await world.configure(appConfig(withRules(toGroup('Bakers', 'Baker'))));
    const bakers = world.app.addGroup('Bakers');
    let lost = 0;
    world.app.fault = (call) => (call === 'changeMembers' && lost++ === 0 ? 'lost' : undefined);
    await world.join('ada', { userType: 'Baker' });
    await world.settle();
    expect(await heldBy()).toMatchObject([{ owned: true, id: bakers, evidence: 'absentBefore' }]);
  });

  it('is taken away by the group’s id, also when the group was renamed', async () => {
    await world.configure(appConfig(withRules(toGroup('Bakers', 'Baker'))));
    const bakers = world.app.addGroup('Bakers');
    await world.join('ada', { userType: 'Baker' });
    await world.settle();
    expect(world.app.groups.get(bakers)!.members.size).toBe(1);
    world.app.groups.get(bakers)!.displayName = 'Patissiers';
    await world.change('ada', { userType: 'Clerk' });
    await world.settle();
    expect(world.app.groups.get(bakers)!.members.size).toBe(0);
    expect(await heldBy()).toEqual([]);
  });

  it('of two groups of one name is given in neither', async () => {
    await world.configure(appConfig(withRules(toGroup('Bakers'))));
    for (let n = 0; n < 2; n++) world.app.addGroup('Bakers');
    await world.join('ada');
    await world.settle();
    expect((await stateOf()).failure.code).toBe('entitlement/ambiguous');
    expect([...world.app.groups.values()].map(({ members }) => members.size)).toEqual([0, 0]);
  });

  it('that the app never shows is ours on an account that we just made, and else as the app is set', async () => {
    world.app.hidesMembers = true;
    world.app.addGroup('Bakers');
    world.app.addGroup('Board');
    await world.configure(appConfig(withRules(toGroup('Bakers'), toGroup('Board', 'Chief'))));
    await world.join('ada');
    await world.settle();
    expect(await heldBy()).toMatchObject([{ value: 'Bakers', owned: true, evidence: 'madeWithAccount' }]);
    await world.change('ada', { userType: 'Chief' });
    await world.settle();
    expect(await heldBy()).toMatchObject([{ value: 'Bakers' }, { value: 'Board', owned: false, evidence: null }]);
  });

  it('that the app never shows is ours where an admin set it so', async () => {
    world.app.hidesMembers = true;
    world.app.addGroup('Board');
    const { ownership } = appConfig();
    await world.configure(
      appConfig({ ...withRules(toGroup('Board', 'Chief')), ownership: { ...ownership, unseenMemberships: 'own' } }),
    );
    await world.join('ada');
    await world.settle();
    await world.change('ada', { title: 'Dr' });
    await world.settle();
    await world.change('ada', { userType: 'Chief' });
    await world.settle();
    expect(await heldBy()).toMatchObject([{ value: 'Board', owned: true }]);
  });

  it('found after adoption stays the app’s own', async () => {
    await world.configure(appConfig(withRules(toGroup('Bakers'))));
    const hers = world.app.addAccount({ userName: 'ada@plum.example' });
    const bakers = world.app.addGroup('Bakers', [hers]);
    await world.join('ada');
    await world.settle();
    const [{ id }] = await world.accounts();
    await world
      .provisioning()
      .write(
        { tenantId: 'acme', id },
        { type: 'Adopt', remoteId: hers, active: true, reason: null },
        { causationId: 'x', correlationId: 'x' },
      );
    await world.settle();
    expect(await heldBy()).toMatchObject([{ value: 'Bakers', owned: false }]);
    expect(world.app.accounts.get(hers)).toMatchObject({ externalId: id });
    expect(world.app.groups.get(bakers)!.members.size).toBe(1);
  });
});
