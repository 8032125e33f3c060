import { type Comparison, type Expression, type Value, limits } from './expression.ts';
import { functionNamed } from './functions/catalogue.ts';
import type { Argument } from './functions/definition.ts';
import { isEmpty, toNumber, toText } from './values.ts';

/**
 * Works an expression out for one person. It never fails and always gives the same for the same person: what can't be
 * worked out (a date that is none, a text of a megabyte) is `null`, "no value", and the mapping's default steps in.
 */
export const evaluate = (expression: Expression, lookup: (source: string) => Value): Value =>
  argumentOf(expression, lookup) ?? null;

const argumentOf = (expression: Expression, lookup: (source: string) => Value): Argument => {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'source':
      return bounded(lookup(expression.name));
    case 'omitted':
      return undefined;
    case 'call':
      return bounded(
        functionNamed(expression.name)?.run(expression.arguments.map((each) => argumentOf(each, lookup))) ?? null,
      );
    case 'compare':
      return compare(expression.operator, evaluate(expression.left, lookup), evaluate(expression.right, lookup));
  }
};

const bounded = (value: Value): Value => (typeof value === 'string' && value.length > limits.value ? null : value);

/** A number with a number, everything else as text ("007" is not "7"), case-sensitively. No value equals the empty text and has no order. */
const compare = (operator: Comparison, left: Value, right: Value): boolean => {
  const order = orderOf(left, right);
  switch (operator) {
    case '=':
      return order === 0;
    case '<>':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
};

const orderOf = (left: Value, right: Value): number => {
  if (isEmpty(left) && isEmpty(right)) return 0;
  if (isEmpty(left) || isEmpty(right)) return Number.NaN;
  if (typeof left === 'number' || typeof right === 'number')
    return (toNumber(left) ?? Number.NaN) - (toNumber(right) ?? Number.NaN);
  // "true" and "True" are the same answer of a boolean attribute.
  const ignoresCase = typeof left === 'boolean' || typeof right === 'boolean';
  const [leftText, rightText] = ignoresCase
    ? [toText(left).toLowerCase(), toText(right).toLowerCase()]
    : [toText(left), toText(right)];
  return leftText < rightText ? -1 : Number(leftText > rightText);
};
