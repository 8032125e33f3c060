import type { JsonObject } from '@tenure/scim';
import type { Value } from '../expression.ts';
import { isEmpty, toNumber, toText, toTexts } from '../values.ts';
import type { Budget } from '../budget.ts';
import { type Argument, type FunctionDefinition, parametersOf, spendOnSearch } from './definition.ts';

const elementsOf = (value: Argument): Value[] => {
  if (Array.isArray(value)) return value.map((element) => (typeof element === 'string' ? element : [element]));
  return isEmpty(value) ? [] : [value];
};

/** In the form of Entra's requests: none is primary, and the type is Entra's. */
const rolesOf = ([assignments]: Argument[]): JsonObject[] =>
  toTexts(assignments).map((role) => ({
    primary: false,
    type: 'WindowsAzureActiveDirectoryRole',
    display: role,
    value: role,
  }));

const split = ([source, delimiter]: Argument[], budget: Budget): Value => {
  const text = toText(source);
  if (text === '') return null;
  const separator = toText(delimiter);
  spendOnSearch(text, separator, budget);
  const parts = separator === '' ? [text] : text.split(separator);
  budget.spend(parts.length);
  // Entra's example splits "One, Two" at "," into "One" and "Two".
  return parts.map((part) => part.trim()).filter((part) => part !== '');
};

const distinct = ([source]: Argument[]): Value => {
  if (!Array.isArray(source)) return source ?? null;
  return source.every((element) => typeof element === 'string') ? [...new Set(source)] : source;
};

export const listFunctions: FunctionDefinition[] = [
  { name: 'Split', parameters: parametersOf('source', 'delimiter'), run: split },
  { name: 'Count', parameters: parametersOf('attribute'), run: ([source]) => elementsOf(source).length },
  // The first has the index 1.
  {
    name: 'Item',
    parameters: parametersOf('attribute', 'index'),
    run: ([source, index]) => elementsOf(source)[(toNumber(index) ?? 0) - 1] ?? null,
  },
  { name: 'First', parameters: parametersOf('attribute'), run: ([source]) => elementsOf(source)[0] ?? null },
  { name: 'Last', parameters: parametersOf('attribute'), run: ([source]) => elementsOf(source).at(-1) ?? null },
  { name: 'RemoveDuplicates', parameters: parametersOf('attribute'), run: distinct },
  // Entra does not say which of several it takes; the same one each time is what matters.
  {
    name: 'SingleAppRoleAssignment',
    parameters: parametersOf('appRoleAssignments'),
    run: ([assignments]) => toTexts(assignments)[0] ?? null,
  },
  // The two differ in how a change is sent (`additiveTargets`), not in what the value is.
  { name: 'AppRoleAssignmentsComplex', parameters: parametersOf('appRoleAssignments'), run: rolesOf },
  { name: 'AssertiveAppRoleAssignmentsComplex', parameters: parametersOf('appRoleAssignments'), run: rolesOf },
];
