import type { Budget } from '../expression/index.ts';
import { toText } from '../expression/values.ts';
import type { AttributesConfig } from './mapping.ts';
import { type Person, sourceValue } from './sources.ts';

/** A way to find an account that the app has already. */
export type MatchKey = { target: string; value: string };

/** In the order in which to ask (R38); what the person has no value for is not asked. */
export const matchKeysFor = (matching: AttributesConfig['matching'], person: Person, budget?: Budget): MatchKey[] =>
  matching.flatMap(({ source, target }) => {
    const value = toText(sourceValue(person, source, budget));
    return value === '' ? [] : [{ target, value }];
  });
