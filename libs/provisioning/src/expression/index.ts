export {
  type Comparison,
  type Expression,
  ExpressionProblem,
  type Value,
  limits as expressionLimits,
} from './expression.ts';
export { type Budget, STEPS_OF_AN_EVALUATION, TooComplex, bounded, newBudget, sizeOf } from './budget.ts';
export { evaluate } from './evaluate.ts';
export { functionNames } from './functions/catalogue.ts';
export { type ParseOptions, knownExpression, parseExpression } from './parser.ts';
export { printExpression } from './print.ts';
export { remembered } from './remembered.ts';
