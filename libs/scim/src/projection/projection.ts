import { type Json, type JsonObject, isObject } from '../json/json.ts';
import { invalidValue } from '../problem/problem.ts';
import { type Resource, resourceOf, valueAt } from '../resource/access.ts';
import type { Attribute, ResourceType } from '../schema/attribute.ts';
import { attributesOf, findAttribute, findSchema } from '../schema/lookup.ts';

/**
 * Which attributes a reply shows (RFC 7644 §3.9), as canonical paths of attributes and sub-attributes. `only` and `except` exclude each
 * other; without either it is what is returned by default.
 */
export type Projection = { only?: string[]; except?: string[] };

type Names = string | string[] | undefined;

const listed = (names: Names): string[] =>
  names === undefined
    ? []
    : (Array.isArray(names) ? names : [names])
        .flatMap((name) => name.split(','))
        .map((name) => name.trim())
        .filter(Boolean);

/** A name as paths: a schema's URN stands for all its attributes. What the type doesn't have is left out, it would be absent anyway. */
const pathsNamed = (type: ResourceType, name: string): string[] => {
  const schema = findSchema(type, name);
  if (schema)
    return attributesOf(type)
      .filter((found) => found.schema === schema.schema && found.extension === schema.extension)
      .map(({ path }) => path);
  const found = findAttribute(type, name, { lenient: true });
  return found ? [found.sub ? `${found.path}.${found.sub.name}` : found.path] : [];
};

export const parseProjection = (
  { attributes, excludedAttributes }: { attributes?: Names; excludedAttributes?: Names },
  type: ResourceType,
): Projection => {
  const only = listed(attributes);
  const except = listed(excludedAttributes);
  if (only.length > 0 && except.length > 0)
    throw invalidValue('"attributes" and "excludedAttributes" exclude each other.');
  const paths = (names: string[]) => [...new Set(names.flatMap((name) => pathsNamed(type, name)))];
  if (only.length > 0) return { only: paths(only) };
  return except.length > 0 ? { except: paths(except) } : {};
};

type Wanted = 'whole' | 'parts' | 'no';

const wanted = (attribute: Attribute, path: string, { only, except }: Projection): Wanted => {
  if (attribute.returned === 'never') return 'no';
  const partly = only?.some((name) => name.startsWith(`${path}.`)) ?? false;
  if (only?.includes(path)) return 'whole';
  if (partly) return 'parts';
  if (attribute.returned === 'always') return 'whole';
  if (attribute.returned === 'request' || only) return 'no';
  return except?.includes(path) ? 'no' : 'whole';
};

/** Whether a reply shows anything of the attribute: what it doesn't show need not be read, a group's members above all. */
export const isReturned = (type: ResourceType, path: string, projection: Projection): boolean => {
  const found = attributesOf(type).find((one) => one.path === path);
  return found !== undefined && wanted(found.attribute, path, projection) !== 'no';
};

const byDefault = ({ returned }: Attribute): boolean =>
  returned === undefined || returned === 'default' || returned === 'always';

/** Attributes that are shown as they are stored unless a client says otherwise. */
const wholeByDefault = new WeakMap<Attribute, boolean>();

const isWholeByDefault = (attribute: Attribute): boolean => {
  const known = wholeByDefault.get(attribute);
  if (known !== undefined) return known;
  const whole = byDefault(attribute) && (attribute.subAttributes ?? []).every(byDefault);
  wholeByDefault.set(attribute, whole);
  return whole;
};

const projected = (attribute: Attribute, path: string, value: Json, projection: Projection): Json | undefined => {
  const extent = wanted(attribute, path, projection);
  if (extent === 'no') return undefined;
  if (Array.isArray(value)) {
    const elements = value
      .map((element) => part(attribute, path, element, projection, extent))
      .filter((element) => element !== undefined);
    return elements.length > 0 ? elements : undefined;
  }
  return part(attribute, path, value, projection, extent);
};

/** Of a complex value the sub-attributes; where only parts were asked for, those and what is always returned. */
const part = (
  attribute: Attribute,
  path: string,
  value: Json,
  projection: Projection,
  extent: Wanted,
): Json | undefined => {
  if (!isObject(value)) return value;
  const entries = (attribute.subAttributes ?? []).flatMap((sub) => {
    const name = `${path}.${sub.name}`;
    const inner = extent === 'whole' && !projection.only?.includes(name) ? { except: projection.except } : projection;
    const kept = Object.hasOwn(value, sub.name) && wanted(sub, name, inner) !== 'no';
    return kept ? [[sub.name, value[sub.name]!] as const] : [];
  });
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
};

/** RFC 7643 §7 `returned` and RFC 7644 §3.9: the resource as a reply shows it, attributes in the order of their schemas. */
export const project = (type: ResourceType, resource: Resource, projection: Projection = {}): JsonObject => {
  const silent = !projection.only && !projection.except;
  const values: [path: string, value: Json][] = [];
  for (const { path, attribute } of attributesOf(type)) {
    const value = valueAt(resource, path);
    if (value === undefined) continue;
    const shown = silent && isWholeByDefault(attribute) ? value : projected(attribute, path, value, projection);
    if (shown !== undefined) values.push([path, shown]);
  }
  const shown = resourceOf(values);
  // RFC 7643 §3: `schemas` names those of what is there; an extension of which nothing is shown is not.
  const hidden = type.extensions
    .filter(({ schema, required }) => !required && !Object.hasOwn(shown, schema.id))
    .map(({ schema }) => schema.id);
  if (hidden.length > 0 && Array.isArray(shown.schemas))
    shown.schemas = shown.schemas.filter((id) => typeof id !== 'string' || !hidden.includes(id));
  return shown;
};
