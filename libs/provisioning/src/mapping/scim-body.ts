import { type Json, type JsonObject, matches, sameValue, userSchema } from '@tenure/scim';
import type { AttributePath } from './attribute-path.ts';
import { isObject } from './json.ts';
import type { AccountAttributes } from './mapping.ts';
import { elementOf, readTarget, sameTarget } from './target.ts';

/** The resource to create an account with. Nothing empty is ever sent on create (E19). */
export const toScimBody = (attributes: AccountAttributes): JsonObject => {
  const resource = Object.entries(attributes).reduce<JsonObject>((body, [target, value]) => {
    const path = readTarget(target);
    return value === null || typeof path === 'string' ? body : placed(body, path.members, path, value);
  }, {});
  return { schemas: [userSchema.id, ...Object.keys(resource).filter((name) => name.startsWith('urn:'))], ...resource };
};

const placed = (object: JsonObject, [member, ...deeper]: string[], path: AttributePath, value: Json): JsonObject => {
  if (member === undefined) return object;
  const present = object[member];
  const inner = isObject(present) ? present : {};
  if (deeper.length > 0) return { ...object, [member]: placed(inner, deeper, path, value) };
  if (!path.sub) return { ...object, [member]: value };
  if (!path.where) return { ...object, [member]: { ...inner, [path.sub.name]: value } };
  return { ...object, [member]: withinElement(Array.isArray(present) ? present : [], path, path.sub.name, value) };
};

/** Sets a part of the element that the filter means, which is made where it is missing. */
const withinElement = (elements: Json[], { where }: AttributePath, sub: string, value: Json): Json[] => {
  const index = elements.findIndex((element) => where && isObject(element) && matches(where, element));
  const element = elements[index];
  if (!isObject(element)) return [...elements, { ...(where && elementOf(where)), [sub]: value }];
  return elements.with(index, { ...element, [sub]: value });
};

export type ScimOperation = { op: 'add' | 'replace'; path: string; value: Json } | { op: 'remove'; path: string };

export type AttributeChange = { target: string; from: Json; to: Json };

/** What differs between the attributes as last sent and the ones that are desired, which may spell a target differently; null is no value. */
export const changedAttributes = (from: AccountAttributes, to: AccountAttributes): AttributeChange[] => {
  const before = new Map(Object.entries(from).map(([target, value]) => [sameTarget(target), value]));
  return Object.entries(to)
    .map(([target, value]) => ({ target, from: before.get(sameTarget(target)) ?? null, to: value }))
    .filter((change) => !sameValue(change.from, change.to));
};

/**
 * What leads from the attributes as last sent to the ones that are desired: one operation with a path for each attribute.
 * What was not there is added rather than replaced, because a strict app answers noTarget to the latter (RFC 7644 §3.5.2.3).
 */
export const toPatchOperations = (
  from: AccountAttributes,
  to: AccountAttributes,
  additive: readonly string[] = [],
): ScimOperation[] =>
  changedAttributes(from, to).flatMap((change): ScimOperation[] => {
    const read = readTarget(change.target);
    if (typeof read === 'string') return [];
    const path = pathToSend(change.target, read);
    if (additive.includes(change.target)) return addedValues(path, change.from, change.to);
    if (change.to === null) return [{ op: 'remove', path }];
    return [{ op: change.from === null ? 'add' : 'replace', path, value: change.to }];
  });

/** A bare `department` is understood here, but not by every app. */
const pathToSend = (target: string, { text, members }: AttributePath): string => (members.length > 1 ? text : target);

const addedValues = (path: string, last: Json, value: Json): ScimOperation[] => {
  const known = Array.isArray(last) ? last : [];
  const added = (Array.isArray(value) ? value : []).filter((each) => !known.some((old) => sameValue(old, each)));
  return added.length > 0 ? [{ op: 'add', path, value: added }] : [];
};
