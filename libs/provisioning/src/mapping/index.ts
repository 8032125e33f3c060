export {
  type AccountAttributes,
  type AttributesConfig,
  type Mapping,
  type MappingProblem,
  additiveTargets,
  attributeValue,
  attributesConfig,
  constantValue,
  canonicalAttributes,
  desiredAttributes,
  emptyMandatory,
  expressionProblems,
  expressionValue,
  incompleteAttributes,
  isReferring,
  sourceProblems,
  sameTarget,
  targetProblems,
  tooManyCharacters,
  unknownSources,
  usedTargets,
  validateAttributes,
} from './mapping.ts';
export { type AttributePath, readAttributePath } from './attribute-path.ts';
export { type AttributeChange, changedAttributes, toChanges } from './changes.ts';
export { type ReferredIds, type Referral, referralsIn, resolvedAttributes } from './references.ts';
export { type MatchKey, matchKeysFor } from './matching.ts';
export { type Person, entraSourceNames, isKnownSource, sourceValue, storable } from './sources.ts';
export { type EvaluationProblem, inTurnFor, withinBudget } from './too-complex.ts';
