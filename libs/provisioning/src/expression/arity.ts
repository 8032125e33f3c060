import { type Expression, ExpressionProblem } from './expression.ts';
import { type FunctionDefinition, signatureOf } from './functions/definition.ts';

/** An expression and the character at which it begins. */
export type Placed = { expression: Expression; position: number };

/** Holds the arguments of a call against the parameters of its function; `closing` is where its `)` stands. */
export const checkArity = (definition: FunctionDefinition, placed: Placed[], closing: number): void => {
  const { parameters, repeating = 0 } = definition;
  const signature = signatureOf(definition);
  const least = parameters.findLastIndex(({ optional }) => !optional) + 1;
  const isOpen = repeating > 0 || parameters.some(({ optional }) => optional);

  const leftOut = parameters.findIndex(
    ({ optional }, index) => !optional && placed[index]?.expression.kind === 'omitted',
  );
  if (leftOut >= 0) {
    throw new ExpressionProblem(
      placed[leftOut]!.position,
      `Expected ${parameters[leftOut]!.name}: ${signature} can't do without it.`,
    );
  }
  if (placed.length < least) {
    const wanted = `${isOpen ? 'at least ' : ''}${counted(least)}`;
    throw new ExpressionProblem(
      closing,
      `Expected ${parameters[placed.length]!.name}: ${signature} takes ${wanted}, not ${placed.length}.`,
    );
  }

  const more = placed.slice(parameters.length);
  if (more.length === 0) return;
  if (repeating === 0) {
    const wanted = `${isOpen ? 'at most ' : ''}${counted(parameters.length)}`;
    throw new ExpressionProblem(more[0]!.position, `Expected ): ${signature} takes ${wanted}, not ${placed.length}.`);
  }
  const gap = more.find(({ expression }) => expression.kind === 'omitted');
  if (gap)
    throw new ExpressionProblem(
      gap.position,
      `Expected an argument: only those with a ? may be left out of ${signature}.`,
    );
  if (more.length % repeating !== 0) {
    throw new ExpressionProblem(
      closing,
      `Expected one more argument: ${signature} takes its last ${repeating} together, and here are ${placed.length}.`,
    );
  }
};

const counted = (count: number): string => `${count} argument${count === 1 ? '' : 's'}`;
