import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appConfig, openWorld, type World } from '../testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.start();
  await world.tenant();
});
afterEach(() => world.close());

describe('what a timer does', () => {
  it('follows from what armed it, whatever was changed in between', async () => {
    await world.configure(appConfig());
    await world.join('ada');
    await world.settle();
    await world.deactivate('ada');
    await world.settle();
    const left = world.facts.at(-1)!;
    await world.change('ada', { active: false, title: 'Engineer' });
    await world.settle();
    await world.advance('2026-01-06T09:00:00.000Z');

    const events = await world.store.readAll(undefined, { categories: ['account'], limit: 100 });
    const fired = events.find(({ type }) => type === 'TimerFired')!;
    const armed = events.find(({ id }) => id === fired.metadata.causationId)!;
    expect(armed).toMatchObject({ type: 'DeprovisioningScheduled', metadata: { causationId: left.id } });
    const suspended = events.find(({ type }) => type === 'AccountSuspended')!;
    for (const { metadata } of [armed, fired, suspended])
      expect(metadata.correlationId).toBe(left.metadata.correlationId);
    expect(world.failures).toEqual([]);
  });
});
