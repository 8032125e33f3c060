import { describe, expect, it } from '@jest/globals';
import type { Message } from 'kafkajs';
import { inChunks, outbox } from './outbox.ts';

const message = (value: string): Message => ({ key: 'k', value });

describe('the outbox', () => {
  it('joins what is sent in one turn, and says when it has arrived', async () => {
    const sent: number[] = [];
    const box = outbox(async (messages) => void sent.push(messages.length));
    await Promise.all([box.push(message('a')), box.push(message('b')), box.push(message('c'))]);
    await box.push(message('d'));
    expect(sent).toEqual([3, 1]);
  });

  it('sends something large by itself, so that its failure is its own', async () => {
    const large = 'x'.repeat(2 * 1024 * 1024);
    const box = outbox(async (messages) => {
      if (messages.some(({ value }) => value === large)) throw new Error('too large');
    });
    const outcomes = await Promise.allSettled([
      box.push(message('a')),
      box.push(message(large)),
      box.push(message('b')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('is idle once everything has arrived', async () => {
    let arrive!: () => void;
    const box = outbox(() => new Promise<void>((resolve) => (arrive = resolve)));
    const pushed = box.push(message('a'));
    let idle = false;
    const waiting = box.idle().then(() => (idle = true));
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(idle).toBe(false);
    arrive();
    await Promise.all([pushed, waiting]);
    expect(idle).toBe(true);
  });

  it('keeps the order in chunks up to a size', () => {
    expect(inChunks([3, 3, 3, 9, 1], (bytes) => bytes, 6)).toEqual([[3, 3], [3], [9], [1]]);
    expect(inChunks([], () => 1)).toEqual([]);
  });
});
