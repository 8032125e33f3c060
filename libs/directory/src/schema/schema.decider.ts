import {
  ResourceTypeDefined,
  ResourceTypeDeleted,
  SchemaDefined,
  SchemaDeleted,
  type OwnResourceType,
  type OwnSchema,
  type SchemaEvent,
} from '@tenure/contracts';
import { Rejected, type Decider } from '@tenure/eventing';
import {
  groupType,
  sameValue,
  schemaConflicts,
  userType,
  type DefinitionIssue,
  type JsonObject,
  type ResourceType,
} from '@tenure/scim';
import { issuesOfResourceType, issuesOfSchema, LIMITS, sameName, usagesOf, type Usage } from './schema.rules.ts';
import { GROUP, USER, type Definitions } from './tenant-types.ts';

export type SchemasState = Definitions;

/** `stored`: the usages in which some resource has values, as the view knows them. */
export type SchemaCommand =
  | { type: 'DefineSchema'; schema: OwnSchema; stored: readonly Usage[] }
  | { type: 'DeleteSchema'; schemaId: string }
  | {
      type: 'DefineResourceType';
      resourceType: Omit<OwnResourceType, 'endpoint' | 'schema'> & { endpoint?: string; schema?: string };
      stored: readonly Usage[];
    }
  | { type: 'DeleteResourceType'; name: string; stored: readonly Usage[] };

const decide = (command: SchemaCommand, state: SchemasState): SchemaEvent[] => {
  switch (command.type) {
    case 'DefineSchema':
      return defineSchema(command, state);
    case 'DeleteSchema': {
      const schema = schemaNamed(state, command.schemaId);
      if (!schema) throw new Rejected('not-found', 'schema/unknown', 'There is no such schema.');
      const users = usersOf(state, schema.id);
      if (users.length > 0) throw new Rejected('conflict', 'schema/used', `The schema is used by ${users.join(', ')}.`);
      return [SchemaDeleted({ schemaId: schema.id })];
    }
    case 'DefineResourceType':
      return defineResourceType(command, state);
    case 'DeleteResourceType': {
      const known = typeNamed(state, command.name);
      // Users and groups are always there: nothing was added to them.
      if (!known && isBuiltIn(command.name)) return [];
      if (!known) throw new Rejected('not-found', 'resource-type/unknown', 'There is no such resource type.');
      refuseStored(known, undefined, command.stored);
      return [ResourceTypeDeleted({ typeId: known.id, name: known.name })];
    }
  }
};

export const schemaNamed = ({ schemas }: Definitions, id: string) => schemas.find((schema) => sameName(schema.id, id));
export const typeNamed = ({ resourceTypes }: Definitions, name: string) =>
  resourceTypes.find((type) => sameName(type.name, name));

const usersOf = (state: SchemasState, schemaId: string): string[] => {
  const ids = new Set(usagesOf(state).flatMap((usage) => (usage.schemaId === schemaId ? [usage.typeId] : [])));
  return state.resourceTypes.filter(({ id }) => ids.has(id)).map(({ name }) => name);
};

const told = (issues: readonly DefinitionIssue[]) =>
  issues.map(({ field, message }) => `${field} ${message}`).join('; ');

const defineSchema = (
  { schema: given, stored }: Extract<SchemaCommand, { type: 'DefineSchema' }>,
  state: SchemasState,
): SchemaEvent[] => {
  const known = schemaNamed(state, given.id);
  // A URN has one spelling: it is a name in resources.
  const schema = known ? { ...given, id: known.id } : given;
  const issues = issuesOfSchema(schema, state);
  if (issues.length > 0) throw new Rejected('invalid', 'schema/invalid', told(issues), issues);
  if (!known && state.schemas.length >= LIMITS.schemas)
    throw new Rejected('conflict', 'schema/too-many', `A tenant has ${LIMITS.schemas} schemas at most.`);
  const length = JSON.stringify([...state.schemas.filter(({ id }) => id !== schema.id), schema]).length;
  if (length > LIMITS.allLength)
    throw new Rejected(
      'conflict',
      'schema/too-many',
      `A tenant's schemas take ${LIMITS.allLength} characters at most.`,
    );
  if (known && isSame(known, schema)) return [];
  const conflicts = known && stored.some(({ schemaId }) => schemaId === known.id) ? schemaConflicts(known, schema) : [];
  if (conflicts.length > 0)
    throw new Rejected(
      'conflict',
      'schema/in-use',
      `Resources hold values of the schema, which this would make unreadable: ${told(conflicts)}.`,
      conflicts,
    );
  return [SchemaDefined({ schema })];
};

const isSame = (a: object, b: object) => sameValue(a as JsonObject, b as JsonObject);

const builtIns: readonly [id: string, type: ResourceType][] = [
  [USER, userType],
  [GROUP, groupType],
];

const isBuiltIn = (name: string) => builtIns.some(([id]) => sameName(id, name));

/** Complete, in the spelling of what it refers to. Of users and groups only what is added is kept, not what they have anyway. */
const completed = (
  {
    id,
    name,
    description,
    endpoint,
    schema,
    schemaExtensions,
  }: Extract<SchemaCommand, { type: 'DefineResourceType' }>['resourceType'],
  state: SchemasState,
): OwnResourceType => {
  const [builtInId, builtIn] = builtIns.find(([known]) => sameName(known, name)) ?? [];
  const spelt = (urn: string) => schemaNamed(state, urn)?.id ?? urn;
  const added = schemaExtensions.filter(
    (one) => !builtIn?.extensions.some((known) => sameName(known.schema.id, one.schema)),
  );
  return {
    description: builtIn ? '' : description,
    id: builtInId ?? typeNamed(state, name)?.id ?? id,
    name: builtInId ?? typeNamed(state, name)?.name ?? name,
    endpoint: endpoint ?? builtIn?.endpoint ?? '',
    schema: spelt(schema ?? builtIn?.schema.id ?? ''),
    schemaExtensions: added.map(({ schema: urn, required }) => ({ schema: spelt(urn), required })),
  };
};

const defineResourceType = (
  { resourceType: given, stored }: Extract<SchemaCommand, { type: 'DefineResourceType' }>,
  state: SchemasState,
): SchemaEvent[] => {
  const resourceType = completed(given, state);
  const issues = issuesOfResourceType(resourceType, state);
  if (issues.length > 0) throw new Rejected('invalid', 'resource-type/invalid', told(issues), issues);
  const known = typeNamed(state, resourceType.name);
  if (!known && state.resourceTypes.length >= LIMITS.resourceTypes)
    throw new Rejected(
      'conflict',
      'resource-type/too-many',
      `A tenant has ${LIMITS.resourceTypes} resource types at most.`,
    );
  const addsNothing = !known && isBuiltIn(resourceType.name) && resourceType.schemaExtensions.length === 0;
  if (addsNothing || (known && isSame(known, resourceType))) return [];
  if (known) refuseStored(known, resourceType, stored);
  return [ResourceTypeDefined({ resourceType })];
};

/** What is stored keeps its place and its schemas; a type that has living resources stays. */
const refuseStored = (before: OwnResourceType, after: OwnResourceType | undefined, stored: readonly Usage[]): void => {
  const inType = stored.filter(({ typeId }) => typeId === before.id);
  const isLiving = inType.some(({ extension }) => !extension);
  const lost = before.schemaExtensions.filter(
    ({ schema }) =>
      inType.some((usage) => usage.extension && usage.schemaId === schema) &&
      !after?.schemaExtensions.some((one) => one.schema === schema),
  );
  const issues: DefinitionIssue[] = [
    ...(isLiving && !after ? [{ field: 'name', message: 'has living resources' }] : []),
    ...(isLiving && after && after.schema !== before.schema
      ? [{ field: 'schema', message: 'has living resources' }]
      : []),
    ...(isLiving && after && after.endpoint !== before.endpoint
      ? [{ field: 'endpoint', message: 'has living resources' }]
      : []),
    ...lost.map(({ schema }) => ({
      field: 'schemaExtensions',
      message: `lacks ${schema}, of which resources hold values`,
    })),
  ];
  if (issues.length > 0)
    throw new Rejected('conflict', 'resource-type/in-use', `${before.name} is in use: ${told(issues)}.`, issues);
};

const withOrWithout = <T>(all: readonly T[], is: (one: T) => boolean, put?: T): T[] => {
  if (put === undefined) return all.filter((one) => !is(one));
  return all.some(is) ? all.map((one) => (is(one) ? put : one)) : [...all, put];
};

const evolve = (state: SchemasState, event: SchemaEvent): SchemasState => {
  const { schemas, resourceTypes } = state;
  switch (event.type) {
    case 'SchemaDefined': {
      const { schema } = event.data;
      return { resourceTypes, schemas: withOrWithout(schemas, ({ id }) => id === schema.id, schema) };
    }
    case 'SchemaDeleted':
      return { resourceTypes, schemas: withOrWithout(schemas, ({ id }) => id === event.data.schemaId) };
    case 'ResourceTypeDefined': {
      const { resourceType } = event.data;
      return { schemas, resourceTypes: withOrWithout(resourceTypes, ({ id }) => id === resourceType.id, resourceType) };
    }
    case 'ResourceTypeDeleted':
      return { schemas, resourceTypes: withOrWithout(resourceTypes, ({ id }) => id === event.data.typeId) };
  }
};

export const schemaDecider: Decider<SchemasState, SchemaCommand, SchemaEvent> = {
  initial: { schemas: [], resourceTypes: [] },
  decide,
  evolve,
};
