import { describe, expect, it } from '@jest/globals';
import { together } from './together.ts';

describe('questions that are asked together', () => {
  const counting = () => {
    const asked: string[] = [];
    const ask = together(
      (question: string) => question,
      async (question) => {
        asked.push(question);
        if (question === 'bad') throw new Error('no answer');
        return `${question}!`;
      },
    );
    return { asked, ask };
  };

  it('are asked once, and each asker gets the answer', async () => {
    const { asked, ask } = counting();
    expect(await Promise.all([ask('a'), ask('b'), ask('a')])).toEqual(['a!', 'b!', 'a!']);
    expect(asked).toEqual(['a', 'b']);
  });

  it('are asked anew later, so that no answer is older than its question', async () => {
    const { asked, ask } = counting();
    await ask('a');
    await ask('a');
    expect(asked).toEqual(['a', 'a']);
  });

  it('fail together, and once', async () => {
    const { asked, ask } = counting();
    expect((await Promise.allSettled([ask('bad'), ask('bad')])).map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
    ]);
    expect(asked).toEqual(['bad']);
    await expect(ask('bad')).rejects.toThrow('no answer');
  });
});
