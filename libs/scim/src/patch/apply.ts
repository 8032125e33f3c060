import type { Dialect } from '../dialect/settings.ts';
import { isStrict } from '../dialect/settings.ts';
import { type Filter, isComparison } from '../filter/filter.ts';
import { elementMatches } from '../filter/matches.ts';
import { type Json, type JsonObject, fingerprint, isObject, sameValue, withoutNulls } from '../json/json.ts';
import { invalidPath, invalidValue, mutability, noTarget, problem } from '../problem/problem.ts';
import { type Resource, valueAt, withValue } from '../resource/access.ts';
import { keepRequired } from '../resource/parse.ts';
import { type Change, refuseImmutable, refuseImmutableElements, settle } from '../resource/replace.ts';
import { requireSubAttributes } from '../resource/value.ts';
import type { Attribute, ResourceType } from '../schema/attribute.ts';
import { attributesOf } from '../schema/lookup.ts';
import type { PatchOperation } from './operation.ts';

type Applying = Pick<Dialect, 'createMissingElement' | 'unknownAttributes'>;

/** Each operation goes through the list that it changes, some microseconds a value: together they take a second at most. */
const maxVisited = 200_000;

const listOf = (value: Json | undefined): Json[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

const isPrimary = (element: Json): boolean => isObject(element) && element.primary === true;

/** RFC 7644 §3.5.2: an operation that makes a value primary takes the flag from the others, those among them that it touches otherwise. */
const withOnePrimary = (elements: Json[], made: ReadonlySet<Json>, path: string, dialect: Applying): Json[] => {
  const set = elements.filter((element) => made.has(element));
  if (set.length > 1 && isStrict(dialect)) throw invalidValue(`"${path}" would have more than one primary value.`);
  const chosen = set.at(-1);
  return chosen === undefined
    ? elements
    : elements.map((element) =>
        element !== chosen && isPrimary(element) ? { ...(element as JsonObject), primary: false } : element,
      );
};

/** An element that says nothing once its value is gone: only what kind it was. */
const isHollow = (element: JsonObject): boolean =>
  Object.keys(element).every((name) => name === 'type' || name === 'primary');

/** The element that a filter asks for, when it is a conjunction of `eq` (C1, E8): `[type eq "work"]` is `{type: "work"}`. */
const describedBy = (filter: Filter | undefined): JsonObject | undefined => {
  if (!filter) return {};
  const conditions = filter.op === 'and' ? filter.filters : [filter];
  const element: JsonObject = {};
  for (const condition of conditions) {
    if (!isComparison(condition) || condition.op !== 'eq' || condition.value === null) return undefined;
    const { path } = condition.attribute;
    if (path.includes('.') || (Object.hasOwn(element, path) && element[path] !== condition.value)) return undefined;
    element[path] = condition.value;
  }
  return element;
};

const created = (
  attribute: Attribute,
  { where, sub, value, path }: Extract<PatchOperation, { value: Json }>,
  dialect: Applying,
): Json => {
  const described = dialect.createMissingElement ? describedBy(where) : undefined;
  if (!described) throw noTarget(`No value of "${path}" matches the filter.`);
  if (sub) return { ...described, [sub]: value };
  return attribute.type === 'complex' && isObject(value) ? { ...described, ...value } : value;
};

/**
 * What an element is known by when it is added again or removed: value and type, which together are unique (RFC 7643 §2.4); the value
 * alone where no type is given; and all it says where it has no value.
 */
const identities = (element: Json): string[] => {
  if (!isObject(element) || element.value === undefined) return [fingerprint(element)];
  const byValue = fingerprint({ value: element.value });
  return element.type === undefined ? [byValue] : [fingerprint({ value: element.value, type: element.type }), byValue];
};

/** An element that is there already is completed by what the new one says. Indexed, as lists and additions may be long. */
const withAdded = (elements: Json[], additions: Json[]): { elements: Json[]; made: Set<Json> } => {
  const made = new Set<Json>();
  const result = [...elements];
  const places = new Map<string, number>();
  const place = (element: Json, at: number) =>
    identities(element).forEach((identity) => places.has(identity) || places.set(identity, at));
  result.forEach(place);
  for (const addition of additions) {
    const at = places.get(identities(addition)[0]!) ?? result.length;
    const present = result[at];
    const next = isObject(present) && isObject(addition) ? { ...present, ...addition } : addition;
    result[at] = next;
    place(next, at);
    if (isPrimary(addition)) made.add(next);
  }
  return { elements: result, made };
};

const assignElements = (
  attribute: Attribute,
  current: Json[],
  operation: Extract<PatchOperation, { value: Json }>,
  dialect: Applying,
): Json[] => {
  const { op, path, where, sub, value } = operation;
  if (!where && !sub) {
    const { elements, made } = withAdded(op === 'add' ? current : [], listOf(value));
    return op === 'add' ? withOnePrimary(elements, made, path, dialect) : elements;
  }
  const made = new Set<Json>();
  // Replaced as a whole an element stays the one that was selected: without this the same operation would find it no more and make another.
  const described = dialect.createMissingElement && !sub && op === 'replace' ? describedBy(where) : undefined;
  const said = new Set<string>();
  const elements = current.flatMap((element) => {
    if (where && !elementMatches(where, element)) return [element];
    const change = sub ? { [sub]: value } : isObject(value) ? { ...described, ...value } : value;
    const merges = isObject(change) && isObject(element) && (sub !== undefined || op === 'add');
    if (isObject(change)) refuseImmutable(attribute, element, change, path);
    const next = merges ? { ...element, ...change } : change;
    // Several that became the same are one (RFC 7643 §2.4).
    const what = fingerprint(next);
    if (said.has(what)) return [];
    said.add(what);
    if (isPrimary(change)) made.add(next);
    return [next];
  });
  if (said.size === 0) {
    const element = created(attribute, operation, dialect);
    elements.push(element);
    if (isPrimary(element)) made.add(element);
  }
  return withOnePrimary(elements, made, path, dialect);
};

const removeElements = (current: Json[], { where, sub, values }: Extract<PatchOperation, { op: 'remove' }>): Json[] => {
  if (values) {
    const unwanted = new Set(values.map((value) => identities(value)[0]));
    return current.filter((element) => !identities(element).some((identity) => unwanted.has(identity)));
  }
  return current.flatMap((element) => {
    if (where && !elementMatches(where, element)) return [element];
    if (!sub || !isObject(element)) return [];
    if (!Object.hasOwn(element, sub)) return [element];
    const rest = withoutNulls({ ...element, [sub]: null });
    return rest && !isHollow(rest) ? [rest] : [];
  });
};

/** A reference describes the value beside it: when that changes, a `$ref` that isn't given anew no longer holds. */
const mergeComplex = (attribute: Attribute, current: Json | undefined, change: JsonObject): JsonObject | undefined => {
  const before = isObject(current) ? current : {};
  const moved = Object.hasOwn(change, 'value') && before.value !== undefined && !sameValue(before.value, change.value);
  const stale = moved
    ? (attribute.subAttributes ?? [])
        .filter(({ name, mutability: kind }) => name === '$ref' || kind === 'readOnly')
        .map(({ name }) => [name, null])
    : [];
  return withoutNulls({ ...before, ...Object.fromEntries(stale), ...change });
};

const applyTo = (
  attribute: Attribute,
  current: Json | undefined,
  operation: PatchOperation,
  dialect: Applying,
): Json | undefined => {
  if (attribute.multiValued) {
    const elements = listOf(current);
    if (operation.op === 'remove' && !operation.where && !operation.sub && !operation.values) return undefined;
    const next =
      operation.op === 'remove'
        ? removeElements(elements, operation)
        : assignElements(attribute, elements, operation, dialect);
    refuseImmutableElements(attribute, elements, next, operation.path);
    return next.length > 0 ? next : undefined;
  }
  const { sub } = operation;
  if (operation.op === 'remove')
    return sub && isObject(current) ? mergeComplex(attribute, current, { [sub]: null }) : undefined;
  const change = sub ? { [sub]: operation.value } : operation.value;
  if (attribute.type !== 'complex' || !isObject(change)) return change;
  refuseImmutable(attribute, current ?? null, change, operation.path);
  return mergeComplex(attribute, current, change);
};

/**
 * RFC 7644 §3.5.2: the operations one after the other, all or none. What ends as it began is no change: `changed` is empty then and the
 * resource is the one that came in.
 */
export const applyPatch = (
  type: ResourceType,
  resource: Resource,
  operations: readonly PatchOperation[],
  dialect: Applying,
): Change => {
  const attributes = new Map(attributesOf(type).map(({ path, attribute }) => [path, attribute]));
  let visited = 0;
  const next = operations.reduce<Resource>((state, operation) => {
    const attribute = attributes.get(operation.path);
    if (!attribute) throw invalidPath(`"${operation.path}" is not an attribute of ${type.name}.`);
    const before = valueAt(state, operation.path);
    visited += Array.isArray(before) ? before.length : 1;
    if (visited > maxVisited) throw problem(413, 'The operations go through too many values; send fewer at a time.');
    const after = applyTo(attribute, before, operation, dialect);
    if (attribute.mutability === 'immutable' && before !== undefined && !sameValue(before, after)) {
      throw mutability(`"${operation.path}" cannot be changed once it is set.`);
    }
    // An extension may be taken away with all that it requires; what is left of it is looked at in the end.
    if (attribute.required && after === undefined && !operation.path.includes(':'))
      throw mutability(`"${operation.path}" is required and cannot be removed.`);
    for (const value of listOf(after)) if (isObject(value)) requireSubAttributes(attribute, value, operation.path);
    return withValue(state, operation.path, after);
  }, resource);
  keepRequired(type, resource, next);
  return settle(type, resource, next);
};
