import { toText } from '../expression/values.ts';
import type { AttributesConfig } from './mapping.ts';
import { type Person, sourceValue } from './sources.ts';

/** A way to find an account that the app has already, as a SCIM filter. */
export type Match = { target: string; value: string; filter: string };

/** In the order in which to ask, the first hit wins (R38); what the person has no value for is not asked. */
export const matchesFor = (matching: AttributesConfig['matching'], person: Person): Match[] =>
  matching.flatMap(({ source, target }) => {
    const value = toText(sourceValue(person, source));
    return value === '' ? [] : [{ target, value, filter: `${target} eq ${JSON.stringify(value)}` }];
  });
