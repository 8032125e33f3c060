import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mappingWorld, TENANT, type MappingWorld } from './testing/mapping-world.ts';

let world: MappingWorld;
beforeAll(async () => {
  world = await mappingWorld();
  await world.tenant();
});
afterAll(() => world.close());

const until = async (condition: () => Promise<boolean>) => {
  for (let tries = 0; !(await condition()); tries++) {
    if (tries > 1000) throw new Error('It never came true.');
    await sleep(50);
  }
};

describe('a cycle', () => {
  it('runs until nobody waits any more, and is cancelled before', async () => {
    const id = await world.readyApp();
    await world.call('PUT', `/apps/${id}/scope`, { assignment: 'everyone', groups: [], orgUnits: [] });
    world.target.settings.isDown = true;
    await world.call('POST', `/apps/${id}/on`, { confirm: true });
    await world.settle().catch(() => undefined);
    const { body: first } = await world.call('GET', `/jobs?app=${id}`);
    await until(async () => (await world.call('GET', `/jobs/${first.items[0].id}`)).body.state === 'done');

    await world.join('ada');
    await until(async () => (await world.call('GET', '/accounts')).body.items.length === 1);
    const { body: job } = await world.call('POST', `/apps/${id}/initial-cycle`);
    expect(job).toMatchObject({ kind: 'initialCycle', appId: id, state: 'running', total: 1 });
    expect((await world.call('GET', `/apps/${id}`)).body.jobs).toContainEqual(
      expect.objectContaining({ id: job.id, kind: 'initialCycle' }),
    );
    expect(await world.call('POST', `/jobs/${job.id}/cancel`, undefined, { key: 'auditor' })).toMatchObject({
      status: 403,
    });
    expect(await world.call('POST', `/jobs/${job.id}/cancel`, undefined, { key: 'admin' })).toMatchObject({
      status: 403,
    });
    expect(
      await world.call('POST', `/jobs/${job.id}/cancel`, undefined, { key: 'other', tenant: 'other' }),
    ).toMatchObject({
      status: 404,
    });
    const { body: cancelled } = await world.call('POST', `/jobs/${job.id}/cancel`);
    expect(cancelled).toMatchObject({ state: 'cancelled', done: 0, total: 1, endedAt: expect.any(String) });
    expect(cancelled).not.toHaveProperty('estimatedEnd');
    const { body: again } = await world.call('POST', `/apps/${id}/initial-cycle`);
    world.target.settings.isDown = false;
    await until(async () => (await world.call('GET', `/jobs/${again.id}`)).body.state === 'done');
    const { body: done } = await world.call('GET', `/jobs/${again.id}`);
    // It ended when its work did, not when somebody looked.
    await sleep(50);
    expect((await world.call('GET', `/jobs/${again.id}`)).body).toEqual(done);
    expect(world.target.users.size).toBe(1);
    expect((await world.call('GET', '/jobs?state=cancelled')).body.items).toEqual([cancelled]);
  });
});

describe('R95: an act on all that match', () => {
  it('leaves the rest as it is once it is cancelled, and says how much', async () => {
    const { database } = world.runtime;
    // As another process that has it.
    await database.query({
      text: `insert into provisioning.jobs (tenant_id, id, app_id, kind, total, done, lease_until) values ($1, 'held', '', 'queueAction', 3, 1, now() + interval '1 hour')`,
      values: [TENANT],
    });
    await database.query(`insert into provisioning.queue_job_items (job_id, n, item_id, version, state, code) values
      ('held', 1, 'approval:a:create.1', 1, 'failed', 'account/stale'), ('held', 2, 'approval:b:create.1', 1, 'waiting', null), ('held', 3, 'approval:c:create.1', 1, 'waiting', null)`);
    expect((await world.call('POST', '/jobs/held/cancel', undefined, { key: 'admin' })).body).toMatchObject({
      state: 'cancelled',
      done: 1,
      total: 3,
      result: { done: 0, failed: 1, skipped: 2, failures: [{ id: 'approval:a:create.1', code: 'account/stale' }] },
    });
    expect(await world.call('POST', '/jobs/held/cancel', undefined, { key: 'admin' })).toMatchObject({
      status: 409,
      body: { code: 'job/ended' },
    });
  });
});
