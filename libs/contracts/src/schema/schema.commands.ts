import { z } from 'zod';
import { defineCommand } from '../define-command.ts';
import { ifMatch } from '../user/user.commands.ts';
import { ownResourceType, ownSchema, resourceTypeReply, schemaReply } from './schema.definition.ts';

/** Commands of a tenant's own schemas and resource types (R71). The key is the tenant's id, and the version one for all of them. */
export const DefineSchema = defineCommand('schema.define', {
  payload: z.object({ schema: ownSchema, ifMatch }),
  reply: schemaReply,
});
export const DeleteSchema = defineCommand('schema.delete', {
  payload: z.object({ schemaId: z.string(), ifMatch }),
  reply: z.object({ version: z.int() }),
});

/** `id` is for a type that is new. `endpoint` and `schema` may be left out for users and groups. */
export const DefineResourceType = defineCommand('resource-type.define', {
  payload: z.object({ resourceType: ownResourceType.partial({ endpoint: true, schema: true }), ifMatch }),
  reply: resourceTypeReply,
});
export const DeleteResourceType = defineCommand('resource-type.delete', {
  payload: z.object({ name: z.string(), ifMatch }),
  reply: z.object({ version: z.int() }),
});
