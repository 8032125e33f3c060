import { type Json, type JsonObject, isObject } from '../json/json.ts';
import type { Attribute, ResourceType } from '../schema/attribute.ts';
import { attributesOf, segmentsOf } from '../schema/lookup.ts';
import { resourceOf, valueAt } from '../resource/access.ts';
import { comparable } from './compare.ts';
import { type Comparison, type Filter, isComparison } from './filter.ts';

const normalised = (attribute: Attribute, value: Json): Json | undefined => {
  if (Array.isArray(value))
    return value.map((element) => normalised(attribute, element)).filter((element) => element !== undefined);
  if (!isObject(value)) return comparable(attribute, value);
  const members: JsonObject = {};
  for (const sub of attribute.subAttributes ?? []) {
    const inner =
      Object.hasOwn(value, sub.name) && sub.returned !== 'never' ? normalised(sub, value[sub.name]!) : undefined;
    if (inner !== undefined) members[sub.name] = inner;
  }
  return members;
};

/** Design decision 8: a resource in the form in which it is searched. Strings folded unless case matters, instants in sortable UTC, no secrets. */
export const searchDocument = (type: ResourceType, resource: JsonObject): JsonObject => {
  const values: [path: string, value: Json][] = [];
  for (const { path, attribute } of attributesOf(type)) {
    const value = attribute.returned === 'never' ? undefined : valueAt(resource, path);
    const searched = value === undefined ? undefined : normalised(attribute, value);
    if (searched !== undefined) values.push([path, searched]);
  }
  return resourceOf(values);
};

/** Containments of a conjunction in one; `undefined` where the same member would need two values. Lists are joined: each of their elements is looked for by itself. */
const merged = (a: JsonObject, b: JsonObject): JsonObject | undefined => {
  const result: JsonObject = { ...a };
  for (const [name, value] of Object.entries(b)) {
    const present = Object.hasOwn(result, name) ? result[name] : undefined;
    if (present === undefined) result[name] = value;
    else if (Array.isArray(present) && Array.isArray(value)) result[name] = [...present, ...value];
    else {
      const inner = isObject(present) && isObject(value) ? merged(present, value) : undefined;
      if (!inner) return undefined;
      result[name] = inner;
    }
  }
  return result;
};

/** Inside an element: `{type: "work", value: "x"}`. */
const elementContainment = (filter: Filter): JsonObject | undefined => {
  if (filter.op === 'and') return mergeAll(filter.filters.map(elementContainment));
  if (!isComparison(filter) || filter.op !== 'eq' || filter.value === null) return undefined;
  const value = comparable(filter.attribute, filter.value);
  return value === undefined ? undefined : { [filter.attribute.path]: value };
};

const mergeAll = (parts: (JsonObject | undefined)[]): JsonObject | undefined =>
  parts.reduce<JsonObject | undefined>((whole, part) => (whole && part ? merged(whole, part) : undefined), {});

const nested = (names: string[], value: Json): Json =>
  names.reduceRight<Json>((inner, name) => ({ [name]: inner }), value);

const eqContainment = ({ attribute, value: literal }: Comparison): JsonObject | undefined => {
  const value = literal === null ? undefined : comparable(attribute, literal);
  if (value === undefined) return undefined;
  const { containers, rest } = split(attribute.path);
  return nested(
    containers,
    attribute.multiValued
      ? [rest === undefined ? value : { [rest]: value }]
      : rest === undefined
        ? value
        : { [rest]: value },
  ) as JsonObject;
};

/** `urn:…:User:manager.value` as the members up to the attribute, and the sub-attribute. */
const split = (path: string): { containers: string[]; rest?: string } => {
  const names = segmentsOf(path);
  const top = path.includes(':') ? 2 : 1;
  return { containers: names.slice(0, top), rest: names[top] };
};

/**
 * What a matching search document contains, the operand of `@>`: exact for `eq`, for `[…]` with a conjunction of `eq` (in one element),
 * and for a conjunction of those. `undefined` for everything else.
 */
export const containment = (filter: Filter): JsonObject | undefined => {
  if (filter.op === 'and') return mergeAll(filter.filters.map(containment));
  if (filter.op === 'where') {
    const element = elementContainment(filter.filter);
    const plain = filter.attribute.type === 'complex' ? element : element?.value;
    return plain === undefined ? undefined : (nested(segmentsOf(filter.attribute.path), [plain]) as JsonObject);
  }
  return isComparison(filter) && filter.op === 'eq' ? eqContainment(filter) : undefined;
};
