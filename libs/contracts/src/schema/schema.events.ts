import { defineEvent, type EventOf } from '@tenure/eventing';
import { z } from 'zod';
import { ownResourceType, ownSchema } from './schema.definition.ts';

/** What an admin defined, each time the whole of it; no person's data. */
export const SchemaDefined = defineEvent('SchemaDefined', { data: z.object({ schema: ownSchema }) });
export const SchemaDeleted = defineEvent('SchemaDeleted', { data: z.object({ schemaId: z.string() }) });
export const ResourceTypeDefined = defineEvent('ResourceTypeDefined', {
  data: z.object({ resourceType: ownResourceType }),
});
/** Of `User` and `Group`: that they have no extensions of the tenant's own any more. */
export const ResourceTypeDeleted = defineEvent('ResourceTypeDeleted', {
  data: z.object({ typeId: z.string(), name: z.string() }),
});

export const schemaEvents = [SchemaDefined, SchemaDeleted, ResourceTypeDefined, ResourceTypeDeleted] as const;
export type SchemaEvent = EventOf<typeof schemaEvents>;
