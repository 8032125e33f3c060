import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compilePattern, matchesOf } from './matcher.ts';
import { PatternProblem } from './pattern-problem.ts';

const found = (pattern: string, text: string) =>
  matchesOf(compilePattern(pattern), text)?.map(({ start, end }) => text.slice(start, end));

describe('a pattern', () => {
  it.each<[string, string, string[]]>([
    ['a+', 'caaat a', ['aaa', 'a']],
    ['a+?', 'caaat', ['a', 'a', 'a']],
    ['a|ab', 'ab', ['a']],
    ['(ab|a)(c|bcd)?', 'abcd', ['abc']],
    ['^\\d{2,3}$', '123', ['123']],
    ['\\bfox\\b', 'fox foxes', ['fox']],
    ['[^a-c\\d]+', 'abxy1z', ['xy', 'z']],
    ['[]a]', ']a', [']', 'a']],
    ['(?i)STRASSE', 'strasse', ['strasse']],
    ['\\p{Lu}', 'aÉb', ['É']],
    ['\\w+', 'Łódź 東京', ['Łódź', '東京']],
    ['\\u0041\\x42\\.', 'AB.', ['AB.']],
    ['(a*)*', 'aa', ['aa', '']],
  ])('%s in %s finds %j', (pattern, text, expected) => {
    expect(found(pattern, text)).toEqual(expected);
  });

  it.each([
    '(',
    ')',
    '[a',
    'a{3,2}',
    'a{999}',
    '*a',
    'a**',
    '^*',
    '(?=a)',
    '(?<!a)',
    '\\1',
    '\\k<a>',
    '\\p{Zz}',
    '[z-a]',
    'a\\',
    '((((a{99}){99}){99}){99})',
    '('.repeat(40) + ')'.repeat(40),
    '()'.repeat(40),
  ])('%s is refused', (pattern) => {
    expect(() => compilePattern(pattern)).toThrow(PatternProblem);
  });

  it.each(['(a+)+$', '(a|a)*$', '(a|aa)+$', '(.*)*x', '(?:a{1,30}){1,30}c', 'a*a*a*a*a*c'])(
    'R96: that makes a backtracking matcher explode ends here, or gives up: %s',
    (pattern) => {
      const end = new Error('gave up');
      let steps = 0;
      const spend = (more: number) => {
        steps += more;
        if (steps > 300_000) throw end;
      };
      try {
        matchesOf(compilePattern(pattern), `${'a'.repeat(5000)}b`, { spend, spendOn: spend });
      } catch (error) {
        expect(error).toBe(end);
      }
    },
  );

  it('may try many ways', () => {
    expect(found('(a|a)*b$', 'a'.repeat(500) + 'b')).toEqual(['a'.repeat(500) + 'b']);
  });

  it('finds what the language itself finds', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '(a)', '(a|b)', '(?:ab)', '(b|)', '\\b', '^', '$');
    const quantifier = fc.constantFrom('', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{1,2}', '{0,2}?');
    const part = fc.tuple(atom, quantifier).map(([each, times]) => each + (/^(\\b|\^|\$)$/.test(each) ? '' : times));
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 4 }),
        fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 }),
        (parts, text) => {
          const pattern = parts.join('');
          // Empty turns of a loop are where engines differ.
          fc.pre(!/\(b\|\)[*+{]/.test(pattern));
          expect(found(pattern, text)).toEqual([...text.matchAll(new RegExp(pattern, 'g'))].map(([match]) => match));
        },
      ),
      { numRuns: 1000 },
    );
  });
});
