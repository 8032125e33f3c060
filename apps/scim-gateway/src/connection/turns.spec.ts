import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { turns } from './turns.ts';

describe('turns of a connection', () => {
  it('are as many as allowed at once; the next few wait in order, one more is refused', async () => {
    const { take } = turns(2, 2);
    const [first, second] = await Promise.all([take('a'), take('a')]);
    const served: string[] = [];
    const waiting = ['third', 'fourth'].map((name) => take('a').then((end) => (served.push(name), end)));
    await expect(take('a')).rejects.toMatchObject({ status: 429 });
    await tick();
    expect(served).toEqual([]);

    first();
    first();
    await tick();
    expect(served).toEqual(['third']);
    second();
    const ends = await Promise.all(waiting);
    expect(served).toEqual(['third', 'fourth']);
    for (const end of ends) end();
    await Promise.all([take('a'), take('a')]);
  });

  it('are each connection’s own', async () => {
    const { take } = turns(1, 0);
    await take('a');
    await expect(take('a')).rejects.toMatchObject({ status: 429 });
    await expect(take('b')).resolves.toBeInstanceOf(Function);
  });
});
