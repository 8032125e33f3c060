import { type Json, type JsonObject, isObject } from '../json/json.ts';
import type { ResourceType } from '../schema/attribute.ts';
import { segmentsOf } from '../schema/lookup.ts';

/** A SCIM resource: plain JSON, canonical names, no nulls and nothing empty. */
export type Resource = JsonObject;

const own = (value: Json | undefined, name: string): Json | undefined => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined);

/** The value at the canonical path of a top-level attribute, e.g. `emails` or `urn:…:User:department`. */
export const valueAt = (resource: Resource, path: string): Json | undefined =>
  segmentsOf(path).reduce<Json | undefined>((value, name) => own(value, name), resource);

const without = (object: JsonObject, name: string): JsonObject => {
  const { [name]: _, ...rest } = object;
  return rest;
};

/** The resource with another value at the path of a top-level attribute, or none. */
export const withValue = (resource: Resource, path: string, value: Json | undefined): Resource => {
  const [first = '', second] = segmentsOf(path);
  const inner = second === undefined ? value : withValue(isObject(resource[first]) ? resource[first] : {}, second, value);
  return inner === undefined || (isObject(inner) && Object.keys(inner).length === 0) ? without(resource, first) : { ...resource, [first]: inner };
};

/** RFC 7643 §3.1: the schemas of the attributes that it has, so that a client's list never matters. */
export const withSchemas = (type: ResourceType, resource: Resource): Resource => ({
  schemas: [type.schema.id, ...type.extensions.filter(({ schema, required }) => required || Object.hasOwn(resource, schema.id)).map(({ schema }) => schema.id)],
  ...without(resource, 'schemas'),
});
