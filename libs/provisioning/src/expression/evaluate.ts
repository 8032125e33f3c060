import { type Budget, bounded, newBudget, sizeOf } from './budget.ts';
import { type Comparison, type Expression, type Value } from './expression.ts';
import { functionNamed } from './functions/catalogue.ts';
import type { Argument } from './functions/definition.ts';
import { isEmpty, toNumber, toText } from './values.ts';

/**
 * Works an expression out for one person, and always gives the same for the same person: what can't be worked out (a date that is
 * none) is `null`, "no value", and the mapping's default steps in. Throws `TooComplex`, and nothing else, where it takes too much.
 */
export const evaluate = (
  expression: Expression,
  lookup: (source: string) => Value,
  budget: Budget = newBudget(),
): Value => argumentOf(expression, lookup, budget) ?? null;

const argumentOf = (expression: Expression, lookup: (source: string) => Value, budget: Budget): Argument => {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'source':
      return bounded(lookup(expression.name));
    case 'omitted':
      return undefined;
    case 'call': {
      budget.spend(STEPS_OF_A_CALL);
      const given = expression.arguments.map((each) => argumentOf(each, lookup, budget));
      for (const each of given) spendOn(each, budget);
      const value = functionNamed(expression.name)?.run(given, budget) ?? null;
      spendOn(value, budget);
      return bounded(value);
    }
    case 'compare': {
      const [left, right] = [evaluate(expression.left, lookup, budget), evaluate(expression.right, lookup, budget)];
      spendOn(left, budget);
      spendOn(right, budget);
      return compare(expression.operator, left, right);
    }
  }
};

const STEPS_OF_A_CALL = 5;
/** Objects are gone through member by member. */
const STEPS_OF_AN_OBJECT = 10;

/** What a value costs a function to read, or to make. */
const spendOn = (value: Argument, budget: Budget): void => {
  if (typeof value === 'string') budget.spendOn(value.length);
  else if (Array.isArray(value)) {
    budget.spend(value.length * (typeof value[0] === 'object' ? STEPS_OF_AN_OBJECT : 1));
    budget.spendOn(sizeOf(value));
  } else budget.spend(1);
};

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
