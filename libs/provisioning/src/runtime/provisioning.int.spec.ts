import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appConfig, openWorld, type World } from '../testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.start();
  await world.tenant();
});
afterEach(() => world.close());

const count = (call: string) => world.app.calls.filter((each) => each === call).length;

describe('a person in scope', () => {
  it('R27: gets an account without being asked for, and its changes follow', async () => {
    await world.configure(appConfig());
    await world.join('ada', { title: 'Engineer' });
    await world.settle();
    expect(await world.accounts()).toMatchObject([{ user_id: 'ada', app_id: 'git', status: 'provisioned' }]);
    expect(world.app.byUserName('ada@plum.example')).toMatchObject({ displayName: 'ada', active: true });
    await world.change('ada', { displayName: 'Ada Holt' });
    await world.settle();
    expect(world.app.byUserName('ada@plum.example')).toMatchObject({ displayName: 'Ada Holt' });
    expect(count('create')).toBe(1);
    expect(world.failures).toEqual([]);
  });
});
