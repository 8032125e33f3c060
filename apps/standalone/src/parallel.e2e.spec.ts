import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { newAttributes, newMembers } from './testing/parallel-patches.ts';
import { testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant } from './testing/world.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await testSystem();
});
afterAll(() => system.close());

describe('decision 5: fifty PATCHes at once', () => {
  it.each([
    ['on one group, a member each', newMembers],
    ['on one user, an attribute or an element each', newAttributes],
  ])('%s, all succeed, and every change is in the result, each a version of its own', async (_what, prepare) => {
    const tenant = await makeTenant(system);
    const idp = await tenant.connect();
    const { path, bodies, expectAll } = await prepare(tenant, idp);
    await expectAll(await Promise.all(bodies.map((body) => idp.scim.patch(path, body))));
  });
});
