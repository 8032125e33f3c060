import { schemaEvents, type OwnResourceType, type OwnSchema, type SchemaEvent } from '@tenure/contracts';
import { configurationPart, type RowPatch } from '../view/configuration-part.ts';
import type { Definitions } from './tenant-types.ts';

/** A row per tenant that ever had schemas of its own; a member of its body per definition. */
const SCHEMA = 'schema ';
const TYPE = 'type ';

const patchOf = (event: SchemaEvent): RowPatch => {
  switch (event.type) {
    case 'SchemaDefined':
      return { [`${SCHEMA}${event.data.schema.id}`]: event.data.schema };
    case 'SchemaDeleted':
      return { [`${SCHEMA}${event.data.schemaId}`]: null };
    case 'ResourceTypeDefined':
      return { [`${TYPE}${event.data.resourceType.id}`]: event.data.resourceType };
    case 'ResourceTypeDeleted':
      return { [`${TYPE}${event.data.typeId}`]: null };
  }
};

/** What `body` says, by name: JSON in a database keeps no order. */
export const definitionsIn = (body: Readonly<Record<string, unknown>>): Definitions => {
  const membersOf = <T>(prefix: string) =>
    Object.entries(body).flatMap(([name, value]) => (name.startsWith(prefix) ? [value as T] : []));
  const inOrder = (a: string, b: string) => (a < b ? -1 : 1);
  return {
    schemas: membersOf<OwnSchema>(SCHEMA).sort((a, b) => inOrder(a.id, b.id)),
    resourceTypes: membersOf<OwnResourceType>(TYPE).sort((a, b) => inOrder(a.name, b.name)),
  };
};

/** Its revision is joined at every SCIM request, its body read once for each. */
export const schemasPart = configurationPart<SchemaEvent>({
  name: 'schemas',
  category: 'schemas',
  events: schemaEvents,
  patchOf,
});
