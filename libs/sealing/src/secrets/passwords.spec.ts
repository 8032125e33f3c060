import { describe, expect, it } from '@jest/globals';
import { limited } from './limited.ts';
import { hashPassword, verifyPassword } from './passwords.ts';

describe('a password', () => {
  it('matches its hash, which holds its cost and salt and differs each time', async () => {
    const [first, second] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')]);
    expect(first).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(first).not.toBe(second);
    expect(await verifyPassword(first, 'correct horse')).toBe(true);
    expect(await verifyPassword(first, 'Correct horse')).toBe(false);
  });

  it('matches a hash of another cost', async () => {
    // From RFC 7914 §12: N = 1024, r = 8, p = 16, the first 32 bytes of the key.
    const salt = Buffer.from('NaCl').toString('base64').replace(/=+$/, '');
    const hash = Buffer.from('fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162', 'hex')
      .toString('base64')
      .replace(/=+$/, '');
    expect(await verifyPassword(`$scrypt$ln=10,r=8,p=16$${salt}$${hash}`, 'password')).toBe(true);
  });

  it('is the same from every keyboard (RFC 8265 §4.2.2)', async () => {
    const composed = await hashPassword('Zoë\u00a0key');
    expect(await verifyPassword(composed, 'Zoe\u0308 key')).toBe(true);
  });

  it('does not hold up the event loop while it is hashed', async () => {
    let turns = 0;
    const turning = setInterval(() => (turns += 1), 1);
    await hashPassword('correct horse');
    clearInterval(turning);
    expect(turns).toBeGreaterThan(3);
  });

  it('whose hash is damaged is an error and not a mismatch', async () => {
    await expect(verifyPassword('$2b$10$abc', 'correct horse')).rejects.toThrow('not in the format');
  });
});

describe('limited work', () => {
  it('runs no more at once than told, in order, and goes on after a failure', async () => {
    const run = limited(2);
    const started: number[] = [];
    let running = 0;
    let most = 0;
    const work = (index: number) => async () => {
      started.push(index);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running -= 1;
      if (index === 1) throw new Error('failed');
      return index;
    };
    const ended = await Promise.allSettled([0, 1, 2, 3, 4].map((index) => run(work(index))));
    expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
    expect(started).toEqual([0, 1, 2, 3, 4]);
    expect(most).toBe(2);
    expect(await run(work(5))).toBe(5);
  });
});
