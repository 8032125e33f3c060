import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ended, until } from './testing/queue.ts';
import { later } from './testing/system.ts';
import { sorted, testWorld, type World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world.close());

describe('R95: a search in lists', () => {
  it('finds accounts, timers, drifts and foreign accounts by the person, and shows names where asked', async () => {
    const office = await world.office();
    const uma = await office.idp.hire('uma95', { displayName: 'Uma Ünal' });
    const vic = await office.idp.hire('vic95');
    await office.app.assign('users', uma, vic);
    await office.app.turnOn();
    await world.settled();
    await office.idp.setActive(uma, false);
    await office.idp.setActive(vic, false);
    await world.settled();
    for (const list of ['/accounts', `${office.app.path}/accounts`, '/timers', `${office.app.path}/timers`]) {
      const { items } = await office.mapping.ok('GET', `${list}?search=unal&include=user,app`);
      expect(items.length).toBeGreaterThan(0);
      for (const item of items)
        expect(item).toMatchObject({
          userId: uma,
          user: { id: uma, displayName: 'Uma Ünal', userName: 'uma95@plum.example' },
          app: { id: office.app.id, name: 'Sandbox scim' },
        });
      expect((await office.mapping.ok('GET', `${list}?search=nobody`)).items).toEqual([]);
      expect((await office.mapping.ok('GET', list)).items[0]).not.toHaveProperty('user');
      for (const query of ['search=', 'include=group'])
        expect((await office.mapping.get(`${list}?${query}`)).status).toBe(400);
    }
    await until(async () => (await office.audit.ok('GET', '/entries?search=unal')).items.length > 0);
    const entries = (await office.audit.ok('GET', '/entries?search=UMA&include=user')).items;
    expect(new Set(entries.map(({ userId }: any) => userId))).toEqual(new Set([uma]));
    expect(entries[0].user).toMatchObject({ displayName: 'Uma Ünal' });
    expect((await office.audit.ok('GET', '/entries?search=nobody')).items).toEqual([]);
  });
});

describe('jobs', () => {
  it('are listed newest first, by state and app, shown on their app, and cancelled', async () => {
    const office = await world.office();
    const sam = await office.idp.hire('sam95');
    await office.app.assign('users', sam);
    const { job: cycle } = await office.app.turnOn();
    const finished = await ended(office, cycle.id);
    expect(finished).toMatchObject({ kind: 'initialCycle', appId: office.app.id, state: 'done', total: finished.done });
    const { endedAt } = finished;

    await world.sandbox.switchTo({ mode: 'slow', delayMs: 20_000 });
    try {
      const reconciling = await office.mapping.ok('POST', `${office.app.path}/reconcile`, {});
      expect((await office.app.get()).jobs).toMatchObject([{ id: reconciling.id, kind: 'reconcile' }]);
      const running = (await office.mapping.ok('GET', `/jobs?state=running&app=${office.app.id}`)).items;
      expect(running).toMatchObject([{ id: reconciling.id, state: 'running' }]);
      const all = (await office.mapping.ok('GET', '/jobs')).items;
      expect(all.map(({ id }: any) => id)).toEqual([reconciling.id, cycle.id]);
      const paged = await office.mapping.ok('GET', '/jobs?limit=1');
      expect((await office.mapping.ok('GET', `/jobs?limit=1&cursor=${paged.nextCursor}`)).items).toMatchObject([
        { id: cycle.id, state: 'done', endedAt },
      ]);

      const admin = office.as((await office.addAdmin('jobs@plum.example', 'admin')).key);
      expect((await admin.mapping.post(`/jobs/${reconciling.id}/cancel`)).status).toBe(403);
      expect(await office.mapping.ok('POST', `/jobs/${reconciling.id}/cancel`)).toMatchObject({
        state: 'cancelled',
        endedAt: expect.any(String),
      });
      expect(await office.mapping.post(`/jobs/${reconciling.id}/cancel`)).toMatchObject({
        status: 409,
        body: { code: 'job/ended' },
      });
      expect((await office.app.get()).jobs).toBeUndefined();
      expect((await office.mapping.post('/jobs/none/cancel')).status).toBe(404);
    } finally {
      await world.sandbox.switchTo({ mode: 'ok' });
    }
    const again = await office.mapping.ok('POST', `${office.app.path}/reconcile`, {});
    expect(await ended(office, again.id)).toMatchObject({ state: 'done' });
    expect(
      sorted((await office.mapping.ok('GET', '/jobs?state=cancelled')).items.map(({ kind }: any) => kind)),
    ).toEqual(['reconcile']);
    expect((await office.mapping.get('/jobs?state=lost')).status).toBe(400);
    expect((await (await world.office()).mapping.ok('GET', '/jobs')).items).toEqual([]);
  });

  it('of a cycle that is cancelled look at nobody any more', async () => {
    const office = await world.office();
    const ida = await office.idp.hire('tom95');
    await office.app.assign('users', ida);
    await office.app.turnOn();
    await world.settled();
    const job = await office.mapping.ok('POST', `${office.app.path}/initial-cycle`);
    const cancelled = await office.mapping.post(`/jobs/${job.id}/cancel`);
    // It may have ended first: nothing is left to cancel then.
    expect([200, 409]).toContain(cancelled.status);
    expect(['cancelled', 'done']).toContain((await ended(office, job.id)).state);
    await world.settled();
  });
});

describe('R80: an app as of an instant', () => {
  it('shows its configuration as it then was, of secrets the hint alone', async () => {
    const office = await world.office();
    const created = await world.now();
    await world.moveTo(later(created, { hours: 1 }));
    await office.mapping.ok('PATCH', office.app.path, { name: 'Later' });
    await office.mapping.ok('PUT', `${office.app.path}/threshold`, { count: 7, window: 'PT1H' });
    await office.mapping.ok('PUT', `${office.app.path}/credentials`, { kind: 'bearer', token: world.sandbox.token });
    const then = await office.mapping.ok('GET', `${office.app.path}?asOf=${created}`);
    expect(then).toMatchObject({
      id: office.app.id,
      name: 'Sandbox scim',
      asOf: created,
      configuration: {
        threshold: {},
        endpoint: { url: world.sandbox.scimUrl },
        credentials: { kind: 'bearer', hint: expect.stringContaining('…') },
      },
    });
    expect(JSON.stringify(then)).not.toContain(world.sandbox.token);
    expect(JSON.stringify(then)).not.toContain('secretId');
    const now = await office.mapping.ok('GET', `${office.app.path}?asOf=${later(created, { hours: 1 })}`);
    expect(now).toMatchObject({
      name: 'Later',
      configuration: { threshold: { count: 7 } },
      version: (await office.app.get()).version,
    });
    expect(await office.mapping.get(`${office.app.path}?asOf=2020-01-01T00:00:00Z`)).toMatchObject({
      status: 404,
      body: { code: 'app/not-yet' },
    });
    expect(await office.mapping.get('/apps/none?asOf=2020-01-01T00:00:00Z')).toMatchObject({
      status: 404,
      body: { code: 'app/not-found' },
    });
    const pear = await world.office();
    expect((await pear.mapping.get(`/apps/${office.app.id}?asOf=${created}`)).status).toBe(404);
  });
});
