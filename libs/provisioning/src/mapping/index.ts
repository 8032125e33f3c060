export {
  type AccountAttributes,
  type AttributesConfig,
  type Mapping,
  type MappingProblem,
  additiveTargets,
  attributeValue,
  attributesConfig,
  constantValue,
  desiredAttributes,
  emptyMandatory,
  expressionProblems,
  expressionValue,
  sourceProblems,
  targetProblems,
  validateAttributes,
} from './mapping.ts';
export { type Match, matchesFor } from './matching.ts';
export {
  type AttributeChange,
  type ScimOperation,
  changedAttributes,
  toPatchOperations,
  toScimBody,
} from './scim-body.ts';
export { type Person, entraSourceNames, isKnownSource, sourceValue } from './sources.ts';
export { type Target, sameTarget, targetsFor } from './target.ts';
