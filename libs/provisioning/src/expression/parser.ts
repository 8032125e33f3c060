import { type Placed, checkArity } from './arity.ts';
import { type Expression, ExpressionProblem, limits } from './expression.ts';
import { functionNamed, refusalOf } from './functions/catalogue.ts';
import { type FunctionDefinition, signatureOf } from './functions/definition.ts';
import { insteadOf, tokensOf } from './lexer.ts';
import { remembered } from './remembered.ts';

export type ParseOptions = {
  /** Says whether an attribute name means anything; without it every name is accepted. */
  knownSource?: (name: string) => boolean;
};

/** Bare words that stand for a value: the compare types of `InStr`, and the booleans. */
const words = new Map<string, string | boolean>([
  ['vbtextcompare', 'vbTextCompare'],
  ['vbbinarycompare', 'vbBinaryCompare'],
  ['true', true],
  ['false', false],
]);

/** Reads Entra's expression language; throws `ExpressionProblem` and nothing else (R37). */
export const parseExpression = (text: string, options: ParseOptions = {}): Expression => {
  if (text.length > limits.length) {
    throw new ExpressionProblem(
      limits.length,
      `Expected at most ${limits.length} characters: this expression has ${text.length}.`,
    );
  }
  const tokens = tokensOf(text);
  let next = 0;
  const peek = () => tokens[next]!;
  const take = () => tokens[next++]!;

  const comparison = (depth: number): Placed => {
    const left = operand(depth);
    const sign = peek();
    if (sign.kind !== 'operator') return left;
    take();
    const right = operand(depth);
    const extra = peek();
    if (extra.kind === 'operator') {
      throw new ExpressionProblem(
        extra.position,
        'Expected , or ): a comparison has two sides. Nest IIF for more conditions.',
      );
    }
    const sides = { left: left.expression, right: right.expression };
    return { position: left.position, expression: { kind: 'compare', operator: sign.operator, ...sides } };
  };

  const operand = (depth: number): Placed => {
    const token = take();
    const { position } = token;
    switch (token.kind) {
      case 'text':
      case 'number':
        return { position, expression: { kind: 'literal', value: token.value } };

      case 'source':
        if (options.knownSource && !options.knownSource(token.name)) {
          throw new ExpressionProblem(
            position,
            `There is no attribute ${token.name}. Expected a SCIM path or one of Entra's attribute names.`,
          );
        }
        return { position, expression: { kind: 'source', name: token.name } };

      case 'name':
        return {
          position,
          expression: peek().kind === '(' ? call(token.text, position, depth) : word(token.text, position),
        };

      case '(':
      case ')':
      case ',':
      case 'operator':
      case 'end':
        throw new ExpressionProblem(
          position,
          `Expected a function, an [attribute], a "text" or a number${insteadOf(token)}.`,
        );
    }
  };

  const call = (written: string, position: number, depth: number): Expression => {
    const definition = functionNamed(written);
    if (!definition) throw new ExpressionProblem(position, refusalOf(written) ?? `There is no function ${written}.`);
    if (depth >= limits.nesting)
      throw new ExpressionProblem(position, `Expected at most ${limits.nesting} functions within each other.`);
    take();
    const placed = callArguments(definition, depth + 1);
    const expressions = placed.map(({ expression }) => expression);
    const wrong = definition.check?.(expressions);
    if (wrong) throw new ExpressionProblem(placed[wrong.argument]?.position ?? position, wrong.message);
    return { kind: 'call', name: definition.name, arguments: expressions };
  };

  const callArguments = (definition: FunctionDefinition, depth: number): Placed[] => {
    const placed: Placed[] = [];
    if (peek().kind === ')') {
      checkArity(definition, placed, take().position);
      return placed;
    }
    for (;;) {
      const { kind, position } = peek();
      placed.push(kind === ',' || kind === ')' ? { position, expression: { kind: 'omitted' } } : comparison(depth));
      const separator = take();
      if (separator.kind === ')') {
        checkArity(definition, placed, separator.position);
        return placed;
      }
      if (separator.kind !== ',') {
        throw new ExpressionProblem(
          separator.position,
          `Expected , or ) in ${signatureOf(definition)}${insteadOf(separator)}.`,
        );
      }
    }
  };

  const { expression } = comparison(0);
  const rest = peek();
  if (rest.kind !== 'end')
    throw new ExpressionProblem(rest.position, `Expected the end of the expression${insteadOf(rest)}.`);
  return expression;
};

/** `parseExpression`, once for each text: for those that were checked already. */
export const knownExpression = remembered(2000, (text) => parseExpression(text));

const word = (written: string, position: number): Expression => {
  const value = words.get(written.toLowerCase());
  if (value !== undefined) return { kind: 'literal', value };
  if (functionNamed(written)) throw new ExpressionProblem(position + written.length, `Expected ( after ${written}.`);
  throw new ExpressionProblem(
    position,
    `Expected a function, an [attribute], a "text" or a number, not ${written}: attributes stand in [ ], texts in " ".`,
  );
};
