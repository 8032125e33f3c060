import { describe, expect, it } from '@jest/globals';
import { keyReader } from './key-reader.ts';

const rows: Record<string, string> = { ada: 'row of ada', bob: 'row of bob', eve: 'bad' };

const reader = () => {
  const queries: (readonly string[])[] = [];
  const waiting: (() => void)[] = [];
  const keys = keyReader<string, string, string>({
    forMs: 60_000,
    entries: 10,
    nameOf: (name) => name,
    load: async (names) => {
      queries.push(names);
      const found = names.map((name) => rows[name]);
      await new Promise<void>((resolve) => waiting.push(resolve));
      return found;
    },
    toKey: (name, row) => {
      if (row === 'bad') throw new Error(`The row of ${name} is bad.`);
      return `key of ${name}`;
    },
  });
  const answer = async () => {
    await Promise.resolve();
    await Promise.resolve();
    for (const resolve of waiting.splice(0)) resolve();
  };
  return { keys, queries, answer };
};

describe('reading keys', () => {
  it('takes one query for a batch of events, each person once, and none for the next batch', async () => {
    const { keys, queries, answer } = reader();
    const read = Promise.all(['ada', 'bob', 'ada', 'zoe'].map(keys.read));
    await answer();
    expect(await read).toEqual(['key of ada', 'key of bob', 'key of ada', undefined]);
    expect(await Promise.all(['ada', 'bob'].map(keys.read))).toEqual(['key of ada', 'key of bob']);
    expect(queries).toEqual([['ada', 'bob', 'zoe']]);
  });

  it('asks again for a key that was not there', async () => {
    const { keys, queries, answer } = reader();
    for (let time = 0; time < 2; time += 1) {
      const read = keys.read('zoe');
      await answer();
      expect(await read).toBeUndefined();
    }
    expect(queries).toEqual([['zoe'], ['zoe']]);
  });

  it('does not keep a key that is forgotten while its reading is on its way', async () => {
    const { keys, queries, answer } = reader();
    const read = keys.read('ada');
    await Promise.resolve();
    keys.forget('ada');
    await answer();
    expect(await read).toBe('key of ada');
    const again = keys.read('ada');
    await answer();
    await again;
    expect(queries).toEqual([['ada'], ['ada']]);
  });

  it('keeps what was put while a reading was on its way', async () => {
    const { keys, answer } = reader();
    const read = keys.read('ada');
    await Promise.resolve();
    keys.put('ada', 'erased');
    await answer();
    await read;
    expect(await keys.read('ada')).toBe('erased');
  });

  it('fails only who asked for the row that cannot be read', async () => {
    const { keys, answer } = reader();
    const read = Promise.allSettled(['ada', 'eve'].map(keys.read));
    await answer();
    expect(await read).toMatchObject([{ value: 'key of ada' }, { reason: { message: 'The row of eve is bad.' } }]);
  });
});
