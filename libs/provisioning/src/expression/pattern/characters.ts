import { PatternProblem } from './pattern-problem.ts';

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
  end: number;
  /** Set when it stands for exactly one character. */ character?: string;
};

const exactly = (character: string, end: number): Read => ({ test: (each) => each === character, end, character });

export const isWordCharacter: CharacterTest = (character) => shorthands['w']!.test(character);

/** `at` is behind the backslash. */
export const readEscape = (text: string, at: number): Read => {
  const letter = text[at];
  if (letter === undefined) throw new PatternProblem('the pattern ends with a backslash');
  const shorthand = shorthands[letter];
  if (shorthand) return { test: (each) => shorthand.test(each), end: at + 1 };
  const control = controls[letter];
  if (control) return exactly(control, at + 1);

  const code = /^(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2}))/.exec(text.slice(at, at + 5));
  if (code) return exactly(String.fromCharCode(Number.parseInt((code[1] ?? code[2])!, 16)), at + code[0].length);
  const category = /^([pP])\{([A-Z][a-z]?)\}/.exec(text.slice(at, at + 6));
  if (category) return { test: categoryTest(category[2]!, category[1] === 'P'), end: at + category[0].length };

  if (/[A-Za-z0-9]/.test(letter)) throw new PatternProblem(String.raw`\${letter} is not offered`);
  return exactly(letter, at + 1);
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
  const tests: CharacterTest[] = [];
  let end = negated ? at + 1 : at;
  for (let first = true; first || text[end] !== ']'; first = false) {
    const from = readMember(text, end);
    end = from.end;
    const isRange = text[end] === '-' && text[end + 1] !== ']' && from.character !== undefined;
    if (!isRange) {
      tests.push(from.test);
      continue;
    }
    const to = readMember(text, end + 1);
    end = to.end;
    const [low, high] = [from.character!, to.character];
    if (high === undefined || high < low)
      throw new PatternProblem('a range in [ ] has no end, or an end before its start');
    tests.push((each) => each >= low && each <= high);
  }
  return { test: (each) => tests.some((test) => test(each)) !== negated, end: end + 1 };
};

const readMember = (text: string, at: number): Read => {
  const character = text[at];
  if (character === undefined) throw new PatternProblem('a [ is not closed');
  return character === '\\' ? readEscape(text, at + 1) : exactly(character, at + 1);
};
