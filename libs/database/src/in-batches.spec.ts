import { describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { inBatches } from './in-batches.ts';

/** Answers each item with itself in capitals, when it is told to; fails for "bad". */
const receiver = () => {
  const batches: (readonly string[])[] = [];
  const answers: (() => void)[] = [];
  const ask = inBatches<string, string>({
    send: async (items) => {
      batches.push(items);
      await new Promise<void>((answer) => answers.push(answer));
      if (items.includes('bad')) throw new Error('bad item');
      if (items.includes('down')) throw new Error('server down');
      return items.map((item) => item.toUpperCase());
    },
    bytesOf: (item) => (item === 'large' ? 5 * 1024 * 1024 : 1),
    failsForOne: (error) => (error as Error).message === 'bad item',
  });
  const answerAll = async () => {
    await turn();
    for (let n = 0; n < 20; n++) {
      answers.splice(0).forEach((answer) => answer());
      await turn();
    }
  };
  return { ask, batches, answerAll };
};

describe('requests in batches', () => {
  it('go together with those of the same turn, and with those that had to wait', async () => {
    const { ask, batches, answerAll } = receiver();
    const asking = ['a', 'b'].map(ask);
    await turn();
    asking.push(ask('c'));
    await turn();
    asking.push(ask('d'));
    await turn();
    asking.push(ask('e'));
    expect(batches).toEqual([['a', 'b'], ['c']]);
    await answerAll();
    expect(batches).toEqual([['a', 'b'], ['c'], ['d', 'e']]);
    expect(await Promise.all(asking)).toEqual(['A', 'B', 'C', 'D', 'E']);
  });

  it('fail alone for what they ask themselves', async () => {
    const { ask, answerAll } = receiver();
    const asking = Promise.allSettled(['a', 'b', 'c', 'bad', 'd'].map(ask));
    await answerAll();
    expect((await asking).map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
  });

  it('fail together when nobody answers, and none is sent twice', async () => {
    const { ask, batches, answerAll } = receiver();
    const asking = Promise.allSettled(['a', 'b', 'c', 'down', 'd'].map(ask));
    await answerAll();
    expect((await asking).map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
      'rejected',
      'rejected',
      'rejected',
    ]);
    expect(batches).toHaveLength(1);
  });

  it('stay below a size, and a larger one travels alone', async () => {
    const { ask, batches, answerAll } = receiver();
    const asking = Promise.all(['a', 'b', 'c', 'large', 'large', 'd', 'e'].map(ask));
    await answerAll();
    expect(batches.map(({ length }) => length)).toEqual([3, 1, 1, 2]);
    await asking;
  });

  it('come by the number that one statement carries', async () => {
    const { ask, batches, answerAll } = receiver();
    const asking = Promise.all(Array.from({ length: 150 }, (_, n) => ask(`${n}`)));
    await answerAll();
    expect(batches.map(({ length }) => length)).toEqual([64, 64, 22]);
    await asking;
  });
});
