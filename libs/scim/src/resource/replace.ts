import type { Dialect } from '../dialect/settings.ts';
import { type Json, type JsonObject, fingerprint, isObject, sameValue, withoutNulls } from '../json/json.ts';
import { mutability } from '../problem/problem.ts';
import type { Attribute, ResourceType } from '../schema/attribute.ts';
import { attributesOf, findSubAttribute } from '../schema/lookup.ts';
import { type Resource, valueAt, withSchemas, withValue } from './access.ts';
import { type ParsedBody, parseBody } from './parse.ts';
import type { Note } from './value.ts';

export type Change = { resource: Resource; changed: string[] };

/** The canonical paths of the top-level attributes that a resource has, `schemas` apart. */
export const pathsOf = (type: ResourceType, resource: Resource): string[] =>
  attributesOf(type)
    .filter(({ path, attribute }) => attribute.name !== 'schemas' && valueAt(resource, path) !== undefined)
    .map(({ path }) => path);

/** What became of a resource: top-level paths that differ. Where values are equal as sets the current one stays; without a change it is the very same resource. */
export const settle = (type: ResourceType, current: Resource, next: Resource): Change => {
  const differs = ({ path }: { path: string }) => !sameValue(valueAt(current, path), valueAt(next, path));
  const changed = attributesOf(type)
    .filter(({ attribute }) => attribute.name !== 'schemas')
    .filter(differs)
    .map(({ path }) => path);
  if (changed.length === 0) return { resource: current, changed };
  const resource = changed.reduce((result, path) => withValue(result, path, valueAt(next, path)), current);
  return { resource: withSchemas(type, resource), changed };
};

/** RFC 7643 §7, `immutable`: a part of a value that is set stays as it is. */
export const refuseImmutable = (
  attribute: Attribute,
  present: Json | undefined,
  change: JsonObject,
  path: string,
): void => {
  for (const [name, value] of Object.entries(change)) {
    const before = isObject(present) ? present[name] : undefined;
    if (
      before !== undefined &&
      findSubAttribute(attribute, name)?.mutability === 'immutable' &&
      !sameValue(before, value)
    ) {
      throw mutability(`"${path}.${name}" cannot be changed once it is set.`);
    }
  }
};

const byOnlyValue = (elements: readonly Json[]): Map<string, JsonObject | undefined> => {
  const found = new Map<string, JsonObject | undefined>();
  for (const element of elements) {
    if (!isObject(element) || element.value === undefined) continue;
    const value = fingerprint(element.value);
    // What two have names neither.
    found.set(value, found.has(value) ? undefined : element);
  }
  return found;
};

/** The same of an element of a list: it is the one from before where its `value` is that of one alone, before and after. Elements come and go freely. */
export const refuseImmutableElements = (
  attribute: Attribute,
  present: readonly Json[],
  next: readonly Json[],
  path: string,
): void => {
  const isHeld =
    attribute.subAttributes?.some(({ name, mutability: kind }) => kind === 'immutable' && name !== 'value') ?? false;
  if (!isHeld || present.length === 0 || next.length === 0) return;
  const before = byOnlyValue(present);
  for (const [value, element] of byOnlyValue(next))
    if (element) refuseImmutable(attribute, before.get(value), element, path);
};

/** The resource without what is never returned: nobody could read it, so it is not kept. */
export const withoutHidden = (type: ResourceType, resource: Resource): Resource =>
  attributesOf(type).reduce<Resource>((result, { path, attribute }) => {
    const value = valueAt(result, path);
    if (value === undefined) return result;
    if (attribute.returned === 'never') return withValue(result, path, undefined);
    const hidden = (attribute.subAttributes ?? [])
      .filter(({ returned }) => returned === 'never')
      .map(({ name }) => name);
    if (hidden.length === 0) return result;
    const shown = (one: Json): Json | undefined =>
      isObject(one) ? withoutNulls({ ...one, ...Object.fromEntries(hidden.map((name) => [name, null])) }) : one;
    const rest = Array.isArray(value) ? value.map(shown).filter((one) => one !== undefined) : shown(value);
    return withValue(result, path, Array.isArray(rest) && rest.length === 0 ? undefined : rest);
  }, resource);

/**
 * RFC 7644 §3.5.1 on parsed content. Read-only attributes keep what they have. An omitted one is cleared when `putClears` says all,
 * or when `owned`, what this connection ever set, has it (C11); one named with null is always cleared. Immutable ones can be set once.
 */
export const applyReplacement = (
  type: ResourceType,
  current: Resource,
  { resource: wanted, cleared }: Pick<ParsedBody, 'resource' | 'cleared'>,
  dialect: Pick<Dialect, 'putClears'>,
  owned: string[] = [],
): Change => {
  const clears = new Set([...cleared, ...owned]);
  const next = attributesOf(type).reduce<Resource>((result, { path, attribute }) => {
    if (attribute.mutability === 'readOnly' || attribute.name === 'schemas') return result;
    const before = valueAt(current, path);
    const value = valueAt(wanted, path);
    if (attribute.mutability === 'immutable' && before !== undefined) {
      if (value !== undefined && !sameValue(before, value))
        throw mutability(`"${path}" cannot be changed once it is set.`);
      return result;
    }
    if (isObject(value)) refuseImmutable(attribute, before, value, path);
    if (Array.isArray(value) && Array.isArray(before)) refuseImmutableElements(attribute, before, value, path);
    if (value !== undefined) return withValue(result, path, value);
    const omittedIsCleared = dialect.putClears === 'all' && attribute.mutability !== 'writeOnly';
    return omittedIsCleared || clears.has(path) ? withValue(result, path, undefined) : result;
  }, current);
  return settle(type, current, next);
};

/** RFC 7644 §3.5.1: a PUT, body and all. `parseBody` and `applyReplacement` are its halves, for where they happen in different places. */
export const replaceResource = (
  type: ResourceType,
  current: Resource,
  body: unknown,
  dialect: Dialect,
  owned?: string[],
): Change & { notes: Note[] } => {
  const parsed = parseBody(type, body, dialect);
  return { ...applyReplacement(type, current, parsed, dialect, owned), notes: parsed.notes };
};
