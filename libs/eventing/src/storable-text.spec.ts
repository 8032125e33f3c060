import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cutText, isStorable, storableText } from './storable-text.ts';

describe('text from outside (R96)', () => {
  it('is well formed and without NUL, whatever came', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', '\ud800', '\udc00', '\0'), (text, bad) => {
        expect(isStorable(storableText(text + bad + text))).toBe(true);
      }),
    );
    expect(storableText('a\ud800b\0')).toBe('a\ufffdb\ufffd');
  });

  it('is cut between code points, never within one', () => {
    expect(cutText('ab😀 Smith', 3)).toBe('ab😀…');
    expect(cutText('ab😀', 3)).toBe('ab😀');
    expect(cutText('short', 300)).toBe('short');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (text, most) => {
        const cut = cutText(text, most);
        expect(cut.isWellFormed()).toBe(true);
        expect(Array.from(cut).length).toBeLessThanOrEqual(most + 1);
      }),
    );
  });
});
