import { describe, expect, it } from '@jest/globals';
import { compare, figuresOf, median, percentile } from './statistics.mjs';

describe('percentiles', () => {
  it('are values that were measured, whatever the order', () => {
    const times = [9, 1, 8, 2, 7, 3, 6, 4, 5, 10];
    expect([0, 0.5, 0.95, 1].map((share) => percentile(times, share))).toEqual([1, 5, 10, 10]);
  });

  it('are the value itself where there is one', () => expect(percentile([3], 0.95)).toBe(3));
});

describe('the median', () => {
  it('lies between the two in the middle', () => expect(median([4, 1, 3, 2])).toBe(2.5));
  it('is not moved by one that ran away', () => expect(median([1, 1000, 2])).toBe(2));
});

describe('slices of one thing', () => {
  it('are told by the throughput of the middle one and the times of all', () => {
    const slices = [
      { times: [1, 1], seconds: 1 },
      { times: [2, 2, 2, 2], seconds: 1 },
      { times: [3, 3, 3], seconds: 1 },
    ];
    expect(figuresOf(slices)).toEqual({ perSecond: 3, p50: 2, p95: 3, count: 9 });
  });
});

describe('a thing beside its limit', () => {
  const slice = (count, ms) => ({ times: Array.from({ length: count }, () => ms), seconds: 1 });

  it('is compared round by round, so that a slow phase of the machine slows both', () => {
    const rounds = [
      { limit: slice(100, 1), system: slice(50, 2) },
      { limit: slice(10, 10), system: slice(5, 20) },
      { limit: slice(100, 1), system: slice(50, 2) },
    ];
    expect(compare(rounds).ratio).toEqual({ perSecond: 0.5, p50: 2 });
  });

  it('is not judged by one round that something else spoilt', () => {
    const rounds = [
      { limit: slice(100, 1), system: slice(50, 2) },
      { limit: slice(100, 1), system: slice(1, 1000) },
      { limit: slice(100, 1), system: slice(50, 2) },
    ];
    expect(compare(rounds).ratio).toEqual({ perSecond: 0.5, p50: 2 });
  });
});
