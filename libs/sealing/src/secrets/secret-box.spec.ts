import { describe, expect, it } from '@jest/globals';
import { NotAuthentic } from '../errors.ts';
import { secretBox } from './secret-box.ts';

describe('a secret box', () => {
  const key = Buffer.alloc(32, 'k');
  const sealed = secretBox(key, 'webhooks').seal({ secret: 'whsec_1' }, ['hook-1']);

  it('opens what it sealed, for what it was sealed', () => {
    expect(secretBox(key, 'webhooks').open(sealed, ['hook-1'])).toEqual({ secret: 'whsec_1' });
    expect(sealed).not.toContain('whsec');
  });

  it('opens nothing of another purpose, owner or key', () => {
    expect(() => secretBox(key, 'oauth').open(sealed, ['hook-1'])).toThrow(NotAuthentic);
    expect(() => secretBox(key, 'webhooks').open(sealed, ['hook-2'])).toThrow(NotAuthentic);
    expect(() => secretBox(Buffer.alloc(32, 'x'), 'webhooks').open(sealed, ['hook-1'])).toThrow(NotAuthentic);
  });
});
