import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mappingWorld, type MappingWorld } from './testing/mapping-world.ts';

let world: MappingWorld;
beforeAll(async () => {
  world = await mappingWorld();
  await world.tenant();
});
afterAll(() => world.close());

it('R95: 1,000 items are acted on in one request, and as many by what they have in common', async () => {
  const id = await world.readyApp();
  await world.call('PUT', `/apps/${id}/scope`, { assignment: 'everyone', groups: [], orgUnits: [] });
  await world.call('PUT', `/apps/${id}/approvals`, { actions: ['create'] });
  expect(await world.call('POST', `/apps/${id}/on`, { confirm: true })).toMatchObject({ status: 200 });
  const names = Array.from({ length: 1020 }, (_, n) => `p${n}`);
  for (let from = 0; from < names.length; from += 50)
    await Promise.all(names.slice(from, from + 50).map((name) => world.join(name)));
  const queue = async (limit = 1) => (await world.call('GET', `/queue?limit=${limit}`)).body;
  for (let tries = 0; (await queue()).counts.approval < names.length; tries++) {
    if (tries > 1000) throw new Error('Not everybody comes to wait.');
    await sleep(50);
  }
  const { items, nextCursor } = await queue(1000);
  expect(items).toHaveLength(1000);
  expect(nextCursor).toBeDefined();
  const seen = items.map(({ id: item, version }: any) => ({ id: item, version }));
  const [first, ...rest] = seen;
  const acted = await world.call('POST', '/queue/act', {
    items: [{ ...first, version: first.version + 1 }, ...rest],
    action: 'reject',
    reason: 'Not this year.',
  });
  expect(acted.status).toBe(200);
  expect(acted.body.items.map((item: any) => item.id)).toEqual(seen.map((item: any) => item.id));
  expect(acted.body.items.filter(({ ok }: any) => !ok)).toMatchObject([
    { id: first.id, code: 'account/stale', now: [{ id: first.id, version: first.version }] },
  ]);
  expect((await queue()).counts).toMatchObject({ approval: 21, failed: 0 });

  const all = { filter: { kind: ['approval'], app: id }, action: 'reject' };
  expect(await world.call('POST', '/queue/act', { ...all, expectedCount: 20 })).toMatchObject({
    status: 409,
    body: { code: 'queue/count-changed' },
  });
  const { body: job } = await world.call('POST', '/queue/act', { ...all, expectedCount: 21 });
  for (let tries = 0; (await world.call('GET', `/jobs/${job.id}`)).body.state === 'running'; tries++) {
    if (tries > 1000) throw new Error('The job never ends.');
    await sleep(50);
  }
  expect((await world.call('GET', `/jobs/${job.id}`)).body).toMatchObject({
    state: 'done',
    result: { done: 21, failed: 0, skipped: 0, failures: [] },
  });
  expect((await queue()).counts).toMatchObject({ approval: 0 });
}, 300_000);
