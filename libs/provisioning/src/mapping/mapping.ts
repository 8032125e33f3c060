import { z } from 'zod';
import type { FieldProblem } from '@tenure/eventing';
import type { Json } from '@tenure/scim';
import type { ReadTarget } from '../connector/index.ts';
import {
  type Budget,
  type Value,
  ExpressionProblem,
  bounded,
  evaluate,
  knownExpression,
  newBudget,
  parseExpression,
} from '../expression/index.ts';
import { inTurnFor } from './too-complex.ts';
import { type Person, isKnownSource, sourceValue, storable } from './sources.ts';
import { referenceFor } from './references.ts';
import { valueFor } from './target-value.ts';

const name = z.string().min(1).max(512);

/** A value written down by an admin. */
export const constantValue = z.union([
  z.string().max(4096),
  z.number(),
  z.boolean(),
  z.array(z.string().max(4096)).max(100),
]);

const apply = z.enum(['always', 'create']).default('always');

/** R36. */
export const mappingSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('direct'), target: name, source: name, default: constantValue.optional(), apply }),
  z.strictObject({ kind: z.literal('constant'), target: name, value: constantValue, apply }),
  z.strictObject({
    kind: z.literal('expression'),
    target: name,
    expression: z.string(),
    default: constantValue.optional(),
    apply,
  }),
]);
export type Mapping = z.infer<typeof mappingSchema>;

/** `PUT /attributes`. `matching` finds an existing account, the first hit wins (R38). */
export const attributesConfig = z.strictObject({
  matching: z.array(z.strictObject({ source: name, target: name })).max(10),
  mappings: z.array(mappingSchema).max(200),
});
export type AttributesConfig = z.infer<typeof attributesConfig>;

export type MappingProblem = FieldProblem & {
  code:
    | 'mapping/expression'
    | 'mapping/source'
    | 'mapping/target'
    | 'mapping/target-twice'
    | 'mapping/mandatory'
    | 'mapping/matching';
};

/** Everything that is wrong with a configuration; mandatory targets must all be mapped (R35). */
export const validateAttributes = (
  { matching, mappings }: AttributesConfig,
  mandatory: readonly string[],
  readTarget: ReadTarget,
): MappingProblem[] => {
  const tooLong = tooManyCharacters(
    mappings.flatMap((mapping) => (mapping.kind === 'expression' ? [mapping.expression] : [])),
    'mappings',
  );
  if (tooLong.length > 0) return tooLong;
  const mapped = mappings.map(({ target }) => sameTarget(readTarget, target));
  const twice = mappings.flatMap(({ target }, index): MappingProblem[] =>
    mapped.indexOf(mapped[index]!) < index
      ? [{ code: 'mapping/target-twice', field: `mappings[${index}].target`, message: `${target} is mapped already.` }]
      : [],
  );
  const matchingProblems = matching.flatMap(({ source, target }, index) => [
    ...sourceProblems(source, `matching[${index}].source`),
    ...targetProblems(readTarget, target, `matching[${index}].target`),
    ...referenceProblems(readTarget, target, `matching[${index}].target`),
  ]);
  return [
    ...matchingProblems,
    ...mappings.flatMap((mapping, index) => mappingProblems(readTarget, mapping, index)),
    ...twice,
    ...incompleteAttributes({ matching, mappings }, mandatory),
  ];
};

/** What a configuration lacks, its targets in their canonical spelling: a way to find accounts, and mandatory targets (R35). */
export const incompleteAttributes = (
  { matching, mappings }: AttributesConfig,
  mandatory: readonly string[],
): MappingProblem[] => {
  const mapped = new Set(mappings.map(({ target }) => target.toLowerCase()));
  const noMatching: MappingProblem = {
    code: 'mapping/matching',
    field: 'matching',
    message: 'At least one attribute must find an existing account.',
  };
  return [
    ...(matching.length === 0 ? [noMatching] : []),
    ...mandatory
      .filter((target) => !mapped.has(target.toLowerCase()))
      .map((target): MappingProblem => ({
        code: 'mapping/mandatory',
        field: 'mappings',
        message: `${target} must be mapped.`,
      })),
  ];
};

/** Sources that nobody knows (any more). */
export const unknownSources = ({ matching, mappings }: AttributesConfig): MappingProblem[] => [
  ...matching.flatMap(({ source }, index) => sourceProblems(source, `matching[${index}].source`)),
  ...mappings.flatMap((mapping, index) => mappingSourceProblems(mapping, index)),
];

const mappingSourceProblems = (mapping: Mapping, index: number): MappingProblem[] => {
  switch (mapping.kind) {
    case 'constant':
      return [];
    case 'direct':
      return sourceProblems(mapping.source, `mappings[${index}].source`);
    case 'expression':
      return expressionProblems(mapping.expression, `mappings[${index}].expression`);
  }
};

const mappingProblems = (readTarget: ReadTarget, mapping: Mapping, index: number): MappingProblem[] => [
  ...targetProblems(readTarget, mapping.target, `mappings[${index}].target`),
  ...mappingSourceProblems(mapping, index),
];

/** Equal for two spellings of one target. */
export const sameTarget = (readTarget: ReadTarget, name: string): string => {
  const target = readTarget(name);
  return (typeof target === 'string' ? name : target.name).toLowerCase();
};

/** With targets in their canonical spelling, which is how they are stored. */
export const canonicalAttributes = (
  { matching, mappings }: AttributesConfig,
  readTarget: ReadTarget,
): AttributesConfig => {
  const canonical = <Named extends { target: string }>(named: Named): Named => {
    const target = readTarget(named.target);
    return typeof target === 'string' ? named : { ...named, target: target.name };
  };
  return { matching: matching.map(canonical), mappings: mappings.map(canonical) };
};

/** Every target that a configuration names: what a connector is asked to show. */
export const usedTargets = ({ matching, mappings }: AttributesConfig): string[] => [
  ...new Set([...mappings, ...matching].map(({ target }) => target)),
];

export const targetProblems = (readTarget: ReadTarget, target: string, field: string): MappingProblem[] => {
  const read = readTarget(target);
  return typeof read === 'string' ? [{ code: 'mapping/target', field, message: read }] : [];
};

/** Nobody is found by whom they refer to: what the directory knows of that person, the app doesn't. */
const referenceProblems = (readTarget: ReadTarget, target: string, field: string): MappingProblem[] =>
  isReferring(readTarget, target)
    ? [
        {
          code: 'mapping/matching',
          field,
          message: `${target} refers to another account, so accounts can't be found by it.`,
        },
      ]
    : [];

/** Whether the target's values are ids of the app's accounts. */
export const isReferring = (readTarget: ReadTarget, name: string): boolean => {
  const target = readTarget(name);
  return typeof target !== 'string' && target.refersTo === 'account';
};

export const sourceProblems = (source: string, field: string): MappingProblem[] => {
  const message = `There is no attribute ${source}. Expected a SCIM path or one of Entra's attribute names.`;
  return isKnownSource(source) ? [] : [{ code: 'mapping/source', field, message }];
};

/** More could be evaluated for nobody, as each character takes steps; and only to read it would hold up everybody else (R96). */
export const MOST_CHARACTERS = 50_000;

export const tooManyCharacters = (expressions: readonly string[], field: string): MappingProblem[] => {
  const characters = expressions.reduce((sum, text) => sum + text.length, 0);
  const message = `Expected at most ${MOST_CHARACTERS} characters in all expressions together: these have ${characters}.`;
  return characters > MOST_CHARACTERS ? [{ code: 'mapping/expression', field, message }] : [];
};

/** Points at the character (R37). */
export const expressionProblems = (expression: string, field: string): MappingProblem[] => {
  try {
    parseExpression(expression, { knownSource: isKnownSource });
    return [];
  } catch (problem) {
    if (problem instanceof ExpressionProblem)
      return [{ code: 'mapping/expression', field, message: problem.message, position: problem.position }];
    throw problem;
  }
};

/** What an account should hold, by target. `null` is "no value"; a target that isn't here is left as it is. */
export type AccountAttributes = Record<string, Json>;

/** `creating`: whether the account is about to be made, which is when mappings that apply on create only count. */
export const desiredAttributes = (
  mappings: readonly Mapping[],
  person: Person,
  { creating, readTarget, budget = newBudget() }: { creating: boolean; readTarget: ReadTarget; budget?: Budget },
): AccountAttributes =>
  Object.fromEntries(
    mappings
      .filter(({ apply: when }) => creating || when === 'always')
      .map((mapping) => ({ mapping, value: mappedAttribute(readTarget, mapping, person, budget) }))
      .filter(({ mapping, value }) => value !== null || !isLeftOutWhenEmpty(mapping))
      .map(({ mapping, value }) => [mapping.target, value]),
  );

/** The default counts where there is no value, and where the value doesn't fit the target. */
const mappedAttribute = (readTarget: ReadTarget, mapping: Mapping, person: Person, budget: Budget): Json =>
  inTurnFor({ target: mapping.target, ruleId: null }, () => {
    const value = attributeValue(readTarget, mapping.target, mappedValue(mapping, person, budget));
    return value === null && mapping.kind !== 'constant' && mapping.default !== undefined
      ? attributeValue(readTarget, mapping.target, mapping.default)
      : value;
  });

/** Entra's `IgnoreFlowIfNullOrEmpty` around an expression leaves an attribute as it is rather than clearing it. */
const isLeftOutWhenEmpty = (mapping: Mapping): boolean =>
  mapping.kind === 'expression' && outermostFunction(mapping.expression) === 'IgnoreFlowIfNullOrEmpty';

const outermostFunction = (text: string): string | undefined => {
  const expression = knownExpression(text);
  return expression.kind === 'call' ? expression.name : undefined;
};

/** Targets whose values are added to those of the app instead of replacing them: the one way in which Entra's two functions for several roles differ. */
export const additiveTargets = (mappings: readonly Mapping[]): string[] =>
  mappings
    .filter(
      (mapping) =>
        mapping.kind === 'expression' && outermostFunction(mapping.expression) === 'AppRoleAssignmentsComplex',
    )
    .map(({ target }) => target);

/** Mandatory targets that would be sent without a value: such an account can't be made (R35). */
export const emptyMandatory = (attributes: AccountAttributes, mandatory: readonly string[]): string[] => {
  const filled = new Set(
    Object.keys(attributes)
      .filter((target) => attributes[target] !== null)
      .map((target) => target.toLowerCase()),
  );
  return mandatory.filter((target) => !filled.has(target.toLowerCase()));
};

/** A value in the form of its target, as it may be stored. */
export const attributeValue = (readTarget: ReadTarget, name: string, value: Value): Json => {
  const target = readTarget(name);
  if (typeof target === 'string') return null;
  // Whoever is meant is known in the directory by an id that no app has ever seen (R90).
  const fitting =
    target.refersTo === 'account' ? referenceFor(target, bounded(value)) : valueFor(target, bounded(value));
  return storable(fitting as Json);
};

/** Works out a checked expression for a person. Its length counts whether or not it was read before: what one person may take doesn't depend on others. */
export const expressionValue = (expression: string, person: Person, budget: Budget): Value => {
  budget.spend(2 * expression.length);
  return evaluate(knownExpression(expression), (source) => sourceValue(person, source, budget), budget);
};

const mappedValue = (mapping: Mapping, person: Person, budget: Budget): Value => {
  budget.spend(1);
  switch (mapping.kind) {
    case 'constant':
      return mapping.value;
    case 'direct':
      return sourceValue(person, mapping.source, budget);
    case 'expression':
      return expressionValue(mapping.expression, person, budget);
  }
};
