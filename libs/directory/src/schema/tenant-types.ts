import type { OwnResourceType, OwnSchema, UniqueAttribute } from '@tenure/contracts';
import { attributesOf, groupType, userType, type ResourceType } from '@tenure/scim';

/** A resource type as a tenant has it. */
export type Shape = {
  /** Of users and groups `User` and `Group`. */
  id: string;
  type: ResourceType;
  /** The version of the tenant's schemas that it is of; absent where nothing in it is the tenant's own. */
  schemasVersion?: number;
  /** Attributes of the tenant's own schemas of which only one resource may hold a value. */
  unique: readonly UniqueAttribute[];
};

/** All that a tenant's resources may be (R71). Made once for a version: what the SCIM library finds out about a type it keeps by the type's identity. */
export type TenantTypes = {
  /** The revision of the tenant's schemas; 0 where it has none of its own. */
  version: number;
  user: Shape;
  group: Shape;
  own: readonly Shape[];
};

export type Definitions = { schemas: readonly OwnSchema[]; resourceTypes: readonly OwnResourceType[] };

export const USER = 'User';
export const GROUP = 'Group';

export const builtInTypes: TenantTypes = {
  version: 0,
  user: { id: USER, type: userType, unique: [] },
  group: { id: GROUP, type: groupType, unique: [] },
  own: [],
};

/** What of an own schema's values is unique: per type (`server`), or wherever the tenant uses the schema (`global`). */
const uniqueOf = (typeId: string, type: ResourceType, isOwn: (schemaId: string) => boolean): UniqueAttribute[] =>
  attributesOf(type).flatMap(({ path, attribute: { name, caseExact, uniqueness }, schema }) => {
    if (uniqueness === 'none' || !isOwn(schema.id) || path === 'id') return [];
    const where = `${schema.id}:${name}`;
    return [{ path, caseExact, scope: uniqueness === 'server' ? `${typeId}/${where}` : where }];
  });

/** The types that a tenant's definitions make. Of what refers to nothing (it can't, by the rules) nothing is made. */
export const compileTypes = (version: number, { schemas, resourceTypes }: Definitions): TenantTypes => {
  const byId = new Map(schemas.map((schema) => [schema.id, schema]));
  const extensionsOf = ({ schemaExtensions }: OwnResourceType) =>
    schemaExtensions.flatMap(({ schema: id, required }) => (byId.has(id) ? [{ schema: byId.get(id)!, required }] : []));
  const shape = (id: string, type: ResourceType): Shape => ({
    id,
    type,
    schemasVersion: version,
    unique: uniqueOf(id, type, (schemaId) => byId.has(schemaId)),
  });
  const extended = (known: Shape): Shape => {
    const given = resourceTypes.find(({ id }) => id === known.id);
    const extensions = given ? extensionsOf(given) : [];
    return extensions.length === 0
      ? known
      : shape(known.id, { ...known.type, extensions: [...known.type.extensions, ...extensions] });
  };
  const own = resourceTypes.flatMap((given): Shape[] => {
    const schema = byId.get(given.schema);
    if (given.id === USER || given.id === GROUP || !schema) return [];
    const { id, name, endpoint, description } = given;
    return [
      shape(id, { name, endpoint, ...(description && { description }), schema, extensions: extensionsOf(given) }),
    ];
  });
  return { version, user: extended(builtInTypes.user), group: extended(builtInTypes.group), own };
};

/** What an event says of the shape of its resource. */
export const saidOf = ({ schemasVersion, unique }: Shape): { schemasVersion?: number; unique?: UniqueAttribute[] } =>
  schemasVersion === undefined ? {} : { schemasVersion, unique: [...unique] };
