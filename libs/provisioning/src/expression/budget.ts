import type { Value } from './expression.ts';

/**
 * The steps that one evaluation of one person for one app may take, all its mappings and rules together (R96). A step is a function
 * call, an element of a list, some sixteen characters of a text, or one move of a pattern over a text. Measured on one core: the
 * dearest steps take 0.1 µs, so that an evaluation that uses them all holds the event loop for some 20 ms; the evaluation of an
 * ordinary app takes about a thousand.
 */
export const STEPS_OF_AN_EVALUATION = 150_000;

/** The size of any value, in UTF-16 code units and bytes of UTF-8 alike; a list counts as the sum of its elements. */
export const MOST_OF_A_VALUE = 65_536;

/** An evaluation takes too long, or gives too much: its account fails, and nobody else's does. */
export class TooComplex extends Error {
  override readonly name = 'TooComplex';
  constructor(readonly limit: 'steps' | 'size') {
    super(limit === 'steps' ? 'takes too many steps' : 'gives more than 64 KiB');
  }
}

/** Handed to whatever works for an evaluation; throws `TooComplex` once there is nothing left of it. */
export type Budget = {
  spend: (steps: number) => void;
  /** For a text of so many characters, or a list of such texts. */
  spendOn: (characters: number) => void;
};

export const CHARACTERS_PER_STEP = 16;

export const newBudget = (steps: number = STEPS_OF_AN_EVALUATION): Budget => {
  let left = steps;
  const spend = (used: number) => {
    left -= used;
    if (left < 0) throw new TooComplex('steps');
  };
  return { spend, spendOn: (characters) => spend(1 + Math.ceil(characters / CHARACTERS_PER_STEP)) };
};

/** Characters of a value, roughly: an element counts as one more, and a member of an object as eight. */
export const sizeOf = (value: unknown): number => {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let size = 0;
  if (Array.isArray(value)) for (const element of value) size += 1 + sizeOf(element);
  else for (const name in value) size += 8 + name.length + sizeOf((value as Record<string, unknown>)[name]);
  return size;
};

/** Whether a value may go on: no value of an evaluation is above the limit, also on the way. */
export const bounded = <Given extends Value>(value: Given): Given => {
  if (typeof value === 'string') refuseAbove(value.length, () => Buffer.byteLength(value));
  else if (Array.isArray(value)) refuseAbove(sizeOf(value), () => Buffer.byteLength(JSON.stringify(value)));
  return value;
};

/** At most three bytes of UTF-8 stand for a code unit: most values need no counting. */
const refuseAbove = (characters: number, bytes: () => number): void => {
  if (characters > MOST_OF_A_VALUE) throw new TooComplex('size');
  if (characters > MOST_OF_A_VALUE / 3 && bytes() > MOST_OF_A_VALUE) throw new TooComplex('size');
};
