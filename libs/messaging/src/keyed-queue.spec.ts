import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { keyedQueue } from './keyed-queue.ts';

describe('a keyed queue', () => {
  it('runs the work of a key in order and other keys meanwhile', async () => {
    const queue = keyedQueue();
    const seen: string[] = [];
    const work = (name: string, ms: number) => async () => {
      await sleep(ms);
      seen.push(name);
    };
    queue.push('ada', work('ada 1', 30));
    queue.push('ada', work('ada 2', 0));
    queue.push('ben', work('ben 1', 5));
    expect(queue.size).toBe(3);
    await queue.idle();
    expect(seen).toEqual(['ben 1', 'ada 1', 'ada 2']);
    expect(queue.size).toBe(0);
  });

  it('goes on with a key whose work failed', async () => {
    const queue = keyedQueue();
    const seen: string[] = [];
    queue.push('ada', async () => {
      throw new Error('no');
    });
    queue.push('ada', async () => void seen.push('next'));
    await queue.idle();
    expect(seen).toEqual(['next']);
  });

  it('is idle at once when it was never used', async () => {
    await expect(keyedQueue().idle()).resolves.toBeUndefined();
  });
});
