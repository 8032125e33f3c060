export {
  type Assignments,
  type InScope,
  type OutOfScope,
  type ScopeAnswer,
  type ScopeConfig,
  type ScopeFacts,
  type ScopePerson,
  assignedRoles,
  inScope,
  isWithinUnit,
  scopeConfig,
} from './scope.ts';
