import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant, type IdentityProvider, type Tenant } from './testing/world.ts';

let system: TestSystem;
let plum: Tenant;
let idp: IdentityProvider;
beforeAll(async () => {
  system = await testSystem();
  plum = await makeTenant(system);
  idp = await plum.connect();
});
afterAll(() => system.close());

const listed = async (): Promise<string[]> =>
  (await plum.directory.ok('GET', '/users?limit=100')).items.map(({ id }: { id: string }) => id);
const parked = (segment: string) => system.root().ok('GET', `/${segment}/v1/parked`);

describe('R96: a person whose key was lost with a restored database', () => {
  it('is parked and named, while everybody else goes on, and is back once the key is', async () => {
    const [ada, ben] = [await idp.hire('ada'), await idp.hire('ben')];
    await system.settled();
    const moveKey = (from: string, to: string) =>
      system.database.query({
        text: 'update keys.person_keys set person_id = $2 where person_id = $1 returning 1',
        values: [from, to],
      });
    expect(await moveKey(ada, 'away')).toHaveLength(1);
    await system.rebuild();

    expect((await listed()).includes(ben)).toBe(true);
    expect((await listed()).includes(ada)).toBe(false);
    const eve = await idp.hire('eve');
    expect((await listed()).includes(eve)).toBe(true);
    expect((await parked('directory')).items).toMatchObject([
      { name: 'directory_v4', stream: expect.stringContaining(ada), code: 'key/missing' },
    ]);
    const ready = await system.root().get('/health/ready');
    expect(ready.status).toBe(200);
    expect(ready.text).toContain(ada);
    expect(await (await fetch(`${system.url()}/metrics`)).text()).toMatch(/tenure_parked_streams\{[^}]*\} 1/);

    await moveKey('away', ada);
    const replay = { name: 'directory_v4', stream: (await parked('directory')).items[0].stream };
    expect(await system.root().ok('POST', '/directory/v1/parked/replay', replay)).toEqual({ applied: 1, left: [] });
    expect((await listed()).includes(ada)).toBe(true);
    expect((await parked('directory')).items).toEqual([]);
  });

  it('is told to operators alone', async () => {
    for (const segment of ['directory', 'mapping', 'audit']) {
      expect(await parked(segment)).toEqual({ items: [] });
      expect((await plum.directory.call('GET', '/../../parked')).status).toBeGreaterThanOrEqual(400);
    }
  });
});
