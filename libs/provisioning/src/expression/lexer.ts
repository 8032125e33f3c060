import { storableText } from '@tenure/eventing';
import { type Comparison, ExpressionProblem } from './expression.ts';

export type Token =
  | { kind: 'name'; text: string; position: number }
  | { kind: 'text'; value: string; position: number }
  | { kind: 'number'; value: number; position: number }
  | { kind: 'source'; name: string; position: number }
  | { kind: 'operator'; operator: Comparison; position: number }
  | { kind: '(' | ')' | ','; position: number }
  | { kind: 'end'; position: number };

const space = /\s+/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const hexadecimal = /&[Hh]([0-9A-Fa-f]{1,8})/y;
/** More digits than a number holds exactly, such as Active Directory's dates have: read as a text. */
const longInteger = /-?\d{16,19}(?![\d.])/y;
const decimal = /-?\d{1,15}(\.\d{1,6})?(?![\d.])/y;
const operator = /<>|<=|>=|=|<|>/y;

/** Guides print expressions with typographic quotes, and people paste them. */
const typographic = '“”„‟';

const matchAt = (pattern: RegExp, text: string, position: number) => {
  pattern.lastIndex = position;
  return pattern.exec(text);
};

const readText = (text: string, start: number): { value: string; end: number } => {
  const closing = text[start] === '"' ? '"' : typographic;
  let value = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '\\') {
      const escaped = text[at + 1] ?? '';
      if (escaped === '' || !`"\\${typographic}`.includes(escaped)) {
        throw new ExpressionProblem(
          at,
          'Expected \\\\ or \\" after a backslash: a backslash in a text is written twice.',
        );
      }
      value += escaped;
      at += 1;
    } else if (closing.includes(character)) {
      // What a person writes goes into accounts as well.
      return { value: storableText(value), end: at + 1 };
    } else {
      value += character;
    }
  }
  throw new ExpressionProblem(start, 'Expected a closing quote: this text is not closed.');
};

/** `[country]`, and a SCIM path with a filter of its own: `[emails[type eq "work"].value]`. */
const readSource = (text: string, start: number): { name: string; end: number } => {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') quoted = depth > 1 && !quoted;
    if (quoted) continue;
    if (character === '[') depth += 1;
    if (character === ']') depth -= 1;
    if (depth > 0) continue;
    const source = text.slice(start + 1, at).trim();
    if (source === '') throw new ExpressionProblem(start, 'Expected the name of an attribute between [ and ].');
    return { name: source, end: at + 1 };
  }
  throw new ExpressionProblem(start, 'Expected a closing ]: this attribute name is not closed.');
};

export const tokensOf = (text: string): Token[] => {
  const tokens: Token[] = [];
  let position = 0;
  while (position < text.length) {
    const blank = matchAt(space, text, position);
    if (blank) {
      position += blank[0].length;
      continue;
    }
    const { token, end } = readToken(text, position);
    tokens.push(token);
    position = end;
  }
  return [...tokens, { kind: 'end', position: text.length }];
};

const readToken = (text: string, position: number): { token: Token; end: number } => {
  const character = text[position]!;
  if (character === '(' || character === ')' || character === ',')
    return { token: { kind: character, position }, end: position + 1 };
  if (character === '[') {
    const source = readSource(text, position);
    return { token: { kind: 'source', name: source.name, position }, end: source.end };
  }
  if (character === '"' || typographic.includes(character)) {
    const { value, end } = readText(text, position);
    return { token: { kind: 'text', value, position }, end };
  }

  const word = matchAt(name, text, position);
  if (word) return { token: { kind: 'name', text: word[0], position }, end: position + word[0].length };
  const hex = matchAt(hexadecimal, text, position);
  if (hex)
    return { token: { kind: 'number', value: Number.parseInt(hex[1]!, 16), position }, end: position + hex[0].length };
  const long = matchAt(longInteger, text, position);
  if (long) return { token: { kind: 'text', value: long[0], position }, end: position + long[0].length };
  const number = matchAt(decimal, text, position);
  // `+ 0` turns -0 into 0, which is how it prints.
  if (number)
    return { token: { kind: 'number', value: Number(number[0]) + 0, position }, end: position + number[0].length };
  const sign = matchAt(operator, text, position);
  if (sign)
    return { token: { kind: 'operator', operator: sign[0] as Comparison, position }, end: position + sign[0].length };

  throw new ExpressionProblem(position, `Expected a function, an [attribute], a "text" or a number, not ${character}.`);
};

/** For a problem's message. */
export const insteadOf = (token: Token): string => {
  switch (token.kind) {
    case 'end':
      return ', not the end';
    case 'text':
      return `, not "${token.value}"`;
    case 'number':
      return `, not ${token.value}`;
    case 'source':
      return `, not [${token.name}]`;
    case 'name':
      return `, not ${token.text}`;
    case 'operator':
      return `, not ${token.operator}`;
    case '(':
    case ')':
    case ',':
      return `, not ${token.kind}`;
  }
};
