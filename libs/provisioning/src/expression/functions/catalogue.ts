import { dateFunctions } from './date.functions.ts';
import type { FunctionDefinition } from './definition.ts';
import { listFunctions } from './list.functions.ts';
import { logicFunctions } from './logic.functions.ts';
import { replaceFunction } from './replace.function.ts';
import { textFunctions } from './text.functions.ts';

const definitions: FunctionDefinition[] = [
  ...logicFunctions,
  ...textFunctions,
  replaceFunction,
  ...listFunctions,
  ...dateFunctions,
];

const byName = new Map(definitions.map((definition) => [definition.name.toLowerCase(), definition]));

export const functionNames: readonly string[] = definitions.map(({ name }) => name);

/** Case is ignored: Entra's own guides write `switch` and `IsNullorEmpty`. */
export const functionNamed = (name: string): FunctionDefinition | undefined => byName.get(name.toLowerCase());

const changing = (name: string) =>
  `${name} is not offered: it gives another value each time, and an account must come out the same for the same person.`;

/** What Entra has and Tenure does not, each with its reason. */
const refused = {
  guid: changing('Guid'),
  now: changing('Now'),
  randomstring: changing('RandomString'),
  selectuniquevalue:
    'SelectUniqueValue is not offered: it asks the target app, and an expression only knows the person.',
  redact: 'Redact is not offered: values are never written to logs here.',
  normalizediacriticsbyculture:
    'NormalizeDiacriticsByCulture is not offered: use NormalizeDiacritics, and Replace where a language writes a letter otherwise.',
  defaultdomain: 'DefaultDomain is not offered: write the domain as a text.',
};

const refusals = new Map(Object.entries(refused));

export const refusalOf = (name: string): string | undefined => refusals.get(name.toLowerCase());
