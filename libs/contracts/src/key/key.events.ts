import { defineEvent, type EventOf } from '@tenure/eventing';
import { z } from 'zod';
import { adminRole } from '../admin/admin.events.ts';

/** A key for machines (R110). `adminId`: it acts for this admin, such as the key of a command line; else for itself. */
export const KeyCreated = defineEvent('KeyCreated', {
  data: z.object({
    name: z.string(),
    role: adminRole,
    /** The row of `secrets` that recognises the key, and its last characters. */
    secretId: z.string(),
    hint: z.string(),
    expiresAt: z.string().nullable(),
    /** As of the admin who made it (R6): no key may do more than who made it. */
    consumerMail: z.boolean(),
    adminId: z.string().nullable(),
  }),
});
export const KeyDeleted = defineEvent('KeyDeleted', { data: z.object({ secretId: z.string() }) });

export const keyEvents = [KeyCreated, KeyDeleted] as const;
export type KeyEvent = EventOf<typeof keyEvents>;
