import { z } from 'zod';
import { storableText } from '@tenure/eventing';
import type { ReadTarget } from '../connector/index.ts';
import { type Budget, newBudget, sizeOf } from '../expression/index.ts';
import { toTexts } from '../expression/values.ts';
import {
  type AccountAttributes,
  type MappingProblem,
  type Person,
  attributeValue,
  constantValue,
  expressionProblems,
  expressionValue,
  inTurnFor,
  sameTarget,
  sourceProblems,
  sourceValue,
  targetProblems,
  tooManyCharacters,
} from '../mapping/index.ts';

const word = z.string().min(1).max(512);
const comparable = z.union([z.string().max(1024), z.number(), z.boolean()]);

export const conditionSchema = z.discriminatedUnion('operator', [
  z.strictObject({
    operator: z.enum(['equals', 'notEquals', 'contains', 'startsWith', 'endsWith']),
    source: word,
    value: comparable,
  }),
  z.strictObject({ operator: z.literal('in'), source: word, value: z.array(comparable).max(1000) }),
  z.strictObject({ operator: z.enum(['present', 'absent']), source: word }),
  /** The id of a group; which source is named does not matter. */
  z.strictObject({ operator: z.literal('memberOf'), source: word.optional(), value: word }),
]);
export type Condition = z.infer<typeof conditionSchema>;

export const entitlementKinds = ['group', 'role', 'licence', 'department'] as const;
export type EntitlementKind = (typeof entitlementKinds)[number];

const setAttribute = { type: z.literal('setAttribute'), target: word };

export const actionSchema = z.union([
  z.strictObject({ ...setAttribute, value: constantValue }),
  z.strictObject({ ...setAttribute, expression: z.string() }),
  z.strictObject({ type: z.enum(['setEntitlement', 'addEntitlement']), kind: z.enum(entitlementKinds), value: word }),
  z.strictObject({ type: z.literal('setRole'), value: word }),
  z.strictObject({ type: z.literal('skip') }),
]);
export type RuleAction = z.infer<typeof actionSchema>;

export const ruleSchema = z.strictObject({
  id: word.optional(),
  name: word,
  enabled: z.boolean(),
  match: z.enum(['all', 'any']),
  conditions: z.array(conditionSchema).max(50),
  actions: z.array(actionSchema).min(1).max(50),
});

/** `PUT /rules`, in the order in which they are gone through. */
export const putRules = z.strictObject({ rules: z.array(ruleSchema).max(200) });

/** A stored rule has an id. */
export type Rule = z.infer<typeof ruleSchema> & { id: string };

/** Unknown sources and targets, and expressions that can't be read. */
export const validateRules = (
  rules: readonly z.infer<typeof ruleSchema>[],
  readTarget: ReadTarget,
): MappingProblem[] => {
  const expressions = rules.flatMap(({ actions }) =>
    actions.flatMap((action) => ('expression' in action ? [action.expression] : [])),
  );
  const tooLong = tooManyCharacters(expressions, 'rules');
  if (tooLong.length > 0) return tooLong;
  return rules.flatMap(({ conditions, actions }, rule) => [
    ...conditions.flatMap((condition, index) =>
      condition.operator === 'memberOf'
        ? []
        : sourceProblems(condition.source, `rules[${rule}].conditions[${index}].source`),
    ),
    ...actions.flatMap((action, index) => {
      const field = `rules[${rule}].actions[${index}]`;
      if (action.type !== 'setAttribute') return [];
      return [
        ...targetProblems(readTarget, action.target, `${field}.target`),
        ...('expression' in action ? expressionProblems(action.expression, `${field}.expression`) : []),
      ];
    }),
  ]);
};

/** The groups whose members conditions ask for. */
export const memberOfGroups = (rules: readonly Pick<Rule, 'conditions'>[]): string[] =>
  rules.flatMap(({ conditions }) =>
    conditions.flatMap((condition) => (condition.operator === 'memberOf' ? [condition.value] : [])),
  );

/** `set`: these and no others that Tenure gave; otherwise beside what else there is. */
export type EntitlementOutcome = { set: boolean; values: string[] };

export type RuleOutcome = {
  attributes: AccountAttributes;
  /** By target: the rule that its value is of. */
  targetRules: Readonly<Record<string, string>>;
  entitlements: Partial<Record<EntitlementKind, EntitlementOutcome>>;
  role?: string;
  skip: boolean;
  /** Ids of the rules whose conditions were met, in order. */
  applied: string[];
};

/** Goes through the rules in order; where two disagree, the later one wins (R59). */
export const evaluateRules = (
  rules: readonly Rule[],
  person: Person,
  memberOf: ReadonlySet<string>,
  readTarget: ReadTarget,
  budget: Budget = newBudget(),
): RuleOutcome =>
  rules
    .filter((rule) => rule.enabled && inTurnFor(turnOf(rule), () => isMet(rule, person, memberOf, budget)))
    .reduce<RuleOutcome>((outcome, rule) => applyRule(outcome, rule, person, readTarget, budget), {
      attributes: {},
      targetRules: {},
      entitlements: {},
      skip: false,
      applied: [],
    });

const turnOf = ({ id }: Rule, target: string | null = null) => ({ target, ruleId: id });

const isMet = ({ match, conditions }: Rule, person: Person, memberOf: ReadonlySet<string>, budget: Budget): boolean => {
  const holds = (condition: Condition) => conditionHolds(condition, person, memberOf, budget);
  return match === 'all' ? conditions.every(holds) : conditions.some(holds);
};

/** Of several values any one may satisfy the condition; `notEquals` wants all of them to differ. Case is ignored. */
const conditionHolds = (
  condition: Condition,
  person: Person,
  memberOf: ReadonlySet<string>,
  budget: Budget,
): boolean => {
  budget.spend(1);
  if (condition.operator === 'memberOf') return memberOf.has(condition.value);
  const texts = toTexts(sourceValue(person, condition.source, budget));
  budget.spend(texts.length + Math.ceil(sizeOf(texts) / 4));
  const values = texts.map(folded);
  switch (condition.operator) {
    case 'present':
      return values.some((value) => value !== '');
    case 'absent':
      return values.every((value) => value === '');
    case 'in': {
      budget.spend(2 * condition.value.length + Math.ceil(sizeOf(condition.value) / 8));
      const held = new Set(values);
      return condition.value.some((wanted) => held.has(folded(wanted)));
    }
    case 'equals':
    case 'notEquals':
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      budget.spend(Math.ceil((sizeOf(texts) * sizeOf(condition.value)) / 64));
      return comparisonHolds(condition.operator, values, folded(condition.value));
  }
};

const comparisonHolds = (
  operator: 'equals' | 'notEquals' | 'contains' | 'startsWith' | 'endsWith',
  values: string[],
  wanted: string,
): boolean => {
  switch (operator) {
    case 'equals':
      return values.includes(wanted);
    case 'notEquals':
      return !values.includes(wanted);
    case 'contains':
      return values.some((value) => value.includes(wanted));
    case 'startsWith':
      return values.some((value) => value.startsWith(wanted));
    case 'endsWith':
      return values.some((value) => value.endsWith(wanted));
  }
};

const folded = (value: string | number | boolean): string => String(value).normalize('NFC').toLowerCase();

const applyRule = (
  before: RuleOutcome,
  rule: Rule,
  person: Person,
  readTarget: ReadTarget,
  budget: Budget,
): RuleOutcome => {
  // Several "set" of one kind within a rule belong together; it is other rules that they overrule.
  const setHere = new Set<EntitlementKind>();
  return rule.actions.reduce<RuleOutcome>(
    (outcome, action) => {
      switch (action.type) {
        case 'setAttribute': {
          const value = inTurnFor(turnOf(rule, action.target), () => {
            budget.spend(5 + 4 * Object.keys(outcome.attributes).length);
            const given = 'expression' in action ? expressionValue(action.expression, person, budget) : action.value;
            return attributeValue(readTarget, action.target, given);
          });
          return {
            ...outcome,
            attributes: withAttribute(outcome.attributes, action.target, value, readTarget),
            targetRules: { ...outcome.targetRules, [action.target]: rule.id },
          };
        }
        case 'setEntitlement':
        case 'addEntitlement': {
          const { kind } = action;
          const value = storableText(action.value);
          const starts = action.type === 'setEntitlement' && !setHere.has(kind);
          if (action.type === 'setEntitlement') setHere.add(kind);
          const present = starts ? undefined : outcome.entitlements[kind];
          inTurnFor(turnOf(rule), () => budget.spend(1 + Math.ceil((present?.values.length ?? 0) / 4)));
          const values = [...(present?.values ?? []).filter((each) => each !== value), value];
          return {
            ...outcome,
            entitlements: { ...outcome.entitlements, [kind]: { set: starts || (present?.set ?? false), values } },
          };
        }
        case 'setRole':
          return { ...outcome, role: action.value };
        case 'skip':
          return { ...outcome, skip: true };
      }
    },
    { ...before, applied: [...before.applied, rule.id] },
  );
};

/** Two spellings of one target are in conflict like one. */
const withAttribute = (
  attributes: AccountAttributes,
  target: string,
  value: AccountAttributes[string],
  readTarget: ReadTarget,
): AccountAttributes => ({
  ...Object.fromEntries(
    Object.entries(attributes).filter(([other]) => sameTarget(readTarget, other) !== sameTarget(readTarget, target)),
  ),
  [target]: value,
});
