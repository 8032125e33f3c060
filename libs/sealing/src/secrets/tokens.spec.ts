import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';

const crypto = await import('node:crypto');
const timingSafeEqual = jest.fn(crypto.timingSafeEqual);
jest.unstable_mockModule('node:crypto', () => ({ ...crypto, timingSafeEqual }));
const { checkTokenLength, generateToken, tokenHashing } = await import('./tokens.ts');
const { hintOf } = await import('./hint.ts');

const secretsKey = randomBytes(32);
const { tokenHmac, tokenMatches } = tokenHashing(secretsKey);

describe('a token', () => {
  it('that is generated has 256 bits, a prefix to find it by, and needs no escaping', () => {
    const tokens = Array.from({ length: 100 }, generateToken);
    for (const token of tokens) expect(token).toMatch(/^tenure_[\w-]{43}$/);
    expect(new Set(tokens).size).toBe(100);
  });

  it('that is chosen has at least 16 characters', () => {
    checkTokenLength('x'.repeat(16));
    expect(() => checkTokenLength('x'.repeat(15))).toThrow(
      expect.objectContaining({ name: 'Rejected', kind: 'invalid', code: 'token/too-short' }),
    );
  });

  it('matches its own HMAC and no other', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (token, other) => {
        expect(tokenMatches(tokenHmac(token), token)).toBe(true);
        expect(tokenMatches(tokenHmac(token), other)).toBe(token === other);
      }),
    );
  });

  it('is hashed with a pepper that comes from TENURE_SECRETS_KEY', () => {
    const token = generateToken();
    const elsewhere = tokenHashing(randomBytes(32));
    expect(elsewhere.tokenMatches(tokenHmac(token), token)).toBe(false);
    expect(tokenHashing(Buffer.from(secretsKey)).tokenMatches(tokenHmac(token), token)).toBe(true);
    expect(tokenHmac(token)).not.toBe(createHmac('sha256', secretsKey).update(token).digest('base64url'));
  });

  it('is compared in constant time', () => {
    const stored = tokenHmac('a token of Entra');
    timingSafeEqual.mockClear();
    tokenMatches(stored, 'another token of Entra');
    tokenMatches(stored, 'a token of Entra');
    expect(timingSafeEqual.mock.results.map(({ value }) => value)).toEqual([false, true]);
  });

  it('that is no longer stored matches nothing', () => {
    expect(tokenMatches('', generateToken())).toBe(false);
  });
});

describe('a hint', () => {
  it('shows the last four characters of a long secret, and nothing of a short one', () => {
    expect(hintOf('tenure_0123456789abcdef4f2a')).toBe('…4f2a');
    expect(hintOf('hunter2')).toBe('…');
    expect(hintOf('')).toBe('…');
  });
});
