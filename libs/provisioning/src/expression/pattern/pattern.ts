import { widthAt } from '../code-points.ts';
import { type CharacterTest, readClass, readEscape } from './characters.ts';
import { PatternProblem } from './pattern-problem.ts';

export type PatternNode =
  | { kind: 'test'; test: CharacterTest; weight: number }
  | { kind: 'sequence'; parts: PatternNode[] }
  | { kind: 'choice'; options: PatternNode[] }
  | { kind: 'repeat'; body: PatternNode; min: number; max: number | null; lazy: boolean }
  | { kind: 'group'; group: number; body: PatternNode }
  | { kind: 'assert'; at: Assertion };

export type Assertion = 'start' | 'end' | 'boundary' | 'inside';

export type ParsedPattern = {
  root: PatternNode;
  /** The names of the groups by their index; null for one without. */
  groups: (string | null)[];
};

const deepest = 32;
const mostRepeats = 500;
const mostGroups = 32;
const assertions: Partial<Record<string, Assertion>> = { b: 'boundary', B: 'inside', A: 'start', z: 'end', Z: 'end' };

/**
 * The part of .NET's regular expressions that mappings use: classes, groups (named and not), alternatives, greedy and lazy
 * quantifiers, anchors, `(?i)` in front. No look-around and no references back, because these need backtracking.
 */
export const parsePattern = (text: string): ParsedPattern => {
  const ignoresCase = text.startsWith('(?i)');
  const groups: (string | null)[] = [];
  let at = ignoresCase ? 4 : 0;
  const tested = (test: CharacterTest, weight = 1): PatternNode => ({
    kind: 'test',
    weight: ignoresCase ? 3 * weight : weight,
    test: ignoresCase
      ? (character) => test(character) || test(character.toLowerCase()) || test(character.toUpperCase())
      : test,
  });

  const choice = (depth: number): PatternNode => {
    if (depth > deepest) throw new PatternProblem(`the pattern has more than ${deepest} groups within each other`);
    const options = [sequence(depth)];
    while (text[at] === '|') {
      at += 1;
      options.push(sequence(depth));
    }
    return options.length === 1 ? options[0]! : { kind: 'choice', options };
  };

  const sequence = (depth: number): PatternNode => {
    const parts: PatternNode[] = [];
    while (at < text.length && text[at] !== '|' && text[at] !== ')') parts.push(quantified(atom(depth)));
    return { kind: 'sequence', parts };
  };

  const quantified = (body: PatternNode): PatternNode => {
    const bounds = quantifier();
    if (!bounds) return body;
    if (body.kind === 'assert') throw new PatternProblem('a quantifier follows an anchor');
    const lazy = text[at] === '?';
    if (lazy) at += 1;
    if (quantifier()) throw new PatternProblem('a quantifier follows a quantifier');
    return { kind: 'repeat', body, ...bounds, lazy };
  };

  const quantifier = (): { min: number; max: number | null } | undefined => {
    const [written, sign, least, comma, most] =
      /^(?:([*+?])|\{(\d{1,4})(?:(,)(\d{1,4})?)?\})/.exec(text.slice(at, at + 12)) ?? [];
    if (written === undefined) return undefined;
    at += written.length;
    if (sign !== undefined) return { min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : null };
    const min = Number(least);
    const max = comma === undefined ? min : most === undefined ? null : Number(most);
    if (min > mostRepeats || (max ?? 0) > mostRepeats)
      throw new PatternProblem(`a quantifier asks for more than ${mostRepeats}`);
    if (max !== null && max < min) throw new PatternProblem('a quantifier has its bounds the wrong way round');
    return { min, max };
  };

  const atom = (depth: number): PatternNode => {
    const character = text.slice(at, at + widthAt(text, at));
    at += character.length;
    switch (character) {
      case '(':
        return group(depth);
      case '[': {
        const { test, weight, end } = readClass(text, at);
        at = end;
        return tested(test, weight);
      }
      case '\\': {
        const anchor = assertions[text[at] ?? ''];
        if (anchor) {
          at += 1;
          return { kind: 'assert', at: anchor };
        }
        const { test, end } = readEscape(text, at);
        at = end;
        return tested(test);
      }
      case '^':
        return { kind: 'assert', at: 'start' };
      case '$':
        return { kind: 'assert', at: 'end' };
      case '.':
        return tested((each) => each !== '\n');
      case '*':
      case '+':
      case '?':
        throw new PatternProblem(`there is nothing in front of ${character} to repeat`);
    }
    return tested((each) => each === character);
  };

  const group = (depth: number): PatternNode => {
    const [head = '', , name] = /^\?(:|<([A-Za-z_]\w{0,63})>)/.exec(text.slice(at, at + 70)) ?? [];
    if (text[at] === '?' && head === '')
      throw new PatternProblem(`(${text.slice(at, at + 2)} is not offered: only (…), (?:…) and (?<name>…) are`);
    at += head.length;
    const captures = head !== '?:';
    const index = groups.length;
    if (captures) groups.push(name ?? null);
    if (groups.length > mostGroups) throw new PatternProblem(`the pattern has more than ${mostGroups} groups`);
    const body = choice(depth + 1);
    if (text[at] !== ')') throw new PatternProblem('a ( is not closed');
    at += 1;
    return captures ? { kind: 'group', group: index, body } : body;
  };

  const root = choice(0);
  if (at < text.length) throw new PatternProblem('a ) closes nothing');
  return { root, groups };
};
