import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decrypt, encrypt, newKey } from './cipher.ts';
import { openJson, sealJson } from './sealed-json.ts';

const key = newKey();

describe('a sealed text', () => {
  it('opens as what was sealed, whatever it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.array(fc.string()), (value, boundTo) => {
        expect(JSON.stringify(openJson(key, sealJson(key, value, boundTo), boundTo, 'It'))).toBe(JSON.stringify(value));
      }),
    );
  });

  it('shows nothing of what was sealed, and never looks the same twice', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8, unit: 'grapheme' }), (name) => {
        const [first, second] = [encrypt(key, name, []), encrypt(key, name, [])];
        expect(first.includes(Buffer.from(name))).toBe(false);
        expect(first.equals(second)).toBe(false);
      }),
    );
  });

  it('does not open when any bit of it changed', () => {
    const sealed = encrypt(key, 'Ada Lovelace', ['event']);
    fc.assert(
      fc.property(fc.nat(sealed.length * 8 - 1), (bit) => {
        const altered = Buffer.from(sealed);
        altered[bit >> 3]! ^= 1 << (bit & 7);
        expect(() => decrypt(key, altered, ['event'])).toThrow();
      }),
    );
  });

  it('does not open at another place, however alike the words', () => {
    const sealed = encrypt(key, 'Ada Lovelace', ['a', 'b']);
    for (const elsewhere of [['a', 'c'], ['ab'], ['a,b'], ['a', 'b', ''], ['b', 'a'], []])
      expect(() => decrypt(key, sealed, elsewhere)).toThrow();
  });

  it.each(['', 'AAAA', 'not base64 at all', Buffer.alloc(28).toString('base64')])(
    'that nobody sealed (%j) says so',
    (text) => {
      expect(() => openJson(key, text, [], 'The personal part of e1/UserCreated')).toThrow(
        'The personal part of e1/UserCreated cannot be opened: it was altered, or was sealed for another place or with another key.',
      );
    },
  );

  it('does not open with another key', () => {
    expect(() => decrypt(newKey(), encrypt(key, 'Ada', []), [])).toThrow();
  });
});
