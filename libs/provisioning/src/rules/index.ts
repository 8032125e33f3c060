export {
  type Condition,
  type EntitlementKind,
  type EntitlementOutcome,
  type Rule,
  type RuleAction,
  type RuleOutcome,
  entitlementKinds,
  evaluateRules,
  memberOfGroups,
  putRules,
  ruleSchema,
  validateRules,
} from './rules.ts';
