import type { Dialect } from '../dialect/settings.ts';
import { isStrict } from '../dialect/settings.ts';
import { type Json, type JsonObject, checkedObject, isObject, member } from '../json/json.ts';
import { invalidSyntax, invalidValue } from '../problem/problem.ts';
import type { ResourceType } from '../schema/attribute.ts';
import { type Found, attributesOf, findAttribute, findSchema } from '../schema/lookup.ts';
import { isTenures } from '../schema/user.schema.ts';
import { type Resource, resourceOf, valueAt, withSchemas } from './access.ts';
import { type Note, type Reading, ignoreUnknown, note, readValue } from './value.ts';

/** What a body sets, and which attributes it clears by naming them with null, `[]` or nothing in them. */
export type ParsedBody = { resource: Resource; cleared: string[]; notes: Note[] };

/** Whether clients may write the attribute at all; what they may not is ignored in bodies (RFC 7644 §3.3). */
export const isWritable = ({ path, attribute, sub, schema }: Found, reading: Reading): boolean => {
  if (attribute.mutability === 'readOnly' || sub?.mutability === 'readOnly' || attribute.name === 'schemas')
    return false;
  if (!isTenures(schema) || reading.dialect.tenureExtension) return true;
  note(reading, 'not-writable', path);
  return false;
};

/** RFC 7643 §3: `schemas` must name ours, and none twice. What it lists beyond is refused or noted; what it forgets doesn't matter (E13). */
const checkSchemas = (type: ResourceType, body: JsonObject, reading: Reading): void => {
  const given = member(body, 'schemas');
  if (given === undefined || given === null) {
    if (isStrict(reading.dialect)) throw invalidSyntax('"schemas" is missing.');
    return note(reading, 'missing-schemas', 'schemas');
  }
  const urns = Array.isArray(given) ? given : [given];
  if (
    isStrict(reading.dialect) &&
    !urns.some((urn) => typeof urn === 'string' && findSchema(type, urn)?.schema === type.schema)
  ) {
    throw invalidValue(`"schemas" must name ${type.schema.id}.`);
  }
  const seen = new Set<string>();
  for (const urn of urns) {
    if (typeof urn !== 'string') throw invalidSyntax('"schemas" must be an array of URIs.');
    if (isStrict(reading.dialect) && seen.has(urn.toLowerCase()))
      throw invalidValue(`"schemas" names "${urn.slice(0, 200)}" twice.`);
    seen.add(urn.toLowerCase());
    const found = findSchema(type, urn);
    if (found && !found.legacy) continue;
    if (isStrict(reading.dialect)) throw invalidValue(`"${urn.slice(0, 200)}" is not a schema of ${type.name}.`);
    note(reading, found ? 'legacy-schema' : 'unknown-schema', urn);
  }
};

/** A member by the name of an attribute; `undefined` where it is none. */
const attributeMember = (
  type: ResourceType,
  name: string,
  value: Json,
  reading: Reading,
): { found: Found; value: Json } | undefined => {
  const found = findAttribute(type, name, { lenient: !isStrict(reading.dialect) });
  if (!found || found.sub) {
    ignoreUnknown(reading, name);
    return undefined;
  }
  if (found.bare) note(reading, 'bare-extension-attribute', found.path);
  return { found, value };
};

/** The members of a body with the attributes they name; the content of an extension is taken out of its object. */
const membersOf = (type: ResourceType, body: JsonObject, reading: Reading): { found: Found; value: Json }[] =>
  Object.entries(body).flatMap(([name, value]) => {
    const named = findSchema(type, name);
    if (named?.extension) {
      if (named.legacy) {
        if (isStrict(reading.dialect)) ignoreUnknown(reading, name);
        note(reading, 'legacy-schema', name);
      }
      const content = isObject(value) ? value : {};
      if (!isObject(value) && value !== null) throw invalidValue(`"${named.schema.id}" must be an object.`);
      const inner = Object.entries(content).flatMap(([key, one]) => {
        const found = findAttribute(type, `${named.schema.id}:${key}`, { lenient: false });
        if (!found || found.sub) ignoreUnknown(reading, `${named.schema.id}:${key}`);
        return found && !found.sub ? [{ found, value: one }] : [];
      });
      const absent = value === null ? attributesOf(type).filter(({ schema }) => schema === named.schema) : [];
      return [...inner, ...absent.map((found) => ({ found, value: null }))];
    }
    // Clients that hold every schema alike, SCIM Verify among them, put what is of the core schema into an object of its name.
    if (named && isObject(value) && !isStrict(reading.dialect)) {
      note(reading, 'core-as-extension', named.schema.id);
      return Object.entries(value).flatMap(([key, one]) => attributeMember(type, key, one, reading) ?? []);
    }
    return attributeMember(type, name, value, reading) ?? [];
  });

/** What the type requires and the resource lacks: extensions by their URN, attributes by their path; those of an extension only where it is there. */
const missingOf = (type: ResourceType, resource: Resource): string[] => [
  ...type.extensions
    .filter(({ schema, required }) => required && !Object.hasOwn(resource, schema.id))
    .map(({ schema }) => schema.id),
  ...attributesOf(type).flatMap(({ path, attribute, schema, extension }) => {
    const applies =
      attribute.required &&
      attribute.mutability !== 'readOnly' &&
      attribute.name !== 'schemas' &&
      (!extension || Object.hasOwn(resource, schema.id));
    const value = applies ? valueAt(resource, path) : undefined;
    return applies && (value === undefined || value === '') ? [path] : [];
  }),
];

export const requireAttributes = (type: ResourceType, resource: Resource): void => {
  const [missing] = missingOf(type, resource);
  if (missing !== undefined) throw invalidValue(`"${missing}" is required.`);
};

/** A change takes away nothing that is required. What was missing before may stay so: it is asked of what is written whole (R71: a schema may come to require more). */
export const keepRequired = (type: ResourceType, before: Resource, after: Resource): void => {
  const known = missingOf(type, before);
  const missing = missingOf(type, after).find((path) => !known.includes(path));
  if (missing !== undefined) throw invalidValue(`"${missing}" is required.`);
};

/** The body of a POST or PUT as a resource with canonical names. What clients may not set, `id` and `meta` among it, is left out. */
export const parseBody = (type: ResourceType, body: unknown, dialect: Dialect): ParsedBody => {
  const reading: Reading = { dialect, notes: [] };
  const object = checkedObject(body);
  checkSchemas(type, object, reading);
  const values = new Map<string, Json | undefined>();
  for (const { found, value } of membersOf(type, object, reading)) {
    if (!isWritable(found, reading)) continue;
    if (values.has(found.path)) throw invalidSyntax(`"${found.path}" is given twice.`);
    values.set(found.path, readValue(found.attribute, value, found.path, reading));
  }
  const resource = resourceOf([...values].filter((entry): entry is [string, Json] => entry[1] !== undefined));
  const cleared = [...values].filter(([, value]) => value === undefined).map(([path]) => path);
  requireAttributes(type, resource);
  return { resource: withSchemas(type, resource), cleared, notes: reading.notes };
};

/** RFC 7644 §3.3: the body of a POST. */
export const parseResource = (
  type: ResourceType,
  body: unknown,
  dialect: Dialect,
): { resource: Resource; notes: Note[] } => {
  const { resource, notes } = parseBody(type, body, dialect);
  return { resource, notes };
};
