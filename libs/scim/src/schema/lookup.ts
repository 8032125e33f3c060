import { isHostileName } from '../json/json.ts';
import type { Attribute, ResourceType, Schema } from './attribute.ts';
import { commonAttributes } from './common.ts';
import { enterpriseUserSchema } from './user.schema.ts';

/** An attribute found by name. `path` is canonical and names a top-level attribute; `sub` is one of its sub-attributes. */
export type Found = {
  path: string;
  attribute: Attribute;
  sub?: Attribute;
  schema: Schema;
  extension: boolean;
  bare?: true;
};

/** C3, L4, E11: URNs from before RFC 7643, or misspelt, that clients still send. */
const legacyCoreUrns = [
  'urn:scim:schemas:core:1.0',
  'urn:scim:schemas:core:2.0',
  'urn:ietf:params:scim:schemas:core:2.0',
];
const legacyEnterpriseUrns = [
  'urn:scim:schemas:extension:enterprise:1.0',
  'urn:scim:schemas:extension:enterprise:2.0',
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0',
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0user',
];

/** URNs that are read as those of the core schemas and the Enterprise User. */
export const toleratedUrns: readonly string[] = [...legacyCoreUrns, ...legacyEnterpriseUrns];

type SchemaName = { urn: string; schema: Schema; extension: boolean; legacy: boolean };
type Names = Map<string, Attribute>;
type Index = { names: SchemaName[]; bySchema: Map<Schema, Names>; all: Found[] };

const namesOf = (attributes: Attribute[]): Names => new Map(attributes.map((one) => [one.name.toLowerCase(), one]));

const common = namesOf(commonAttributes);

const topPath = (schema: Schema, extension: boolean, attribute: Attribute): string =>
  extension ? `${schema.id}:${attribute.name}` : attribute.name;

const indexOf = (type: ResourceType): Index => {
  const schemas = [
    { schema: type.schema, extension: false },
    ...type.extensions.map(({ schema }) => ({ schema, extension: true })),
  ];
  const legacy = schemas.flatMap(({ schema, extension }) => {
    const urns = extension
      ? schema.id === enterpriseUserSchema.id
        ? legacyEnterpriseUrns
        : []
      : [...legacyCoreUrns, ...legacyCoreUrns.map((urn) => `${urn}:${type.name.toLowerCase()}`)];
    return urns.map((urn) => ({ urn, schema, extension, legacy: true }));
  });
  const own = schemas.map((one) => ({ ...one, urn: one.schema.id.toLowerCase(), legacy: false }));
  const ownUrns = new Set(own.map(({ urn }) => urn));
  return {
    // Longest first: one URN may begin with another.
    names: [...own, ...legacy.filter(({ urn }) => !ownUrns.has(urn))].sort((a, b) => b.urn.length - a.urn.length),
    bySchema: new Map(schemas.map(({ schema }) => [schema, namesOf(schema.attributes)])),
    all: [
      ...commonAttributes.map((attribute) => ({
        path: attribute.name,
        attribute,
        schema: type.schema,
        extension: false,
      })),
      ...schemas.flatMap(({ schema, extension }) =>
        schema.attributes
          .filter(({ name }) => extension || !common.has(name.toLowerCase()))
          .map((attribute) => ({ path: topPath(schema, extension, attribute), attribute, schema, extension })),
      ),
    ],
  };
};

const indexes = new WeakMap<ResourceType, Index>();
const index = (type: ResourceType): Index => {
  const known = indexes.get(type) ?? indexOf(type);
  indexes.set(type, known);
  return known;
};

/** A schema of the type by its URN, in any case, or by a URN of old. */
export const findSchema = (type: ResourceType, urn: string): SchemaName | undefined => {
  if (!urn.includes(':')) return undefined;
  const wanted = urn.toLowerCase().replace(/:$/, '');
  return index(type).names.find((one) => one.urn === wanted);
};

export const findSubAttribute = (attribute: Attribute, name: string): Attribute | undefined => {
  const wanted = name.toLowerCase();
  return attribute.subAttributes?.find((sub) => sub.name.toLowerCase() === wanted);
};

const locate = (
  type: ResourceType,
  { schema, extension }: { schema: Schema; extension: boolean },
  dotted: string,
): Found | undefined => {
  const [name = '', subName, ...more] = dotted.toLowerCase().split('.');
  const attribute = (extension ? undefined : common.get(name)) ?? index(type).bySchema.get(schema)?.get(name);
  if (!attribute || more.length > 0) return undefined;
  const found = { path: topPath(schema, extension, attribute), attribute, schema, extension };
  if (subName === undefined) return found;
  const sub = findSubAttribute(attribute, subName);
  return sub && { ...found, sub };
};

/**
 * Finds what `userName`, `name.givenName`, `urn:…:2.0:User:department`, `urn:…:User:manager.value` or, leniently, a URN of old (C3) or a
 * bare `manager` of an extension (E10) names; in any case (RFC 7643 §2.1). The URN is matched whole because "2.0" has a dot in it.
 */
export const findAttribute = (
  type: ResourceType,
  name: string,
  { lenient }: { lenient: boolean },
): Found | undefined => {
  const lower = name.toLowerCase();
  const names = name.includes(':') ? index(type).names : [];
  const prefix = names.find(
    ({ urn, legacy }) =>
      (lenient || !legacy) && lower.startsWith(urn) && (lower[urn.length] === ':' || lower[urn.length] === '.'),
  );
  if (prefix) return locate(type, prefix, name.slice(prefix.urn.length + 1));
  const core = locate(type, { schema: type.schema, extension: false }, name);
  if (core || !lenient) return core;
  for (const { schema } of type.extensions) {
    const found = locate(type, { schema, extension: true }, name);
    if (found) return { ...found, bare: true };
  }
  return undefined;
};

/** All attributes of a type with their canonical paths, in the order in which a resource shows them. */
export const attributesOf = (type: ResourceType): readonly Found[] => index(type).all;

/**
 * The members that a canonical path goes through: `['name', 'givenName']`, `['urn:…:User', 'manager', 'value']`.
 * Names hold neither colon nor dot, so what follows the last colon is the attribute.
 */
export const segmentsOf = (path: string): string[] => {
  const colon = path.lastIndexOf(':');
  const names = path.slice(colon + 1).split('.');
  return colon < 0 ? names : [path.slice(0, colon), ...names];
};

/** RFC 7643 §2.1 with the `$` of `$ref`; nothing that every object inherits. */
export const isAttributeName = (name: string): boolean => /^[A-Za-z$][\w$-]*$/.test(name) && !isHostileName(name);
