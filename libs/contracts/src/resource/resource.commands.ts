import { z } from 'zod';
import { defineCommand } from '../define-command.ts';
import { jsonObject } from '../json.ts';
import { preconditions, schemasVersion } from '../user/user.commands.ts';

export const resourceReply = z.object({
  id: z.string(),
  revision: z.int(),
  created: z.boolean(),
  typeId: z.string(),
  connectionId: z.string().nullable(),
  /** Without `id` and `meta`. */
  resource: jsonObject,
  createdAt: z.string(),
  lastModified: z.string(),
});
export type ResourceReply = z.output<typeof resourceReply>;

const of = { typeId: z.string(), schemasVersion };

/** Commands of a resource of a tenant's own type (R71). With a `connectionId` in the message SCIM writes, else an admin. */
export const CreateResource = defineCommand('resource.create', {
  payload: z.object({ ...of, resource: jsonObject }),
  reply: resourceReply,
});
export const ReplaceResource = defineCommand('resource.replace', {
  payload: z.object({ ...of, resource: jsonObject, cleared: z.array(z.string()), ...preconditions }),
  reply: resourceReply,
});
export const PatchResource = defineCommand('resource.patch', {
  payload: z.object({ ...of, operations: z.array(jsonObject), ...preconditions }),
  reply: resourceReply,
});
export const DeleteResource = defineCommand('resource.delete', {
  payload: z.object({ ...of, ...preconditions }),
  reply: z.object({ id: z.string(), revision: z.int() }),
});
