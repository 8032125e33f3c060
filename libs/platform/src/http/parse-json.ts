import { BadRequestException } from '@nestjs/common';

const DEEPEST = 64;
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses a body. Refuses what a hostile caller tries: nesting so deep that a walk overflows, keys that reach a prototype, and a key
 * given twice, of which two readers may each believe another. An empty body is `undefined`.
 */
export const parseJson = (body: Buffer): unknown => {
  const text = decoded(body);
  if (text.trim() === '') return undefined;
  checkShape(text);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new BadRequestException(`The body is not JSON: ${(error as Error).message}`);
  }
};

const decoded = (body: Buffer): string => {
  try {
    return utf8.decode(body);
  } catch {
    throw new BadRequestException('The body is not UTF-8.');
  }
};

/** One walk over the text before anything recursive sees it. What isn't JSON at all is left for the parser to say. */
const checkShape = (text: string) => {
  /** Per open bracket: the keys of an object so far, nothing for an array. */
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at + 1);
        const keys = open.at(-1);
        if (keys && isKey(text, end + 1)) checkKey(keyOf(text.slice(at + 1, end)), keys);
        at = end;
        break;
      }
      case BRACE:
      case BRACKET:
        if (open.push(text.charCodeAt(at) === BRACE ? new Set() : undefined) > DEEPEST)
          throw new BadRequestException(`The body is nested more than ${DEEPEST} levels deep.`);
        break;
      case BRACE_END:
      case BRACKET_END:
        open.pop();
        break;
    }
  }
};

const endOfString = (text: string, from: number): number => {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at++;
  }
  return text.length;
};

const isKey = (text: string, from: number): boolean => {
  let at = from;
  while (text.charCodeAt(at) <= SPACE) at++;
  return text.charCodeAt(at) === COLON;
};

/** `user\u004eame` is `userName` too. */
const keyOf = (raw: string): string => {
  if (!raw.includes('\\')) return raw;
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return raw;
  }
};

const checkKey = (key: string, keys: Set<string>) => {
  if (FORBIDDEN.has(key)) throw new BadRequestException(`The name ${key} is not allowed in a body.`);
  if (keys.has(key))
    throw new BadRequestException(`The name "${key.slice(0, 100)}" stands twice in an object of the body.`);
  keys.add(key);
};

const code = (character: string) => character.charCodeAt(0);
const QUOTE = code('"');
const BACKSLASH = code('\\');
const BRACE = code('{');
const BRACE_END = code('}');
const BRACKET = code('[');
const BRACKET_END = code(']');
const COLON = code(':');
const SPACE = code(' ');
