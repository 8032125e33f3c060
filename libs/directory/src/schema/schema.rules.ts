import type { OwnResourceType, OwnSchema } from '@tenure/contracts';
import {
  discoverySchemas,
  groupType,
  isSchemaUrn,
  resourceTypeIssues,
  schemaIssues,
  toleratedUrns,
  userType,
  type DefinitionIssue,
} from '@tenure/scim';
import { GROUP, USER, type Definitions } from './tenant-types.ts';

/** Far more than anybody describes, little enough to be read with every command that needs it. */
export const LIMITS = {
  schemas: 50,
  resourceTypes: 30,
  extensions: 10,
  schemaLength: 64 * 1024,
  allLength: 512 * 1024,
};

/** Those of messages, and of extensions that Tenure may yet have. */
const reservedNamespaces = ['urn:ietf:params:scim:api:', 'urn:ietf:params:scim:schemas:extension:tenure:'];

const urnsInUse = [
  ...[userType, groupType].flatMap(({ schema, extensions }) => [schema, ...extensions.map((one) => one.schema)]),
  ...discoverySchemas,
].map(({ id }) => id);

/** Clients name the core schemas in these ways too, each with the name of a type behind it or not. */
const readAsCore = new Set(toleratedUrns.flatMap((urn) => [urn, `${urn}:user`, `${urn}:group`]));

const reservedNames = new Set(['user', 'group', 'resourcetype', 'schema', 'serviceproviderconfig', 'me', 'bulk']);
const reservedEndpoints = new Set([
  '/users',
  '/groups',
  '/me',
  '/bulk',
  '/schemas',
  '/resourcetypes',
  '/serviceproviderconfig',
]);

export const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** One URN that goes on where another ends would make a path ambiguous: attribute or schema? */
const overlaps = (a: string, b: string): boolean =>
  [a, b].some((one, index) =>
    [':', '.'].some((mark) => one.toLowerCase().startsWith(`${[b, a][index]!.toLowerCase()}${mark}`)),
  );

const isReserved = (urn: string): boolean =>
  reservedNamespaces.some((namespace) => urn.toLowerCase().startsWith(namespace)) ||
  readAsCore.has(urn.toLowerCase()) ||
  urnsInUse.some((used) => sameName(used, urn) || overlaps(used, urn));

/** What is wrong with a schema, in itself and beside the others. */
export const issuesOfSchema = (schema: OwnSchema, { schemas }: Definitions): DefinitionIssue[] => {
  const other = schemas.find(({ id }) => !sameName(id, schema.id) && overlaps(id, schema.id));
  return [
    ...schemaIssues(schema),
    ...(isReserved(schema.id)
      ? [
          {
            field: 'id',
            message: 'is in use by Tenure; choose another URN, such as urn:example:params:scim:schemas:2.0:Device',
          },
        ]
      : []),
    ...(other ? [{ field: 'id', message: `can't be told from ${other.id} in a path` }] : []),
    ...(JSON.stringify(schema).length > LIMITS.schemaLength
      ? [{ field: 'attributes', message: `must not take more than ${LIMITS.schemaLength} characters in all` }]
      : []),
  ];
};

const issuesOfExtensions = (
  { schema: core, schemaExtensions }: OwnResourceType,
  { schemas }: Definitions,
): DefinitionIssue[] => {
  const ids = schemaExtensions.map(({ schema }) => schema.toLowerCase());
  const issueOf = (id: string, index: number) => {
    if (!schemas.some((schema) => sameName(schema.id, id))) return "is none of the tenant's schemas";
    return ids.indexOf(id) < index || sameName(id, core) ? 'is there twice' : undefined;
  };
  const issues = ids.flatMap((id, index) => {
    const message = issueOf(id, index);
    return message === undefined ? [] : [{ field: `schemaExtensions[${index}].schema`, message }];
  });
  return ids.length > LIMITS.extensions
    ? [...issues, { field: 'schemaExtensions', message: `must not be more than ${LIMITS.extensions}` }]
    : issues;
};

const isBuiltIn = ({ id }: Pick<OwnResourceType, 'id'>): boolean => id === USER || id === GROUP;

/** What is wrong with a resource type, in itself and beside the others. */
export const issuesOfResourceType = (given: OwnResourceType, definitions: Definitions): DefinitionIssue[] => {
  const extensions = issuesOfExtensions(given, definitions);
  if (isBuiltIn(given)) return [...issuesOfBuiltIn(given), ...extensions];
  const { name, endpoint, schema } = given;
  const others = definitions.resourceTypes.filter((one) => !isBuiltIn(one) && !sameName(one.name, name));
  return [
    ...resourceTypeIssues(given),
    ...(reservedNames.has(name.toLowerCase()) ? [{ field: 'name', message: 'is reserved' }] : []),
    ...(reservedEndpoints.has(endpoint.toLowerCase()) ? [{ field: 'endpoint', message: 'is reserved' }] : []),
    ...(others.some((one) => sameName(one.endpoint, endpoint))
      ? [{ field: 'endpoint', message: "is another resource type's" }]
      : []),
    ...(definitions.schemas.some(({ id }) => sameName(id, schema))
      ? []
      : [
          {
            field: 'schema',
            message: isSchemaUrn(schema) ? "is none of the tenant's schemas" : 'must be the URN of a schema',
          },
        ]),
    ...extensions,
  ];
};

/** Users and groups are what they are: only extensions are added. */
const issuesOfBuiltIn = ({ id, endpoint, schema }: OwnResourceType): DefinitionIssue[] => {
  const known = id === USER ? userType : groupType;
  return [
    ...(sameName(endpoint, known.endpoint) ? [] : [{ field: 'endpoint', message: `must be ${known.endpoint}` }]),
    ...(sameName(schema, known.schema.id) ? [] : [{ field: 'schema', message: `must be ${known.schema.id}` }]),
  ];
};

/** A place where values of a schema may be stored: in resources of a type, as their own attributes or as an extension's. */
export type Usage = { typeId: string; schemaId: string; extension: boolean };

export const usagesOf = ({ resourceTypes }: Definitions): Usage[] =>
  resourceTypes.flatMap(({ id, schema, schemaExtensions }) => [
    ...(isBuiltIn({ id }) ? [] : [{ typeId: id, schemaId: schema, extension: false }]),
    ...schemaExtensions.map((one) => ({ typeId: id, schemaId: one.schema, extension: true })),
  ]);
