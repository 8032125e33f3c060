import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mappingWorld, type MappingWorld } from './testing/mapping-world.ts';

let world: MappingWorld;
beforeAll(async () => {
  world = await mappingWorld();
  await world.tenant();
  await world.join('ada');
});
afterAll(() => world.close());

const create = (preset?: string) => world.createApp(preset);
const ready = () => world.readyApp();

describe('R58: the catalogue of entitlements', () => {
  it('is what the app has, imported by a job, with what disappeared marked as gone', async () => {
    expect(await world.call('POST', `/apps/${await create('lumapps')}/entitlements/refresh`)).toMatchObject({
      status: 409,
      body: { code: 'app/no-entitlements' },
    });
    expect(await world.call('POST', `/apps/${await create()}/entitlements/refresh`)).toMatchObject({
      status: 409,
      body: { code: 'app/incomplete', errors: [{ field: 'credentials' }, { field: 'endpoint' }] },
    });
    const id = await ready();
    const refresh = async () => {
      const started = await world.call('POST', `/apps/${id}/entitlements/refresh`);
      expect(started).toMatchObject({ status: 202, body: { kind: 'refreshEntitlements' } });
      for (let tries = 0; tries < 200; tries++) {
        const { body } = await world.call('GET', `/jobs/${started.body.id}`);
        if (body.state !== 'running') return body;
        await sleep(25);
      }
    };
    world.target.groups.clear();
    world.target.groups.set('g1', { id: 'g1', displayName: 'Sales' }).set('g2', { id: 'g2', displayName: 'Legal' });
    expect(await refresh()).toMatchObject({ state: 'done', done: 2, total: 2, endedAt: expect.any(String) });
    const item = (value: string, gone: boolean) => ({ kind: 'group', value, displayName: value, gone });
    expect((await world.call('GET', `/apps/${id}/entitlements`)).body).toEqual({
      items: [item('Legal', false), item('Sales', false)],
      configuredBy: 'admin',
      refreshedAt: expect.any(String),
      lastRefresh: { jobId: expect.any(String), state: 'done', at: expect.any(String) },
    });
    world.target.groups.delete('g1');
    await refresh();
    expect((await world.call('GET', `/apps/${id}/entitlements`)).body.items).toEqual([
      item('Legal', false),
      item('Sales', true),
    ]);

    const { token } = world.target.settings;
    world.target.settings.token = 'another';
    expect(await refresh()).toMatchObject({ state: 'failed', result: { problem: 'unauthorized' } });
    world.target.settings.token = token;
    expect((await world.call('GET', `/apps/${id}/entitlements`)).body.items).toHaveLength(2);
    await world.call('DELETE', `/apps/${id}/configuration?confirm=true`);
    await world.settle();
    expect((await world.call('GET', `/apps/${id}/entitlements`)).body).toEqual({ items: [], configuredBy: 'admin' });
  });
});

describe('R64: a tenant whose provisioning is gated', () => {
  const open = { provisioning: true, entitlements: true };
  afterAll(() => world.gate(open));

  it('has its apps paused and told so, can turn none on, and goes on when the gate opens', async () => {
    await world.join('cy');
    const id = await ready();
    world.target.users.clear();
    await world.call('PUT', `/apps/${id}/assignments/users/ada`);
    await world.call('POST', `/apps/${id}/on`, { confirm: true });
    await world.settle();
    await world.gate({ provisioning: false, entitlements: false });
    await world.call('PUT', `/apps/${id}/assignments/users/cy`);
    await world.call('DELETE', `/apps/${id}/assignments/users/ada`);
    await world.settle();
    expect(world.target.users.size).toBe(1);
    expect((await world.call('GET', `/apps/${id}`)).body).toMatchObject({ state: 'on', missing: ['feature'] });
    expect((await world.call('GET', `/apps/${id}/timers`)).body.items).toMatchObject([
      { userId: 'ada', state: 'paused' },
    ]);
    const gated = { status: 403, body: { code: 'feature/provisioning' } };
    const refused = { status: 409, body: { code: 'app/incomplete', errors: [{ field: 'feature' }] } };
    expect(await world.call('POST', `/apps/${await ready()}/on`, { confirm: true })).toMatchObject(refused);
    expect(await world.call('POST', `/apps/${id}/initial-cycle`)).toMatchObject(gated);
    expect(await world.call('POST', `/apps/${id}/provision-on-demand`, { userId: 'cy' })).toMatchObject(gated);
    expect(await world.call('GET', `/apps/${id}/entitlements`)).toMatchObject({
      status: 403,
      body: { code: 'feature/entitlements' },
    });
    await world.gate(open);
    await world.settle();
    expect(world.target.users.size).toBe(2);
    expect((await world.call('GET', `/apps/${id}/timers`)).body.items).toMatchObject([
      { userId: 'ada', state: 'armed' },
    ]);
  });
});
