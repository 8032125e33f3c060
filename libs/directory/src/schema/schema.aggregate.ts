import { schemaEvents, type SchemaEvent } from '@tenure/contracts';
import type { Aggregate } from '@tenure/eventing';
import { schemaDecider, type SchemaCommand, type SchemasState } from './schema.decider.ts';

/** One stream per tenant, with the tenant's id: what schemas and resource types ask of each other is decided in one place. */
export const schemaAggregate: Aggregate<SchemasState, SchemaCommand, SchemaEvent> = {
  category: 'schemas',
  decider: schemaDecider,
  events: schemaEvents,
  stateVersion: 1,
  exists: ({ schemas, resourceTypes }) => schemas.length + resourceTypes.length > 0,
};
