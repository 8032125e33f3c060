import { describe, expect, it } from '@jest/globals';
import { searchQuery, searchWords } from './search-words.ts';

const TENANT = 'plum-tenant';

describe('the words of a person', () => {
  it('are what stands between spaces and the parts of it, without case and accents, each in its tenant', () => {
    expect(searchWords(TENANT, ['Zoë  O’Brien', 'Zoe.OBrien@Plum.example'])).toEqual(
      ['zoe', 'o’brien', 'o', 'brien', 'zoe.obrien@plum.example', 'obrien', 'plum', 'example'].map(
        (word) => `plum-ten/${word}`,
      ),
    );
  });

  it('are limited in length and number, and nothing but text is any', () => {
    const words = searchWords(TENANT, [
      '😀'.repeat(150),
      Array.from({ length: 300 }, (_, n) => `w${n}`).join(' '),
      7,
      null,
    ]);
    expect(words[0]).toBe(`plum-ten/${'😀'.repeat(100)}`);
    expect(words).toHaveLength(200);
    expect(searchWords(TENANT, [undefined, ' ', true])).toEqual([]);
  });
});

describe('a search', () => {
  it('asks for a word that begins so, for each of its own', () => {
    expect(searchQuery(TENANT, ' Ada LOVE ')).toBe(`'plum-ten/ada':* & 'plum-ten/love':*`);
  });

  it('quotes what a tsquery would read otherwise', () => {
    expect(searchQuery(TENANT, `o'b\\:*`)).toBe(`'plum-ten/o''b\\\\:*':*`);
  });
});
