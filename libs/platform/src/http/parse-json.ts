import { setImmediate as nextTurn } from 'node:timers/promises';
import { BadRequestException, PayloadTooLargeException } from '@nestjs/common';
import { isStorable, Rejected } from '@tenure/eventing';

/** How much a body may hold. Its size in bytes is limited before it is read. */
export type JsonLimits = {
  /** Elements of one list. */
  list: number;
  /** Lists that may be longer, by the names of their keys. */
  longLists?: { names: RegExp; most: number };
  /** Values in all, those in lists and objects included. */
  values: number;
};

export const USUAL_JSON: JsonLimits = { list: 1000, values: 20_000 };
/** Characters of one string. */
export const LONGEST_STRING = 65_536;
const DEEPEST = 64;

/** Other requests get a turn after so long; a slice that is started ends a little later. */
const SLICE_MS = 10;
/** Tokens between two looks at the time. */
const TOKENS_A_LOOK = 512;
/** Larger bodies are parsed one at a time, or the slices of many would add up. */
const LARGE = 256 * 1024;

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Parses a body in slices, so that a large one doesn't keep other requests waiting. Refuses what a hostile caller tries: deep nesting,
 * keys that reach a prototype, and a key given twice, of which two readers may each believe another. Refuses what can't be stored:
 * NUL, half of a surrogate pair, numbers beyond a double. An empty body is `undefined`.
 */
export const parseJson = async (body: Buffer, limits: JsonLimits = USUAL_JSON): Promise<unknown> => {
  const parse = () => inSlices(parsed(body, limits));
  return body.length <= LARGE ? parse() : oneAtATime(parse);
};

const inSlices = async (slices: Generator<void, unknown>): Promise<unknown> => {
  for (let slice = slices.next(); ; slice = slices.next()) {
    if (slice.done) return slice.value;
    await nextTurn();
  }
};

let last: Promise<unknown> = Promise.resolve();
const oneAtATime = <T>(work: () => Promise<T>): Promise<T> => {
  const done = last.then(work);
  last = done.catch(() => undefined);
  return done;
};

const DECODED_AT_ONCE = 1024 * 1024;

function* decoded(body: Buffer): Generator<void, string> {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  const parts: string[] = [];
  try {
    for (let from = 0; from < body.length; from += DECODED_AT_ONCE) {
      if (from > 0) yield;
      parts.push(utf8.decode(body.subarray(from, from + DECODED_AT_ONCE), { stream: true }));
    }
    parts.push(utf8.decode());
  } catch {
    throw new BadRequestException("The request body isn't UTF-8.");
  }
  return parts.join('');
}

/** A list or an object that isn't closed yet. */
type Open = { list: unknown[]; most: number } | { object: Record<string, unknown>; key: string };

/** Yields between slices. Strings, numbers and words are left to `JSON.parse`. */
function* parsed(body: Buffer, { list, longLists, values }: JsonLimits): Generator<void, unknown> {
  const text = yield* decoded(body);
  const open: Open[] = [];
  let at = skipSpace(text, 0);
  if (at === text.length) return undefined;
  let count = 0;
  let until = performance.now() + SLICE_MS;

  const mostIn = (outer: Open | undefined): number =>
    longLists && outer && 'object' in outer && longLists.names.test(outer.key) ? longLists.most : list;

  /** Reads a name and its colon. */
  const readKey = (object: Record<string, unknown>): string => {
    const end = text.charCodeAt(at) === QUOTE ? endOfString(text, at) : -1;
    if (end < 0) throw unexpected(text, at);
    if (end - at > LONGEST_RUN) throw refused(open.slice(0, -1), KEY_TOO_LONG);
    const key = scalar(text, at, end) as string;
    at = skipSpace(text, end);
    if (text.charCodeAt(at) !== COLON) throw unexpected(text, at);
    checkKey(key, object, open);
    at = skipSpace(text, at + 1);
    return key;
  };

  const readScalar = (): unknown => {
    const isString = text.charCodeAt(at) === QUOTE;
    const end = isString ? endOfString(text, at) : endOfWord(text, at);
    if (end <= at) throw unexpected(text, at);
    if (isString && end - at > LONGEST_RUN) throw refused(open, STRING_TOO_LONG);
    const value = scalar(text, at, end);
    if (isString) checkString(value as string, open);
    else if (typeof value === 'number' && !Number.isFinite(value)) throw refused(open, 'Is too large a number.');
    at = end;
    return value;
  };

  for (;;) {
    if (++count % TOKENS_A_LOOK === 0 && performance.now() > until) {
      yield;
      until = performance.now() + SLICE_MS;
    }
    if (count > values) throw tooMany(values);

    let value: unknown;
    const first = text.charCodeAt(at);
    if (first === BRACE || first === BRACKET) {
      if (open.length === DEEPEST)
        throw new BadRequestException(`The body is nested more than ${DEEPEST} levels deep.`);
      const inner: Open = first === BRACE ? { object: {}, key: '' } : { list: [], most: mostIn(open.at(-1)) };
      at = skipSpace(text, at + 1);
      if (text.charCodeAt(at) !== (first === BRACE ? BRACE_END : BRACKET_END)) {
        open.push(inner);
        if ('object' in inner) inner.key = readKey(inner.object);
        continue;
      }
      value = 'object' in inner ? inner.object : inner.list;
      at++;
    } else value = readScalar();

    for (;;) {
      at = skipSpace(text, at);
      const outer = open.at(-1);
      if (!outer) {
        if (at < text.length) throw unexpected(text, at);
        return value;
      }
      const isObject = 'object' in outer;
      if (isObject) outer.object[outer.key] = value;
      else outer.list.push(value);

      const next = text.charCodeAt(at);
      if (next === COMMA) {
        if (!isObject && outer.list.length === outer.most) throw tooLong(open, outer.most);
        at = skipSpace(text, at + 1);
        if (isObject) outer.key = readKey(outer.object);
        break;
      }
      if (next !== (isObject ? BRACE_END : BRACKET_END)) throw unexpected(text, at);
      at++;
      value = isObject ? outer.object : outer.list;
      open.pop();
    }
  }
}

/** Characters that are read in one go, whitespace or one token with its escapes: what is longer is refused. */
const LONGEST_RUN = 6 * LONGEST_STRING + 2;

const skipSpace = (text: string, from: number): number => {
  for (let at = from; at < from + LONGEST_RUN; at++) {
    const code = text.charCodeAt(at);
    if (code !== SPACE && code !== NEWLINE && code !== RETURN && code !== TAB) return at;
  }
  throw new BadRequestException(`The request body has more than ${LONGEST_RUN} whitespace characters in a row.`);
};

/** Behind the closing quote, or the last character that may be read; -1 where there is no closing quote. */
const endOfString = (text: string, from: number): number => {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at++;
    if (at > from + LONGEST_RUN) return at;
  }
  return -1;
};

const WORD = new RegExp(`[-+.\\w]{0,${LONGEST_RUN}}`, 'y');
const endOfWord = (text: string, from: number): number => {
  WORD.lastIndex = from;
  WORD.test(text);
  return WORD.lastIndex;
};

/** A string of its own, no slice of the body that would keep all of it in memory. */
const scalar = (text: string, from: number, to: number): unknown => {
  try {
    return JSON.parse(text.slice(from, to)) as unknown;
  } catch {
    throw unexpected(text, from);
  }
};

const checkString = (value: string, open: readonly Open[]) => {
  if (value.length > LONGEST_STRING) throw refused(open, STRING_TOO_LONG);
  if (!isStorable(value)) throw refused(open, UNSTORABLE);
};

const checkKey = (key: string, object: Record<string, unknown>, open: readonly Open[]) => {
  if (FORBIDDEN.has(key)) throw new BadRequestException(`The key "${key}" isn't allowed in a request body.`);
  if (Object.hasOwn(object, key))
    throw new BadRequestException(`Duplicate key "${key.slice(0, 100)}" in the request body.`);
  if (key.length > LONGEST_KEY) throw refused(open.slice(0, -1), KEY_TOO_LONG);
  if (!isStorable(key)) throw refused(open.slice(0, -1), `Keys: ${UNSTORABLE}`);
};

export const UNSTORABLE = 'Must not contain NUL or an unpaired surrogate.';
const STRING_TOO_LONG = `Must be at most ${LONGEST_STRING.toLocaleString('en')} characters long.`;
const LONGEST_KEY = 1000;
const KEY_TOO_LONG = `Keys must be at most ${LONGEST_KEY.toLocaleString('en')} characters long.`;

/** `emails[3].value` */
const fieldAt = (open: readonly Open[]): string =>
  open.reduce(
    (field, inner) =>
      'list' in inner ? `${field}[${inner.list.length}]` : field === '' ? inner.key : `${field}.${inner.key}`,
    '',
  );

const refused = (open: readonly Open[], message: string): Rejected => {
  const field = fieldAt(open).slice(0, 1000).toWellFormed();
  return new Rejected('invalid', 'request/invalid', field === '' ? message : `${field}: ${message}`, [
    { field, message },
  ]);
};

const tooLong = (open: readonly Open[], most: number) =>
  refused(open.slice(0, -1), `Must have at most ${most.toLocaleString('en')} elements.`);

const tooMany = (most: number) =>
  new PayloadTooLargeException(`The request body has more than ${most.toLocaleString('en')} values.`);

const unexpected = (text: string, at: number) =>
  new BadRequestException(
    at >= text.length
      ? "The request body isn't JSON: it ends too early."
      : `The request body isn't JSON: unexpected ${JSON.stringify(text.slice(at, at + 1).toWellFormed())} at position ${at}.`,
  );

const code = (character: string) => character.charCodeAt(0);
const QUOTE = code('"');
const BACKSLASH = code('\\');
const BRACE = code('{');
const BRACE_END = code('}');
const BRACKET = code('[');
const BRACKET_END = code(']');
const COLON = code(':');
const COMMA = code(',');
const SPACE = code(' ');
const NEWLINE = code('\n');
const RETURN = code('\r');
const TAB = code('\t');
