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
  sourceProblems,
  sameTarget,
  targetProblems,
  unknownSources,
  usedTargets,
  validateAttributes,
} from './mapping.ts';
export { type AttributePath, readAttributePath } from './attribute-path.ts';
export { type AttributeChange, changedAttributes, toChanges } from './changes.ts';
export { type MatchKey, matchKeysFor } from './matching.ts';
export { type Person, entraSourceNames, isKnownSource, sourceValue } from './sources.ts';
