import { describe, expect, it } from '@jest/globals';
import { rate } from './rate.ts';

describe('the rate limit of a connection', () => {
  it('lets a burst pass, then as many a second as set, and says in whole seconds when to come again', () => {
    let now = 0;
    const { spend } = rate(() => now);
    const limit = { perSecond: 0.5, burst: 3 };
    for (let sent = 0; sent < 3; sent++) spend('a', limit);
    expect(() => spend('a', limit)).toThrow(expect.objectContaining({ status: 429, headers: { 'retry-after': '2' } }));
    expect(() => spend('b', limit)).not.toThrow();
    now = 1999;
    expect(() => spend('a', limit)).toThrow(expect.objectContaining({ headers: { 'retry-after': '1' } }));
    now = 2000;
    spend('a', limit);
    expect(() => spend('a', limit)).toThrow();
    now = 1_000_000;
    for (let sent = 0; sent < 3; sent++) spend('a', limit);
    expect(() => spend('a', limit)).toThrow();
  });
});
