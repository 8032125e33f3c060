import type { Expression } from './expression.ts';

/** The canonical text of an expression: parsed again, it is the same expression. */
export const printExpression = (expression: Expression): string => {
  switch (expression.kind) {
    case 'literal':
      return printLiteral(expression.value);
    case 'source':
      return `[${expression.name}]`;
    case 'omitted':
      return '';
    case 'call':
      return `${expression.name}(${expression.arguments.map(printExpression).join(', ')})`;
    case 'compare':
      return `${printExpression(expression.left)} ${expression.operator} ${printExpression(expression.right)}`;
  }
};

const printLiteral = (value: string | number | boolean): string => {
  if (typeof value === 'string') return `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return String(value);
};
