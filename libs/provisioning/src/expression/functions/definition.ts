import { type Expression, type Value, limits } from '../expression.ts';
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
  run: (given: Argument[]) => Value;
};

/** `parametersOf('source', 'culture?')`: a `?` marks what may be left out. */
export const parametersOf = (...names: string[]): Parameter[] =>
  names.map((name) => (name.endsWith('?') ? { name: name.slice(0, -1), optional: true } : { name }));

export const signatureOf = ({ name, parameters, repeating }: FunctionDefinition): string =>
  `${name}(${[...parameters.map((each) => (each.optional ? `${each.name}?` : each.name)), ...(repeating ? ['…'] : [])].join(', ')})`;

/** Lets a function of one text work on each value of a multi-valued attribute; no value stays none. */
export const eachText =
  (change: (text: string, given: Argument[]) => string | null) =>
  (given: Argument[]): Value => {
    const [source] = given;
    if (source === null || source === undefined) return null;
    if (!Array.isArray(source)) return change(toText(source), given);
    return source
      .map((element) => (typeof element === 'string' ? change(element, given) : null))
      .filter((text): text is string => !isEmpty(text));
  };

/** Puts texts together, unless that grows past the limit of a value. */
export const joined = (texts: string[], separator: string): string | null => {
  const length = texts.reduce((sum, text) => sum + text.length, separator.length * Math.max(0, texts.length - 1));
  return length > limits.value ? null : texts.join(separator);
};
