import { expect, it } from '@jest/globals';
import { observeLag } from './scim-lag.ts';

it('learns for how long an account that was made is not found, and nothing of one that was deleted', () => {
  const learned: number[] = [];
  let now = 0;
  const lag = observeLag(
    (ms) => void learned.push(ms),
    () => now,
  );
  lag.made('ada');
  lag.made('bob');
  lag.made('cy');
  lag.found('cy');
  now = 400;
  lag.missed('ada');
  lag.missed('bob');
  lag.deleted('bob');
  now = 2500;
  lag.found('ada');
  lag.found('bob');
  lag.found('cy');
  lag.found('nobody');
  expect(learned).toEqual([2500]);
});
