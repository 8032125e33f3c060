import { z } from 'zod';

/** A role that an admin defines, for users and groups to be assigned with; `value` is what travels in `roles` (R22). */
export const appRole = z.object({
  id: z.string(),
  displayName: z.string(),
  value: z.string(),
  description: z.string(),
  allowedMemberTypes: z.array(z.enum(['User', 'Group'])),
  enabled: z.boolean(),
});
export type AppRole = z.output<typeof appRole>;

export const appRolesReply = z.array(appRole);
