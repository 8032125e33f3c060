import { type JsonObject, checkedObject, isObject, member } from '../json/json.ts';
import type { Json } from '../json/json.ts';
import { invalidValue } from '../problem/problem.ts';
import { type Attribute, type AttributeType, type Mutability, type ResourceType, type Returned, type Schema, type Uniqueness, attributeDefaults } from './attribute.ts';
import { commonAttributes } from './common.ts';
import { isAttributeName } from './lookup.ts';

const types: readonly AttributeType[] = ['string', 'boolean', 'decimal', 'integer', 'dateTime', 'binary', 'reference', 'complex'];
const mutabilities: readonly Mutability[] = ['readOnly', 'readWrite', 'immutable', 'writeOnly'];
const returns: readonly Returned[] = ['always', 'never', 'default', 'request'];
const uniquenesses: readonly Uniqueness[] = ['none', 'server', 'global'];

/** RFC 8141 in essence, or an absolute URI without spaces. */
const isUri = (value: string): boolean => /^[a-z][a-z0-9+.-]*:[^\s"[\]()]+$/i.test(value) && value.length <= 200;

const textOf = (object: JsonObject, name: string, fallback?: string): string => {
  const value = member(object, name) ?? fallback;
  if (typeof value !== 'string') throw invalidValue(`"${name}" must be a string.`);
  return value;
};

const flagOf = (object: JsonObject, name: string): boolean => {
  const value = member(object, name) ?? false;
  if (typeof value !== 'boolean') throw invalidValue(`"${name}" must be true or false.`);
  return value;
};

const oneOf = <T extends string>(object: JsonObject, name: string, allowed: readonly T[], fallback: T): T => {
  const value = member(object, name) ?? fallback;
  const found = allowed.find((one) => typeof value === 'string' && one.toLowerCase() === value.toLowerCase());
  if (!found) throw invalidValue(`"${name}" must be one of ${allowed.join(', ')}.`);
  return found;
};

const listOf = (object: JsonObject, name: string): Json[] => {
  const value = member(object, name) ?? [];
  if (!Array.isArray(value)) throw invalidValue(`"${name}" must be an array.`);
  return value;
};

const textsOf = (object: JsonObject, name: string): string[] =>
  listOf(object, name).map((value) => {
    if (typeof value !== 'string') throw invalidValue(`"${name}" must hold strings.`);
    return value;
  });

const attributesOf = (raw: Json[], nested: boolean): Attribute[] => {
  const attributes = raw.map((one) => attributeOf(one, nested));
  const names = attributes.map(({ name }) => name.toLowerCase());
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice) throw invalidValue(`The attribute "${twice}" is defined twice.`);
  return attributes;
};

const attributeOf = (raw: Json, nested: boolean): Attribute => {
  if (!isObject(raw)) throw invalidValue('An attribute must be an object.');
  const name = textOf(raw, 'name');
  if (!isAttributeName(name)) throw invalidValue(`"${name.slice(0, 100)}" cannot be the name of an attribute.`);
  const type = oneOf(raw, 'type', types, attributeDefaults.type);
  if (nested && type === 'complex') throw invalidValue(`"${name}" is inside a complex attribute and cannot be complex itself.`);
  const subAttributes = attributesOf(listOf(raw, 'subAttributes'), true);
  if ((type === 'complex') !== subAttributes.length > 0) throw invalidValue(`"${name}" needs sub-attributes if it is complex, and only then.`);
  const canonicalValues = textsOf(raw, 'canonicalValues');
  const referenceTypes = textsOf(raw, 'referenceTypes');
  return {
    name,
    type,
    multiValued: flagOf(raw, 'multiValued'),
    description: textOf(raw, 'description', ''),
    required: flagOf(raw, 'required'),
    caseExact: flagOf(raw, 'caseExact'),
    mutability: oneOf(raw, 'mutability', mutabilities, attributeDefaults.mutability),
    returned: oneOf(raw, 'returned', returns, attributeDefaults.returned),
    uniqueness: oneOf(raw, 'uniqueness', uniquenesses, attributeDefaults.uniqueness),
    ...(canonicalValues.length > 0 && { canonicalValues }),
    ...(referenceTypes.length > 0 && { referenceTypes }),
    ...(subAttributes.length > 0 && { subAttributes }),
  };
};

const common = new Set(commonAttributes.map(({ name }) => name.toLowerCase()));

/** RFC 7643 §7: a schema of an admin's own (R71). What every resource has anyway, `id` and the like, is left out of it. */
export const parseSchemaDefinition = (json: unknown): Schema => {
  const object = checkedObject(json);
  const id = textOf(object, 'id');
  if (!isUri(id)) throw invalidValue('"id" must be a URI such as urn:example:params:scim:schemas:2.0:Device.');
  const attributes = attributesOf(listOf(object, 'attributes'), false).filter(({ name }) => !common.has(name.toLowerCase()));
  if (attributes.length === 0) throw invalidValue('A schema needs attributes.');
  return { id, name: textOf(object, 'name', id), description: textOf(object, 'description', ''), attributes };
};

const schemaNamed = (schemas: readonly Schema[], id: string): Schema => {
  const found = schemas.find((schema) => schema.id.toLowerCase() === id.toLowerCase());
  if (!found) throw invalidValue(`The schema "${id.slice(0, 200)}" is not defined.`);
  return found;
};

/** RFC 7643 §6: a resource type of an admin's own, of schemas that are there. */
export const parseResourceTypeDefinition = (json: unknown, schemas: readonly Schema[]): ResourceType => {
  const object = checkedObject(json);
  const name = textOf(object, 'name');
  const endpoint = textOf(object, 'endpoint').replace(/^(?!\/)/, '/');
  if (!/^[A-Za-z][\w-]*$/.test(name)) throw invalidValue('"name" must be a word.');
  if (!/^\/[A-Za-z][\w-]*$/.test(endpoint)) throw invalidValue('"endpoint" must be a path of one segment, such as /Devices.');
  const extensions = listOf(object, 'schemaExtensions').map((raw) => {
    if (!isObject(raw)) throw invalidValue('A schema extension must be an object.');
    return { schema: schemaNamed(schemas, textOf(raw, 'schema')), required: flagOf(raw, 'required') };
  });
  const schema = schemaNamed(schemas, textOf(object, 'schema'));
  const ids = [schema.id, ...extensions.map((extension) => extension.schema.id)];
  if (new Set(ids).size < ids.length) throw invalidValue('A schema is named twice.');
  const description = textOf(object, 'description', '');
  return { name, endpoint, ...(description && { description }), schema, extensions };
};
