import { widthAt } from '../code-points.ts';
import { PatternProblem } from './pattern-problem.ts';

/** Of one code point. */
export type CharacterTest = (character: string) => boolean;

// As .NET reads them: of all scripts, not of ASCII alone.
const shorthands: Partial<Record<string, RegExp>> = {
  d: /\p{Nd}/u,
  D: /\P{Nd}/u,
  w: /[\p{L}\p{Mn}\p{Nd}\p{Pc}]/u,
  W: /[^\p{L}\p{Mn}\p{Nd}\p{Pc}]/u,
  s: /\s/u,
  S: /\S/u,
};

const controls: Partial<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f', v: '\v' };

type Read = {
  test: CharacterTest;
  /** How many comparisons the test makes. */
  weight: number;
  end: number;
  /** Set when it stands for exactly one character. */
  character?: string;
};

const exactly = (character: string, end: number): Read => ({
  test: (each) => each === character,
  weight: 1,
  end,
  character,
});

const pointAt = (text: string, at: number): string => text.slice(at, at + widthAt(text, at));

export const isWordCharacter: CharacterTest = (character) => shorthands['w']!.test(character);

/** `at` is behind the backslash. */
export const readEscape = (text: string, at: number): Read => {
  const letter = pointAt(text, at);
  if (letter === '') throw new PatternProblem('the pattern ends with a backslash');
  const shorthand = shorthands[letter];
  if (shorthand) return { test: (each) => shorthand.test(each), weight: 1, end: at + 1 };
  const control = controls[letter];
  if (control) return exactly(control, at + 1);

  const code = /^(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2}))/.exec(text.slice(at, at + 5));
  if (code) return exactly(String.fromCharCode(Number.parseInt((code[1] ?? code[2])!, 16)), at + code[0].length);
  const category = /^([pP])\{([A-Z][a-z]?)\}/.exec(text.slice(at, at + 6));
  if (category)
    return { test: categoryTest(category[2]!, category[1] === 'P'), weight: 1, end: at + category[0].length };

  if (/[A-Za-z0-9]/.test(letter)) throw new PatternProblem(String.raw`\${letter} is not offered`);
  return exactly(letter, at + letter.length);
};

const categoryTest = (category: string, negated: boolean): CharacterTest => {
  try {
    const pattern = new RegExp(String.raw`\p{${category}}`, 'u');
    return (each) => pattern.test(each) !== negated;
  } catch {
    throw new PatternProblem(`there is no Unicode category ${category}`);
  }
};

/** `at` is behind the opening bracket. */
export const readClass = (text: string, at: number): Read => {
  const negated = text[at] === '^';
  const single = new Set<string>();
  const tests: CharacterTest[] = [];
  let end = negated ? at + 1 : at;
  for (let first = true; first || text[end] !== ']'; first = false) {
    const from = readMember(text, end);
    end = from.end;
    const isRange = text[end] === '-' && text[end + 1] !== ']' && from.character !== undefined;
    if (!isRange) {
      if (from.character === undefined) tests.push(from.test);
      else single.add(from.character);
      continue;
    }
    const to = readMember(text, end + 1);
    end = to.end;
    const [low, high] = [from.character!.codePointAt(0)!, to.character?.codePointAt(0)];
    if (high === undefined || high < low)
      throw new PatternProblem('a range in [ ] has no end, or an end before its start');
    tests.push((each) => each.codePointAt(0)! >= low && each.codePointAt(0)! <= high);
  }
  const test: CharacterTest = (each) => (single.has(each) || tests.some((one) => one(each))) !== negated;
  return { test, weight: 1 + tests.length, end: end + 1 };
};

const readMember = (text: string, at: number): Read => {
  const character = pointAt(text, at);
  if (character === '') throw new PatternProblem('a [ is not closed');
  return character === '\\' ? readEscape(text, at + 1) : exactly(character, at + character.length);
};
