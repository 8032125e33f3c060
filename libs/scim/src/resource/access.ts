import { type Json, type JsonObject, isObject } from '../json/json.ts';
import type { ResourceType } from '../schema/attribute.ts';

/** A SCIM resource: plain JSON, canonical names, no nulls and nothing empty. */
export type Resource = JsonObject;

const own = (value: Json | undefined, name: string): Json | undefined =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

type AttributeName = readonly [extension: string | undefined, name: string];

const split = (path: string): AttributeName => {
  const colon = path.lastIndexOf(':');
  return colon < 0 ? [undefined, path] : [path.slice(0, colon), path.slice(colon + 1)];
};

/** Each resource is walked attribute by attribute, again and again: a few hundred paths are split once. */
const places = new Map<string, AttributeName>();
const PLACES_KNOWN = 10_000;

/** Where a top-level attribute is kept: in the object of its extension or in the resource itself. */
const placeOf = (path: string): AttributeName => {
  let place = places.get(path);
  if (!place) {
    if (places.size >= PLACES_KNOWN) places.clear();
    places.set(path, (place = split(path)));
  }
  return place;
};

/** The value at the canonical path of a top-level attribute, e.g. `emails` or `urn:…:User:department`. */
export const valueAt = (resource: Resource, path: string): Json | undefined => {
  const [extension, name] = placeOf(path);
  return own(extension === undefined ? resource : own(resource, extension), name);
};

const without = (object: JsonObject, name: string): JsonObject => {
  const { [name]: _, ...rest } = object;
  return rest;
};

/** The resource with another value at the path of a top-level attribute, or none. */
export const withValue = (resource: Resource, path: string, value: Json | undefined): Resource => {
  const [extension, name] = placeOf(path);
  if (extension === undefined) return value === undefined ? without(resource, name) : { ...resource, [name]: value };
  const content = own(resource, extension);
  const inner = withValue(isObject(content) ? content : {}, name, value);
  return Object.keys(inner).length === 0 ? without(resource, extension) : { ...resource, [extension]: inner };
};

/** A resource of these values, in their order. */
export const resourceOf = (values: Iterable<readonly [path: string, value: Json]>): Resource => {
  const resource: Resource = {};
  for (const [path, value] of values) {
    const [extension, name] = placeOf(path);
    if (extension === undefined) resource[name] = value;
    else {
      const content = resource[extension];
      if (isObject(content)) content[name] = value;
      else resource[extension] = { [name]: value };
    }
  }
  return resource;
};

/** RFC 7643 §3.1: the schemas of the attributes that it has, so that a client's list never matters. */
export const withSchemas = (type: ResourceType, resource: Resource): Resource => ({
  schemas: [
    type.schema.id,
    ...type.extensions
      .filter(({ schema, required }) => required || Object.hasOwn(resource, schema.id))
      .map(({ schema }) => schema.id),
  ],
  ...without(resource, 'schemas'),
});
