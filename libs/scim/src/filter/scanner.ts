import { isStorable } from '../json/json.ts';
import type { ScimProblem } from '../problem/problem.ts';
import { filterLimits } from './filter.ts';

/** Reads a filter or path from left to right. Every complaint says where it stands. */
export type Scanner = {
  position: () => number;
  atEnd: () => boolean;
  /** Skips white space, then consumes the symbol if it is next. */
  accept: (symbol: string) => boolean;
  expect: (symbol: string) => void;
  /** Skips white space, then consumes a run without white space, brackets and quotes; empty when there is none. */
  word: () => string;
  /** Consumes the word if it is next, in any case and followed by what can follow a word. */
  acceptWord: (word: string) => boolean;
  /** A JSON string, when a quote is next. */
  string: () => string | undefined;
  fail: (complaint: string, position?: number) => ScimProblem;
};

const wordPattern = /[^\s()[\]"]+/y;
const stringPattern = /"(?:[^"\\]|\\.)*"/y;

export const scannerOf = (text: string, problem: (detail: string) => ScimProblem): Scanner => {
  if (text.length > filterLimits.length) throw problem(`Longer than ${filterLimits.length} characters.`);
  if (!isStorable(text)) throw problem('There are characters in it that no value has.');
  let at = 0;
  const skip = () => {
    while (at < text.length && /\s/.test(text[at]!)) at += 1;
  };
  const match = (pattern: RegExp): string => {
    skip();
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? '';
  };
  const fail = (complaint: string, position = at) => problem(`${complaint} at character ${position + 1}.`);
  const accept = (symbol: string) => {
    skip();
    if (!text.startsWith(symbol, at)) return false;
    at += symbol.length;
    return true;
  };
  return {
    position: () => {
      skip();
      return at;
    },
    atEnd: () => {
      skip();
      return at >= text.length;
    },
    accept,
    expect: (symbol) => {
      if (!accept(symbol)) throw fail(`"${symbol}" expected`);
    },
    word: () => {
      const word = match(wordPattern);
      at += word.length;
      return word;
    },
    acceptWord: (word) => {
      const next = match(wordPattern);
      if (next.toLowerCase() !== word) return false;
      at += next.length;
      return true;
    },
    string: () => {
      skip();
      if (text[at] !== '"') return undefined;
      const token = match(stringPattern);
      if (token === '') throw fail('A string without its closing quote');
      try {
        const value = String(JSON.parse(token));
        if (!isStorable(value)) throw fail('A string with characters that no value has');
        at += token.length;
        return value;
      } catch (error) {
        throw error instanceof SyntaxError ? fail('A string that is not valid JSON') : error;
      }
    },
    fail,
  };
};
