import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Failure } from '../connector/index.ts';
import { appConfig, openWorld, T, type World } from '../testing/world.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

let world: World;
const begin = async (deliveryTimings: object = {}) => {
  world = await openWorld({ deliveryTimings });
  await world.start();
  await world.tenant();
  await world.configure(appConfig());
};
afterEach(() => world.close());

const down: Failure = { kind: 'unavailable', reason: '503: down for maintenance' };
const git = { tenantId: T, appId: 'git' };
const health = async () => (await world.provisioning().health.find(git))?.health ?? 'healthy';
const arrived = (...people: string[]) => people.every((id) => world.app.byUserName(`${id}@plum.example`));
const people = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
const until = async (condition: () => boolean | Promise<boolean>) => {
  for (let tries = 0; !(await condition()); tries++) {
    if (tries > 6000) throw new Error('It never came true.');
    await sleep(20);
  }
};

/** Waits between tries that would take a test too long: what arrives all the same was not waiting for them. */
const patient = { retry: { baseMs: 600_000, capMs: 900_000 } };
const quick = { probe: { baseMs: 20, capMs: 100 } };

describe('R96: an app that fails', () => {
  it('every second request gets everybody all the same, and shows that it is degraded', async () => {
    await begin();
    let asked = 0;
    world.app.fault = () => (asked++ % 2 === 0 ? down : undefined);
    const all = people('p', 100);
    for (const id of all) await world.join(id);
    await until(async () => (await health()) === 'degraded');
    await until(() => arrived(...all));
    expect(world.app.accounts.size).toBe(all.length);
  });

  it('for ten people holds up nobody else, neither beside them nor after them', async () => {
    await begin({ ...quick, retry: { baseMs: 50, capMs: 2000 } });
    world.app.fault = (call, detail) => (call === 'find' && detail.includes('sick') ? down : undefined);
    for (const id of people('sick', 10)) await world.join(id);
    const healthy = people('p', 20);
    for (const id of healthy) await world.join(id);
    await until(() => arrived(...healthy));
    // Now nothing but the sick is left, so that everything fails.
    const before = world.app.calls.length;
    await until(() => world.app.calls.length > before + 30);
    await world.join('late');
    await until(() => arrived('late'));
    expect(arrived('sick0')).toBe(false);
  });

  it('altogether is left alone but for probes, and gets everything as soon as it is back, however long the waits had become', async () => {
    await begin({ ...patient, ...quick });
    let isDown = true;
    world.app.fault = () => (isDown ? down : undefined);
    const all = people('p', 20);
    for (const id of all) await world.join(id);
    await until(async () => (await health()) === 'degraded');
    const { reason, since } = (await world.provisioning().health.find(git))!;
    expect(reason).toMatch(/100 % of the calls/);
    const before = world.app.calls.length;
    await until(() => world.app.calls.length > before + 5);
    expect((await world.provisioning().health.find(git))!.since).toBe(since);
    isDown = false;
    await until(() => arrived(...all));
    await until(async () => (await health()) === 'healthy');
  });

  it.each<Failure>([down, { kind: 'gone', reason: '404' }])(
    'at changes only ($kind) is left alone as well, and is never quarantined, since its test passes',
    async (failure) => {
      await begin({ ...patient, ...quick, quarantineAfterMs: 0 });
      let isReadOnly = true;
      world.app.fault = (call) => (isReadOnly && call === 'create' ? failure : undefined);
      for (const id of people('p', 6)) await world.join(id);
      await until(() => world.app.calls.filter((call) => call === 'test').length > 3);
      expect([await health(), world.quarantined]).toEqual(['degraded', []]);
      isReadOnly = false;
      await until(() => arrived(...people('p', 6)));
    },
  );
});

describe('R96: an app that asked to wait', () => {
  it('is not called for anybody until then', async () => {
    await begin();
    const at: number[] = [];
    let throttledAt: number | undefined;
    world.app.fault = (call) => {
      at.push(Date.now());
      if (call !== 'create' || throttledAt !== undefined) return undefined;
      throttledAt = Date.now();
      return { kind: 'throttled', reason: '429', afterMs: 1500 };
    };
    const all = people('p', 8);
    for (const id of all) await world.join(id);
    await until(() => throttledAt !== undefined);
    await until(async () => (await health()) === 'throttled');
    await until(() => arrived(...all));
    // What was sent at the same moment can't be called back.
    expect(at.filter((each) => each > throttledAt! + 50 && each < throttledAt! + 1500)).toEqual([]);
  });
});

describe('R96: an app that doesn’t come back', () => {
  const gone = { ...patient, ...quick, quarantineAfterMs: 50 };

  it('is quarantined: only its test is tried, its work is kept, and goes on once the test passes', async () => {
    await begin({ ...gone, quarantineProbe: { baseMs: 20, capMs: 50 } });
    let isDown = true;
    world.app.fault = () => (isDown ? down : undefined);
    const all = people('p', 6);
    for (const id of all) await world.join(id);
    await until(async () => (await health()) === 'quarantined');
    expect(world.quarantined).toEqual(['git app/unreachable']);
    const before = world.app.calls.length;
    await until(() => world.app.calls.length > before + 6);
    expect(new Set(world.app.calls.slice(before))).toEqual(new Set(['test']));
    isDown = false;
    await until(() => arrived(...all));
    expect(world.quarantined).toEqual(['git app/unreachable', 'git resumed']);
    await until(async () => (await health()) === 'healthy');
  });

  it('is called again at once when an admin resumes it', async () => {
    await begin({ ...gone, quarantineProbe: { baseMs: 600_000, capMs: 600_000 } });
    let isDown = true;
    world.app.fault = () => (isDown ? down : undefined);
    for (const id of people('p', 6)) await world.join(id);
    await until(async () => (await health()) === 'quarantined');
    isDown = false;
    await world.provisioning().health.reset(git);
    await until(() => arrived(...people('p', 6)));
  });
});

describe('R96: the backlog', () => {
  /** As another replica leaves it alone. */
  const leaveAlone = () => world.provisioning().health.open(git, 'Another replica says so.', 1, 600_000);

  it('of an app that another replica leaves alone waits, and what takes access away doesn’t wait for all that gives it', async () => {
    await begin({ slots: 1 });
    await world.join('leaver');
    await world.settle();
    await leaveAlone();
    const all = people('p', 20);
    for (const id of all) await world.join(id);
    await world.leave('leaver');
    const waiting = `select count(*)::int as count from ${PROVISIONING_VIEW}.work`;
    await until(async () => (await world.database.query<{ count: number }>(waiting))[0]!.count === 21);
    const before = world.app.calls.length;
    await world.provisioning().health.reset(git);
    await until(() => arrived(...all) && !arrived('leaver'));
    const calls = world.app.calls.slice(before);
    expect(calls.indexOf('delete')).toBeLessThan(calls.lastIndexOf('create'));
  });

  it('of a hostile tenant, 20,000 rows of 200 apps, doesn’t hold up another tenant’s create', async () => {
    await begin();
    const hostile = { ...appConfig(), tenantId: 'evil' };
    await world.database.query({
      text: `insert into ${PROVISIONING_VIEW}.apps (tenant_id, id, config, revision)
             select 'evil', 'app-' || n, $1::jsonb || jsonb_build_object('id', 'app-' || n), 1 from generate_series(1, 200) n`,
      values: [JSON.stringify(hostile)],
    });
    await world.database.query({
      text: `insert into ${PROVISIONING_VIEW}.accounts (tenant_id, id, app_id, user_id, status, work, since, created_at, updated_at, revision, record)
             select 'evil', 'a-' || n, 'app-' || (n % 200 + 1), 'u-' || n, 'pending', 'create', now(), now(), '2020-01-01', 1, '{}' from generate_series(1, 20000) n`,
    });
    // Their streams are empty: as often as one of them was looked at, it is due again.
    await world.database.query({
      text: `insert into ${PROVISIONING_VIEW}.work (tenant_id, account_id, app_id, priority, due_at) select tenant_id, id, app_id, 1, updated_at from ${PROVISIONING_VIEW}.accounts where tenant_id = 'evil'`,
    });
    for (const id of people('p', 5)) await world.join(id);
    await until(() => arrived(...people('p', 5)));
  });
});
