import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { derivedKey, parseSecretsKey } from './secrets-key.ts';

describe('TENURE_SECRETS_KEY', () => {
  it('is base64 of 32 bytes', () => {
    const key = randomBytes(32);
    expect(parseSecretsKey(`${key.toString('base64')}\n`)).toEqual(key);
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['too short', randomBytes(16).toString('base64')],
    ['too long', randomBytes(33).toString('base64')],
    ['hexadecimal', randomBytes(32).toString('hex')],
    ['not base64', `${'!'.repeat(43)}=`],
  ])('that is %s is refused with its name and how to make one, and without its value', (_, value) => {
    expect(() => parseSecretsKey(value)).toThrow(/TENURE_SECRETS_KEY .*openssl rand -base64 32/);
    if (value) expect(() => parseSecretsKey(value)).not.toThrow(value);
  });

  it('gives another key for each use', () => {
    const key = randomBytes(32);
    const derived = (['wrapping', 'credentials', 'pepper'] as const).map((use) =>
      derivedKey(key, use).export().toString('hex'),
    );
    expect(new Set([...derived, key.toString('hex')]).size).toBe(4);
  });
});
