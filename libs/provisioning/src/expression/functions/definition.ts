import { type Budget, MOST_OF_A_VALUE, TooComplex } from '../budget.ts';
import type { Expression, Value } from '../expression.ts';
import { isEmpty, toText } from '../values.ts';

/** `undefined` is an argument that was left out. */
export type Argument = Value | undefined;

export type Parameter = { name: string; optional?: true };

export type FunctionDefinition = {
  name: string;
  parameters: Parameter[];
  /** How many of further arguments come together, after those of `parameters`. */
  repeating?: number;
  /** What a wrong constant can be told about while the expression is being written. */
  check?: (expressions: Expression[]) => { argument: number; message: string } | undefined;
  /** What it reads and gives is paid for already; the budget is for those that do more than that. */
  run: (given: Argument[], budget: Budget) => Value;
};

/** `parametersOf('source', 'culture?')`: a `?` marks what may be left out. */
export const parametersOf = (...names: string[]): Parameter[] =>
  names.map((name) => (name.endsWith('?') ? { name: name.slice(0, -1), optional: true } : { name }));

export const signatureOf = ({ name, parameters, repeating }: FunctionDefinition): string =>
  `${name}(${[...parameters.map((each) => (each.optional ? `${each.name}?` : each.name)), ...(repeating ? ['…'] : [])].join(', ')})`;

/** Lets a function of one text work on each value of a multi-valued attribute; no value stays none. */
export const eachText =
  (change: (text: string, given: Argument[], budget: Budget) => string | null) =>
  (given: Argument[], budget: Budget): Value => {
    const [source] = given;
    if (source === null || source === undefined) return null;
    if (!Array.isArray(source)) return change(toText(source), given, budget);
    const values = textCollector();
    for (const element of source) {
      const text = typeof element === 'string' ? change(element, given, budget) : null;
      if (!isEmpty(text)) values.add(text);
    }
    return values.texts;
  };

/** Gathers texts, and refuses those that grow past the limit of a value before they take up memory. */
export const textCollector = () => {
  const texts: string[] = [];
  let size = 0;
  const add = (text: string): void => {
    size += text.length;
    if (size > MOST_OF_A_VALUE) throw new TooComplex('size');
    texts.push(text);
  };
  return { texts, add };
};

/** Puts texts together, unless that grows past the limit of a value. */
export const joined = (texts: string[], separator: string): string => {
  const length = texts.reduce((sum, text) => sum + text.length, separator.length * Math.max(0, texts.length - 1));
  if (length > MOST_OF_A_VALUE) throw new TooComplex('size');
  return texts.join(separator);
};

/**
 * Looking for a text within another takes at worst the product of their lengths, a few characters at a time; between short texts it is
 * as good as free.
 */
export const spendOnSearch = (text: string, wanted: string, budget: Budget): void =>
  budget.spend(Math.ceil((text.length * wanted.length) / 64));
