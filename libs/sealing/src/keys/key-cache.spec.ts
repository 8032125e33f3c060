import { describe, expect, it } from '@jest/globals';
import { keyCache } from './key-cache.ts';

const minute = 60_000;
const cacheAt = (options: { entries?: number } = {}) => {
  const time = { now: 0 };
  return { time, cache: keyCache<string>({ forMs: minute, entries: 3, now: () => time.now, ...options }) };
};

describe('a cache of keys', () => {
  it('holds a key for a minute, which use does not prolong', () => {
    const { time, cache } = cacheAt();
    cache.set('ada', 'key', 0);
    time.now = minute - 1;
    expect(cache.get('ada')).toBe('key');
    time.now = minute;
    expect(cache.get('ada')).toBeUndefined();
  });

  it('counts from when the reading began, not from when it ended', () => {
    const { time, cache } = cacheAt();
    time.now = 20_000;
    cache.set('ada', 'key', 0);
    time.now = minute;
    expect(cache.get('ada')).toBeUndefined();
  });

  it('holds no more entries than told, and drops the oldest', () => {
    const { cache } = cacheAt();
    for (const name of ['ada', 'bob', 'cleo', 'dan']) cache.set(name, name, 0);
    expect(cache.size).toBe(3);
    expect(cache.get('ada')).toBeUndefined();
    expect(cache.get('dan')).toBe('dan');
  });

  it('lets go of keys that nobody asks for again', async () => {
    const cache = keyCache<string>({ forMs: 20, entries: 3 });
    cache.set('ada', 'key', performance.now());
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(cache.size).toBe(0);
  });
});
