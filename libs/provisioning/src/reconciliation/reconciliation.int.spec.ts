import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { migrate, type Database } from '@tenure/database';
import { secretBox } from '@tenure/sealing';
import { testSecretsKey } from '@tenure/sealing/testing';
import type { JsonObject } from '@tenure/scim';
import { reportAll, type Reconciliation } from '../app/app-config.ts';
import { appMigrations } from '../app/open-apps.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { fakeKinds } from '../testing/fake-kind.ts';
import { appConfig, openWorld, T, type World } from '../testing/world.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import { reconciler } from './reconciler.ts';
import { startRun, type Run } from './runs.ts';

const box = secretBox(testSecretsKey, 'foreign-accounts');
const APP = 'git';

let world: World;
let over: Pick<Run, 'counts' | 'complete' | 'suspicious'>[];
beforeEach(async () => {
  world = await openWorld();
  over = [];
  await world.start();
  await world.tenant();
  await world.configure(appConfig());
  await migrate(world.database, { schema: PROVISIONING, migrations: appMigrations });
});
afterEach(() => world.close());

const looking = (database: Database = world.database) =>
  reconciler({
    database,
    clock: { now: async () => world.clock.at },
    kinds: fakeKinds,
    connectorFor: async () => world.app.connector,
    writeAccount: (...given) => world.provisioning().write(...given),
    box,
    onUnauthorized: async () => undefined,
    isHeld: async () => false,
    onReconciled: async (_app, { counts, complete, suspicious }) => void over.push({ counts, complete, suspicious }),
    onRepaired: () => world.provisioning().wake(),
    timings: { goneConfirmMs: 20, retryMs: 5, busyMs: 20 },
  });

const begin = (dryRun = false) => startRun(world.database, { tenantId: T, appId: APP, dryRun, now: world.clock.at });

const jobOf = async (id: string) => {
  const [job] = await world.database.query<any>({
    text: `select done, total, ended_at, problem, result from ${PROVISIONING}.jobs where id = $1`,
    values: [id],
  });
  return job;
};

/** Works until the run is over; a worker that dies leaves its lease behind, which is taken away here rather than waited for. */
const toItsEnd = async (id: string, database?: Database) => {
  let deaths = 0;
  for (let tries = 0; (await jobOf(id)).ended_at === null; tries++) {
    if (tries > 5000) throw new Error('The run never ends.');
    const worked = await looking(database)
      .run()
      .catch(async () => {
        deaths += 1;
        await world.database.query(`update ${PROVISIONING}.jobs set lease_until = null`);
        return true;
      });
    if (!worked) await sleep(5);
  }
  return { job: await jobOf(id), deaths };
};
const reconcile = async (dryRun = false) => toItsEnd((await begin(dryRun)).id);

const driftsByUser = async () => {
  const rows = await world.database.query<{ user_id: string; drift: string[] }>(
    `select user_id, drift from ${PROVISIONING_VIEW}.accounts where drift is not null order by user_id`,
  );
  return Object.fromEntries(rows.map(({ user_id, drift }) => [user_id, drift]));
};
const foreignIds = async () => {
  const rows = await world.database.query<{ remote_id: string }>(
    `select remote_id from ${PROVISIONING}.foreign_accounts`,
  );
  return rows.map(({ remote_id }) => remote_id);
};

const idOf = (user: string): string =>
  [...world.app.accounts].find(([, { userName }]) => userName === `${user}@plum.example`)![0];
const edit = (user: string, values: JsonObject) => {
  const id = idOf(user);
  world.app.accounts.set(id, { ...world.app.accounts.get(id)!, ...values });
};
const hire = async (count: number): Promise<string[]> => {
  const users = Array.from({ length: count }, (_, index) => `p${String(index).padStart(4, '0')}`);
  for (const user of users) await world.join(user);
  await world.settle();
  return users;
};
const setPolicies = (policies: Partial<Reconciliation['policies']>, more: Parameters<typeof appConfig>[0] = {}) =>
  world.configure(
    appConfig({ reconciliation: { ...reportAll, policies: { ...reportAll.policies, ...policies } }, ...more }),
  );
const writes = () => world.app.calls.filter((call) => /^(create|update|setActive|delete|changeMembers)/.test(call));

/** The same numbers every time. */
const dice = (seed: number) => () => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;

describe('R88: a reconciliation', () => {
  it('finds exactly the edits that were made in the app, whatever they are, and touches nothing', async () => {
    const users = await hire(70);
    const roll = dice(88);
    const made: Record<string, string[]> = {};
    for (const user of users) {
      const number = roll();
      if (number < 0.1) {
        edit(user, { displayName: `Edited ${user}` });
        made[user] = ['changed'];
      } else if (number < 0.2) {
        edit(user, { active: false });
        made[user] = ['suspendedThere'];
      } else if (number < 0.3) {
        world.app.accounts.delete(idOf(user));
        made[user] = ['missing'];
      } else if (number < 0.35) {
        edit(user, { displayName: `Edited ${user}`, active: false });
        made[user] = ['changed', 'suspendedThere'];
      }
      // What is spelled in another case, or never sent by Tenure, is no drift.
      else if (number < 0.5) edit(user, { userName: `${user}@PLUM.example`, nickName: 'by hand' });
    }
    const byHand = [1, 2, 3].map((number) => world.app.addAccount({ userName: `hand${number}@elsewhere.example` }));
    const there = structuredClone([...world.app.accounts]);
    const before = writes().length;

    const { job } = await reconcile();
    expect(await driftsByUser()).toEqual(made);
    expect((await foreignIds()).toSorted()).toEqual(byHand.toSorted());
    const kinds = Object.values(made).flat();
    const count = (kind: string) => kinds.filter((each) => each === kind).length;
    expect(over).toMatchObject([
      {
        counts: {
          changed: count('changed'),
          suspendedThere: count('suspendedThere'),
          missing: count('missing'),
          foreign: 3,
        },
        complete: true,
        suspicious: false,
      },
    ]);
    expect(job).toMatchObject({ problem: null, done: 70 - count('missing') + 3 });
    await world.settle();
    expect([...world.app.accounts]).toEqual(there);
    expect(writes()).toHaveLength(before);

    // Looking again says nothing twice, and says so once all agrees again.
    const events = (await world.eventTypes()).length;
    await reconcile();
    expect((await world.eventTypes()).slice(events)).toEqual([]);
    const [user] = Object.entries(made).find(([, found]) => found[0] === 'suspendedThere')!;
    edit(user, { active: true });
    await reconcile();
    expect((await world.eventTypes()).slice(events)).toEqual(['DriftSettled']);
    expect(Object.keys(await driftsByUser())).not.toContain(user);
  });

  it('repairs what the policies say by ordinary deliveries, and leaves foreign accounts alone', async () => {
    await hire(4);
    const names = () => [...world.app.accounts.values()].map(({ userName }) => userName as string);
    edit('p0000', { displayName: 'Edited' });
    edit('p0001', { active: false });
    world.app.accounts.delete(idOf('p0002'));
    const foreign = world.app.addAccount({ userName: 'hand@elsewhere.example', displayName: 'Hand' });
    await setPolicies({ changed: 'repair', suspendedThere: 'repair', missing: 'repair' });
    await reconcile();
    await world.settle();
    expect(await driftsByUser()).toEqual({});
    expect(world.app.byUserName('p0000@plum.example')).toMatchObject({ displayName: 'p0000' });
    expect(world.app.byUserName('p0001@plum.example')).toMatchObject({ active: true });
    expect(new Set(names())).toEqual(
      new Set([
        'hand@elsewhere.example',
        ...['p0000', 'p0001', 'p0002', 'p0003'].map((user) => `${user}@plum.example`),
      ]),
    );
    expect(world.app.accounts.get(foreign)).toEqual({
      active: true,
      userName: 'hand@elsewhere.example',
      displayName: 'Hand',
    });
  });

  it('asks for approval before a repair where the app is set so', async () => {
    await hire(1);
    await setPolicies({ changed: 'repair' }, { approvals: ['update'] });
    edit('p0000', { displayName: 'Edited' });
    const before = writes().length;
    await reconcile();
    await world.settle();
    expect(writes()).toHaveLength(before);
    const [{ id, status, pending_action: pending }] = await world.accounts();
    expect({ status, pending }).toEqual({ status: 'pending', pending: 'update' });
    await world
      .provisioning()
      .write({ tenantId: T, id }, { type: 'Approve', reason: null }, { causationId: 'x', correlationId: 'x' });
    await world.settle();
    expect(world.app.byUserName('p0000@plum.example')).toMatchObject({ displayName: 'p0000' });
  });

  it('writes nothing in a dry run but its result', async () => {
    await hire(2);
    await setPolicies({ changed: 'repair' });
    edit('p0000', { displayName: 'Edited' });
    world.app.addAccount({ userName: 'hand@elsewhere.example' });
    const events = await world.eventTypes();
    const { job } = await reconcile(true);
    expect(job.result).toMatchObject({ counts: { changed: 1, foreign: 1, missing: 0 }, complete: true });
    expect(await world.eventTypes()).toEqual(events);
    expect(await foreignIds()).toEqual([]);
    expect(over).toEqual([]);
    expect(world.app.byUserName('p0000@plum.example')).toMatchObject({ displayName: 'Edited' });
  });

  it('of an app that was emptied is suspicious and repairs nothing', async () => {
    await hire(55);
    await setPolicies({ missing: 'repair', changed: 'repair' });
    world.app.accounts.clear();
    const before = writes().length;
    await reconcile();
    await world.settle();
    expect(over).toMatchObject([{ counts: { missing: 55 }, complete: true, suspicious: true }]);
    expect(writes()).toHaveLength(before);
    expect(world.app.accounts.size).toBe(0);
  });

  it('says of nobody that they are missing because others were deleted between two pages', async () => {
    await hire(60);
    let pages = 0;
    world.app.fault = (call) => {
      // What comes later moves up, so the next page begins behind where it should.
      if (call === 'list' && ++pages === 2)
        for (const user of ['p0001', 'p0002', 'p0003']) world.app.accounts.delete(idOf(user));
      return undefined;
    };
    await reconcile();
    expect(over).toMatchObject([{ counts: { missing: 0, changed: 0 } }]);
    expect(await driftsByUser()).toEqual({});
    await reconcile();
    expect(Object.keys(await driftsByUser())).toEqual(['p0001', 'p0002', 'p0003']);
  });

  it('finds nobody missing in a list that breaks off, nor where the app as a whole answers nothing', async () => {
    await hire(60);
    world.app.accounts.delete(idOf('p0055'));
    let lists = 0;
    world.app.fault = (call) => (call === 'list' && ++lists > 1 ? { kind: 'unavailable', reason: '503' } : undefined);
    await reconcile();
    expect(over).toMatchObject([{ counts: { missing: 0 }, complete: false }]);
    world.app.fault = (call) => (call === 'test' ? { kind: 'refused', code: 'app/refused', reason: '404' } : undefined);
    const { job } = await reconcile();
    expect(job.problem).toBe('refused');
    expect(await driftsByUser()).toEqual({});
  });

  it('begins its list again where the cursor has expired', async () => {
    await hire(60);
    edit('p0001', { displayName: 'Edited' });
    let lists = 0;
    world.app.fault = (call) =>
      call === 'list' && ++lists === 2 ? { kind: 'refused', code: 'app/refused', reason: 'Expired.' } : undefined;
    await reconcile();
    expect(over).toMatchObject([{ counts: { changed: 1, missing: 0 }, complete: true }]);
    expect(await driftsByUser()).toEqual({ p0001: ['changed'] });
  });

  it('that is killed at any call goes on where it was, and finds the same', async () => {
    await hire(55);
    edit('p0001', { displayName: 'Edited' });
    edit('p0052', { active: false });
    world.app.accounts.delete(idOf('p0003'));
    world.app.addAccount({ userName: 'hand@elsewhere.example' });
    // Each call dies the first time that it is made.
    const died = new Set<string>();
    const lived: Record<string, number> = {};
    world.app.fault = (call) => {
      const one = `${call} ${(lived[call] ??= 0)}`;
      if (!died.has(one)) {
        died.add(one);
        return 'die';
      }
      lived[call] += 1;
      return undefined;
    };
    const { deaths } = await toItsEnd((await begin()).id);
    expect(deaths).toBeGreaterThan(5);
    expect(over).toMatchObject([{ counts: { changed: 1, suspendedThere: 1, missing: 1, foreign: 1 }, complete: true }]);
    expect(await driftsByUser()).toEqual({ p0001: ['changed'], p0003: ['missing'], p0052: ['suspendedThere'] });
  });

  it('says nothing of an account with a delivery under way', async () => {
    await hire(2);
    world.app.fault = (call) => (call === 'update' ? { kind: 'unavailable', reason: '503' } : undefined);
    await world.change('p0000', { displayName: 'New name' });
    for (let tries = 0; !writes().includes('update'); tries++) {
      if (tries > 500) throw new Error('No update is tried.');
      await sleep(10);
    }
    await reconcile();
    expect(await driftsByUser()).toEqual({});
    expect(over).toMatchObject([{ counts: { changed: 0 } }]);
    world.app.fault = () => undefined;
    await world.settle();
  });

  it('finds a membership that was taken away in the app, gives it again, and reports no membership of others', async () => {
    const group = world.app.addGroup('Engineers');
    await world.configure(
      appConfig({
        reconciliation: { ...reportAll, policies: { ...reportAll.policies, entitlementTaken: 'repair' } },
        ruleSets: [
          {
            version: 0,
            rules: [
              {
                id: 'r',
                name: 'Engineers',
                enabled: true,
                match: 'all',
                conditions: [{ operator: 'present', source: 'userName' }],
                actions: [{ type: 'setEntitlement', kind: 'group', value: 'Engineers' }],
              },
            ],
          },
        ],
      }),
    );
    await hire(2);
    const { members } = world.app.groups.get(group)!;
    expect(members.size).toBe(2);
    members.delete(idOf('p0000'));
    members.add('somebody-else');
    await reconcile();
    await world.settle();
    expect(over).toMatchObject([{ counts: { entitlementTaken: 1, entitlementAdded: 0 } }]);
    expect([...members].toSorted()).toEqual([idOf('p0000'), idOf('p0001'), 'somebody-else'].toSorted());
  });

  it('reads 5,000 accounts page by page, with as few statements for the last page as for the first', async () => {
    await hire(2);
    edit('p0001', { displayName: 'Edited' });
    for (let index = 0; index < 4998; index++) world.app.addAccount({ userName: `u${index}@elsewhere.example` });
    world.app.calls.length = 0;
    let statements = 0;
    let longest = 0;
    const note = (values: readonly unknown[] = []) => {
      statements += 1;
      for (const value of values) if (Array.isArray(value)) longest = Math.max(longest, value.length);
    };
    const counting = <Of extends Pick<Database, 'query'>>(of: Of): Of => ({
      ...of,
      query: (statement: Parameters<Database['query']>[0]) => {
        note(typeof statement === 'string' ? [] : statement.values);
        return of.query(statement);
      },
    });
    const database: Database = {
      ...counting(world.database),
      transaction: (work, options) => world.database.transaction((sql) => work(counting(sql)), options),
    };
    await toItsEnd((await begin()).id, database);
    const lists = world.app.calls.filter((call) => call === 'list').length;
    expect(lists).toBe(100);
    expect(world.app.calls.filter((call) => call !== 'list')).toEqual(['get']);
    expect(statements).toBeLessThan(lists * 12);
    expect(longest).toBeLessThanOrEqual(500);
    expect(over).toMatchObject([{ counts: { changed: 1, foreign: 4998 } }]);
    expect(await world.database.query(`select * from ${PROVISIONING}.reconciliation_seen limit 1`)).toEqual([]);
  });

  it('proposes whose the accounts of a populated app may be', async () => {
    await setPolicies({}, { scope: { assignment: 'assigned', groups: [], orgUnits: [] } });
    await world.join('ada');
    await world.settle();
    const id = world.app.addAccount({
      userName: 'ADA@plum.example',
      'emails[type eq "work"].value': 'other@plum.example',
      displayName: 'ada',
    });
    world.app.addAccount({ userName: 'nobody@elsewhere.example' });
    await reconcile();
    const rows = await world.database.query<any>(
      `select remote_id, proposals, confidence, ambiguous, sealed from ${PROVISIONING}.foreign_accounts order by confidence desc`,
    );
    expect(rows).toMatchObject([
      { remote_id: id, proposals: [{ userId: 'ada', confidence: 0.94, by: ['userName', 'name'] }], ambiguous: false },
      { proposals: [], confidence: 0 },
    ]);
    expect(rows.map(({ sealed }) => sealed).join()).not.toContain('plum.example');
    expect(world.app.accounts.get(id)).not.toHaveProperty('externalId');
  });
});
