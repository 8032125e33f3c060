export {
  type Comparison,
  type Expression,
  ExpressionProblem,
  type Value,
  limits as expressionLimits,
} from './expression.ts';
export { evaluate } from './evaluate.ts';
export { functionNames } from './functions/catalogue.ts';
export { type ParseOptions, parseExpression } from './parser.ts';
export { printExpression } from './print.ts';
