import type { AttributePath } from '@tenure/provisioning';
import type { Change, TargetValue } from '@tenure/provisioning/connector';
import { isObject, matches, sameValue, userSchema, type Json, type JsonObject } from '@tenure/scim';
import { elementOf, readScimTarget } from './scim-target.ts';

type Values = Readonly<Record<string, TargetValue>>;

/** The resource to create an account with. Nothing empty is ever sent on create (E19). */
export const toScimBody = (values: Values): JsonObject => {
  const resource = Object.entries(values).reduce<JsonObject>(
    (body, [target, value]) => (value === null ? body : withTarget(body, target, value)),
    {},
  );
  return { schemas: [userSchema.id, ...Object.keys(resource).filter((name) => name.startsWith('urn:'))], ...resource };
};

/** The resource with a target's value in its place; `null` takes it away. */
export const withTarget = (resource: JsonObject, target: string, value: TargetValue): JsonObject => {
  const path = readScimTarget(target);
  return typeof path === 'string' ? resource : placed(resource, path.members, path, value as Json);
};

const placed = (object: JsonObject, [member, ...deeper]: string[], path: AttributePath, value: Json): JsonObject => {
  if (member === undefined) return object;
  const present = object[member];
  const inner = isObject(present) ? present : {};
  if (deeper.length > 0) return put(object, member, placed(inner, deeper, path, value));
  if (!path.sub) return put(object, member, value);
  if (!path.where) return put(object, member, put(inner, path.sub.name, value));
  return put(object, member, withinElement(Array.isArray(present) ? present : [], path, path.sub.name, value));
};

const isEmpty = (value: Json) => value === null || (isObject(value) && Object.keys(value).length === 0);

const put = (object: JsonObject, member: string, value: Json): JsonObject => {
  if (!isEmpty(value)) return { ...object, [member]: value };
  const { [member]: _, ...rest } = object;
  return rest;
};

/** Sets a part of the element that the filter means, which is made where it is missing and goes with its last part. */
const withinElement = (elements: Json[], { where }: AttributePath, sub: string, value: Json): Json[] => {
  const index = elements.findIndex((element) => where && isObject(element) && matches(where, element));
  const element = elements[index];
  if (!isObject(element))
    return value === null ? elements : [...elements, { ...(where && elementOf(where)), [sub]: value }];
  if (value === null && sub === 'value') return elements.toSpliced(index, 1);
  return elements.with(index, put(element, sub, value));
};

/** What a resource shows of a target; `undefined` where it doesn't show it at all. */
export const valueIn = (resource: JsonObject, target: string): TargetValue | undefined => {
  const path = readScimTarget(target);
  if (typeof path === 'string') return undefined;
  const { members, where, sub, multiValued } = path;
  const value = members.reduce<Json | undefined>(
    (inner, member) => (isObject(inner) ? memberOf(inner, member) : undefined),
    resource,
  );
  if (value === undefined) return undefined;
  if (!sub) return shown(multiValued && !Array.isArray(value) && value !== null ? [value] : value);
  if (!where) return isObject(value) ? shown(memberOf(value, sub.name) ?? null) : null;
  const element = (Array.isArray(value) ? value : [value]).find((each) => isObject(each) && matches(where, each));
  return isObject(element) ? shown(memberOf(element, sub.name) ?? null) : null;
};

/** RFC 7643 §2.1: names of attributes ignore case. */
const memberOf = (object: JsonObject, name: string): Json | undefined => {
  if (Object.hasOwn(object, name)) return object[name];
  const found = Object.keys(object).find((key) => key.toLowerCase() === name.toLowerCase());
  return found === undefined ? undefined : object[found];
};

const isScalar = (value: Json): value is string | number | boolean => typeof value !== 'object';

/** What is deeper than an app's values ever are is left out. */
const shown = (value: Json): TargetValue => {
  if (value === null || isScalar(value)) return value;
  if (Array.isArray(value)) return value.flatMap((each) => (each === null ? [] : [shown(each) as never]));
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== null && isScalar(part))) as TargetValue;
};

export type ScimOperation = { op: 'add' | 'replace'; path: string; value: Json } | { op: 'remove'; path: string };

/**
 * One operation with a path for each target. What was not there is added rather than replaced, because a strict app answers noTarget to
 * the latter (RFC 7644 §3.5.2.3).
 */
export const toPatchOperations = (changes: readonly Change[]): ScimOperation[] =>
  changes.flatMap((change): ScimOperation[] => {
    const read = readScimTarget(change.target);
    if (typeof read === 'string') return [];
    const path = pathToSend(change.target, read);
    if ('add' in change)
      return [
        ...(change.add.length > 0 ? [{ op: 'add' as const, path, value: change.add.map(asElement(read)) }] : []),
        ...change.remove.map((element): ScimOperation => ({ op: 'remove', path: `${path}[${equalTo(element)}]` })),
      ];
    const { from, to } = change;
    if (sameValue((from ?? null) as Json, to as Json)) return [];
    if (to === null) return [{ op: 'remove', path }];
    return [{ op: from === null || from === undefined ? 'add' : 'replace', path, value: to as Json }];
  });

/** Elements of a complex attribute are objects, also where only their value is known. */
const asElement =
  ({ type }: AttributePath) =>
  (element: unknown): Json =>
    type === 'complex' && typeof element !== 'object' ? { value: element as Json } : (element as Json);

const equalTo = (element: unknown): string =>
  `value eq ${JSON.stringify(typeof element === 'object' && element !== null ? (element as JsonObject)['value'] : element)}`;

/** A bare `department` is understood here, but not by every app. */
const pathToSend = (target: string, { text, members }: AttributePath): string => (members.length > 1 ? text : target);

/** The changes made to a whole resource, for apps that can't change a part. */
export const changedResource = (resource: JsonObject, changes: readonly Change[]): JsonObject =>
  changes.reduce((whole, change) => {
    if (!('add' in change)) return withTarget(whole, change.target, change.to);
    const read = readScimTarget(change.target);
    if (typeof read === 'string') return whole;
    const present = valueIn(whole, change.target);
    const elements = (Array.isArray(present) ? present : []) as Json[];
    const is = (one: Json) => (other: Json) => sameValue(keyOf(one), keyOf(other));
    const removed = change.remove.map(asElement(read));
    const added = change.add.map(asElement(read)).filter((each) => !elements.some(is(each)));
    return withTarget(whole, change.target, [
      ...elements.filter((each) => !removed.some(is(each))),
      ...added,
    ] as TargetValue);
  }, resource);

const keyOf = (element: Json): Json => (isObject(element) ? (element['value'] ?? element) : element);
