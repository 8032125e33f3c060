import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { redacting } from './redact.ts';

describe('what an app says (R96)', () => {
  it('is shown without our secrets, in whatever form it repeats them', () => {
    const secret = 'top/secret+token ü';
    const { reason } = redacting([secret]);
    const base64 = Buffer.from(secret).toString('base64');
    for (const form of [secret, base64, encodeURIComponent(secret), JSON.stringify(secret)])
      expect(reason(`Bad header: ${form} is unknown`)).toMatch(/^Bad header: "?…"? is unknown$/);
    expect(reason(`user:${secret}`)).toBe('user:…');
  });

  it('is one storable line of at most 300 characters, never cut within one', () => {
    const { reason } = redacting(['secret-token']);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => {
        const shown = reason(text);
        expect(shown.isWellFormed()).toBe(true);
        expect(shown).not.toMatch(/[\0\n]/);
        expect(Array.from(shown).length).toBeLessThanOrEqual(301);
      }),
    );
    expect(reason('😀'.repeat(400))).toBe(`${'😀'.repeat(300)}…`);
  });

  it('keeps what merely looks like a short secret', () => {
    expect(redacting(['abc']).reason('abc is taken')).toBe('abc is taken');
  });
});
