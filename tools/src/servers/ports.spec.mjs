import { expect, it } from '@jest/globals';
import { freePort } from './ports.mjs';

it('gives no port twice, though nobody listens on the first one yet', async () => {
  const ports = [];
  while (ports.length < 300) ports.push(await freePort());
  expect(new Set(ports).size).toBe(300);
});
