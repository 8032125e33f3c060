import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mappingWorld, type MappingWorld } from './testing/mapping-world.ts';

let world: MappingWorld;
beforeAll(async () => {
  world = await mappingWorld();
  await world.tenant();
});
afterAll(() => world.close());

const until = async (condition: () => boolean | Promise<boolean>) => {
  for (let tries = 0; !(await condition()); tries++) {
    if (tries > 1000) throw new Error('It never came true.');
    await sleep(50);
  }
};

describe('R96: the health of an app', () => {
  it('tells that it is degraded, why and since when, and that it is healthy again', async () => {
    const id = await world.readyApp();
    const health = async () => (await world.call('GET', `/apps/${id}/health`)).body;
    expect(await health()).toEqual({ state: 'healthy', since: expect.any(String), window: 4, failureRatio: 0 });
    await world.call('PUT', `/apps/${id}/scope`, { assignment: 'everyone', groups: [], orgUnits: [] });
    expect(await world.call('POST', `/apps/${id}/on`, { confirm: true })).toMatchObject({ status: 200 });

    world.target.settings.isDown = true;
    await world.join('ada');
    await until(async () => (await health()).state === 'degraded' && (await health()).nextProbeAt !== undefined);
    const degraded = await health();
    expect(degraded).toMatchObject({
      reason: '100 % of the calls to the app fail: it answers with an error of its own, or not at all.',
      failureRatio: 1,
    });
    expect(world.target.users.size).toBe(0);

    world.target.settings.isDown = false;
    await until(() => world.target.users.size === 1);
    await until(async () => (await health()).state === 'healthy');
    expect(Date.parse((await health()).since)).toBeGreaterThan(Date.parse(degraded.since));
  });

  it('is shown to auditors, and only admins of apps resume it', async () => {
    const id = await world.createApp();
    expect(await world.call('GET', `/apps/${id}/health`, undefined, { key: 'auditor' })).toMatchObject({ status: 200 });
    expect(await world.call('POST', `/apps/${id}/health/resume`, undefined, { key: 'auditor' })).toMatchObject({
      status: 403,
    });
    expect(await world.call('POST', `/apps/${id}/health/resume`)).toMatchObject({
      status: 200,
      body: { state: 'healthy' },
    });
    expect(await world.call('GET', '/apps/none/health')).toMatchObject({
      status: 404,
      body: { code: 'app/not-found' },
    });
  });
});
