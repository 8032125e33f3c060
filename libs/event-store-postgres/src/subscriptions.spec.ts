import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { StoredEvent } from '@tenure/eventing';
import { subscriptions } from './subscriptions.ts';

const event = { position: 'g:2:1' } as StoredEvent;

describe('a subscription', () => {
  let looks: number;
  let appended: StoredEvent[];
  let followers: ReturnType<typeof subscriptions>;
  const seen: StoredEvent[] = [];

  beforeEach(() => {
    jest.useFakeTimers();
    [looks, appended] = [0, []];
    seen.length = 0;
    followers = subscriptions(async () => {
      looks += 1;
      return appended.splice(0);
    });
    followers.subscribe(undefined, {}, async (one) => void seen.push(one));
  });
  afterEach(async () => {
    await followers.close();
    jest.useRealTimers();
  });

  it('looks twice a second at most while nothing happens', async () => {
    await jest.advanceTimersByTimeAsync(10_000);
    looks = 0;
    await jest.advanceTimersByTimeAsync(10_000);
    expect(looks).toBe(20);
  });

  it('is woken at once after a quiet time by what this process appends, and sees what others append at its next look', async () => {
    await jest.advanceTimersByTimeAsync(10_000);
    appended.push(event);
    followers.wake();
    await jest.advanceTimersByTimeAsync(0);
    expect(seen).toEqual([event]);

    await jest.advanceTimersByTimeAsync(10_000);
    appended.push(event);
    await jest.advanceTimersByTimeAsync(500);
    expect(seen).toEqual([event, event]);
  });

  it('that was woken and saw nothing looks again soon: an open transaction hides the event for a moment', async () => {
    await jest.advanceTimersByTimeAsync(10_000);
    followers.wake();
    await jest.advanceTimersByTimeAsync(0);
    appended.push(event);
    await jest.advanceTimersByTimeAsync(10);
    expect(seen).toEqual([event]);
  });
});
