import type { Json, JsonObject } from '@tenure/scim';
import type { ConnectorTarget } from '../connector/index.ts';
import type { Value } from '../expression/index.ts';
import { toTexts } from '../expression/values.ts';
import { isObject } from './json.ts';
import type { AccountAttributes } from './mapping.ts';

/** Stands in a plan for the app's id of a person's account, which is known when it is sent (R90). */
export type Reference = { ref: string; mandatory?: true };

/** Where a plan refers to somebody. */
export type Referral = { target: string; userId: string; mandatory: boolean };

/** By user: the app's id of the account that this person has there. */
export type ReferredIds = Readonly<Record<string, string>>;

const isReference = (value: Json | undefined): value is Reference & JsonObject =>
  isObject(value) &&
  typeof value['ref'] === 'string' &&
  Object.keys(value).every((name) => name === 'ref' || name === 'mandatory');

/** The people of a value, by their ids in the directory, in the form that the target has. */
export const referenceFor = ({ type, multiValued, mandatory }: ConnectorTarget, value: Value): Json => {
  const ids = [...new Set(toTexts(value).filter((id) => id !== ''))];
  const references = ids.map((ref): Reference => ({ ref, ...(mandatory && { mandatory }) }));
  const shaped: Json[] = references.map((one) => (type === 'complex' ? { value: one } : one));
  if (multiValued) return shaped.length > 0 ? shaped : null;
  return shaped[0] ?? null;
};

const referencesOf = (value: Json): Reference[] => {
  if (isReference(value)) return [value];
  if (Array.isArray(value)) return value.flatMap(referencesOf);
  return isObject(value) ? Object.values(value).flatMap((part) => (isReference(part) ? [part] : [])) : [];
};

export const referralsIn = (attributes: AccountAttributes): Referral[] =>
  Object.entries(attributes).flatMap(([target, value]) =>
    referencesOf(value).map(({ ref: userId, mandatory = false }) => ({ target, userId, mandatory })),
  );

/** What is sent: ids of the app. A reference to somebody without an account there has no value. */
export const resolvedAttributes = (attributes: AccountAttributes, ids: ReferredIds): AccountAttributes =>
  referralsIn(attributes).length === 0
    ? attributes
    : Object.fromEntries(Object.entries(attributes).map(([target, value]) => [target, resolvedValue(value, ids)]));

const resolvedValue = (value: Json, ids: ReferredIds): Json => {
  if (isReference(value)) return Object.hasOwn(ids, value.ref) ? ids[value.ref]! : null;
  if (Array.isArray(value)) {
    if (!value.some((each) => referencesOf(each).length > 0)) return value;
    const found = value.map((each) => resolvedValue(each, ids)).filter((each) => each !== null);
    return found.length > 0 ? found : null;
  }
  if (!isObject(value) || referencesOf(value).length === 0) return value;
  const parts = Object.entries(value).map(([name, part]) => [name, resolvedValue(part, ids)] as const);
  return parts.some(([, part]) => part === null) ? null : Object.fromEntries(parts);
};
