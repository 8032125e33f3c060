import { BadRequestException } from '@nestjs/common';

const DEEPEST = 64;
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Parses a body. Refuses what a hostile caller tries: nesting so deep that a walk overflows, and keys that reach a prototype.
 * An empty body is `undefined`.
 */
export const parseJson = (body: Buffer): unknown => {
  const text = body.toString('utf8').replace(/^\uFEFF/, '');
  if (text.trim() === '') return undefined;
  checkDepth(text);
  try {
    return JSON.parse(text, refuseHostileKeys) as unknown;
  } catch (error) {
    if (error instanceof BadRequestException) throw error;
    throw new BadRequestException(`The body is not JSON: ${(error as Error).message}`);
  }
};

function refuseHostileKeys(this: unknown, key: string, value: unknown) {
  if (FORBIDDEN.has(key)) throw new BadRequestException(`The name ${key} is not allowed in a body.`);
  return value;
}

/** Counts brackets outside strings before anything recursive sees the text. */
const checkDepth = (text: string) => {
  let depth = 0;
  for (let at = 0, inString = false; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === BRACE || code === BRACKET) {
      if (++depth > DEEPEST) throw new BadRequestException(`The body is nested more than ${DEEPEST} levels deep.`);
    } else if (code === BRACE_END || code === BRACKET_END) depth--;
  }
};

const [QUOTE, BACKSLASH, BRACE, BRACE_END, BRACKET, BRACKET_END] = ['"', '\\', '{', '}', '[', ']'].map((c) => c.charCodeAt(0));
