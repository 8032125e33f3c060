import type { Value } from '../expression.ts';
import { isEmpty, isTrue, toNumber, toText } from '../values.ts';
import { type Argument, type FunctionDefinition, parametersOf } from './definition.ts';

/** Compares case-sensitively; an empty source matches the key `""`. */
const switchOf = ([source, fallback, ...pairs]: Argument[]): Value => {
  const wanted = toText(source);
  for (let index = 0; index + 1 < pairs.length; index += 2) {
    if (toText(pairs[index]) === wanted) return pairs[index + 1] ?? null;
  }
  return fallback ?? null;
};

/** Both numbers up to 2^53, as .NET does with its 64 bits; `&` alone would cut off at 32. */
const bitAnd = ([left, right]: Argument[]): Value => {
  const [a, b] = [toNumber(left), toNumber(right)];
  if (a === null || b === null || !Number.isSafeInteger(a) || !Number.isSafeInteger(b)) return null;
  return Number(BigInt.asIntN(64, BigInt(a) & BigInt(b)));
};

export const logicFunctions: FunctionDefinition[] = [
  { name: 'Switch', parameters: parametersOf('source', 'defaultValue?', 'key', 'value'), repeating: 2, run: switchOf },
  {
    name: 'IIF',
    parameters: parametersOf('condition', 'valueIfTrue', 'valueIfFalse'),
    run: ([condition, valueIfTrue, valueIfFalse]) => (isTrue(condition) ? valueIfTrue : valueIfFalse) ?? null,
  },
  {
    name: 'Coalesce',
    parameters: parametersOf('source'),
    repeating: 1,
    run: (given) => given.find((value) => !isEmpty(value)) ?? given.at(-1) ?? null,
  },
  { name: 'Not', parameters: parametersOf('source'), run: ([source]) => !isTrue(source) },
  { name: 'IsPresent', parameters: parametersOf('expression'), run: ([value]) => !isEmpty(value) },
  // A missing list is an absent attribute (RFC 7643 §2.5).
  { name: 'IsNull', parameters: parametersOf('expression'), run: ([value]) => isEmpty(value) && value !== '' },
  { name: 'IsNullOrEmpty', parameters: parametersOf('expression'), run: ([value]) => isEmpty(value) },
  { name: 'IsString', parameters: parametersOf('expression'), run: ([value]) => typeof value === 'string' },
  // What it means to leave an attribute out is up to the mapping; the value itself passes through.
  { name: 'IgnoreFlowIfNullOrEmpty', parameters: parametersOf('expression'), run: ([value]) => value ?? null },
  { name: 'CBool', parameters: parametersOf('expression'), run: ([value]) => isTrue(value) },
  { name: 'CStr', parameters: parametersOf('value'), run: ([value]) => (isEmpty(value) ? null : toText(value)) },
  {
    name: 'CNum',
    parameters: parametersOf('value'),
    run: ([value]) => (typeof value === 'boolean' ? Number(value) : toNumber(value)),
  },
  { name: 'BitAnd', parameters: parametersOf('value1', 'value2'), run: bitAnd },
];
