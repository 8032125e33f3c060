import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { testSystem, type TestSystem } from './testing/system.ts';
import { makeTenant } from './testing/world.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await testSystem();
});
afterAll(() => system.close());

/** Ids and instants differ each time. */
const shapeOf = ({
  id: _id,
  meta: { created: _created, lastModified: _lastModified, location: _location, ...meta },
  ...resource
}: any) => ({ ...resource, meta });

it('the request on the first screen of the README is answered as it says there', async () => {
  const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
  const sent = /-d '(\{.*\})'/.exec(readme)?.[1];
  const said = /```json\n(.*?)```/s.exec(readme)?.[1];
  const { scim } = await (await makeTenant(system)).connect();
  const { status, body } = await scim.post('/Users', JSON.parse(sent!));
  expect(status).toBe(201);
  expect(shapeOf(body)).toEqual(shapeOf(JSON.parse(said!)));
});
