import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { partitionOffsets } from './partition-offsets.ts';

describe('the offsets of a partition', () => {
  it('are committed up to the first that still runs', () => {
    const offsets = partitionOffsets();
    expect(offsets.lowWater()).toBeUndefined();
    for (const offset of [5, 6, 9]) offsets.admit(offset, 0);
    expect(offsets.lowWater()).toBe(5);
    offsets.done(6);
    expect(offsets.lowWater()).toBe(5);
    offsets.done(5);
    expect(offsets.lowWater()).toBe(9);
    offsets.done(9);
    expect(offsets.lowWater()).toBe(10);
  });

  it('are taken up once, though a rebalance fetches them again', () => {
    const offsets = partitionOffsets();
    expect(offsets.admit(5, 100)).toBe(true);
    expect(offsets.admit(6, 100)).toBe(true);
    offsets.done(6);
    expect(offsets.admit(5, 100)).toBe(false);
    expect(offsets.admit(6, 100)).toBe(false);
    expect(offsets.admit(7, 100)).toBe(true);
  });

  it('start over where the topic was made anew', () => {
    const offsets = partitionOffsets();
    offsets.admit(5, 100);
    expect(offsets.admit(0, 200)).toBe(true);
    expect(offsets.lowWater()).toBe(0);
  });

  it('never pass what is not done, and pass all that is, in whatever order it ends', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(1000), { minLength: 1 }), fc.infiniteStream(fc.nat()), (numbers, picks) => {
        const offsets = partitionOffsets();
        const open = numbers.toSorted((a, b) => a - b);
        const last = open.at(-1)!;
        for (const offset of open) offsets.admit(offset, 0);
        while (open.length > 0) {
          expect(offsets.lowWater()).toBe(Math.min(...open));
          const [ended] = open.splice(picks.next().value! % open.length, 1);
          offsets.done(ended!);
        }
        expect(offsets.lowWater()).toBe(last + 1);
        expect(offsets.inFlight).toBe(0);
      }),
    );
  });
});
