import { defineEvent, type EventOf } from '@tenure/eventing';
import { z } from 'zod';

/** Rights of an admin's key, from most to least. */
export const adminRole = z.enum(['super_admin', 'admin', 'auditor']);
export type AdminRole = z.output<typeof adminRole>;

/** An admin is a directory user too; name and address are that user's (design, decision 14). */
export const AdminAdded = defineEvent('AdminAdded', {
  data: z.object({
    userId: z.string(),
    role: adminRole,
    /** The row of `secrets` that recognises the key, and its last characters. */
    keyId: z.string(),
    keyHint: z.string(),
    /** Whether the address was one of a consumer mail domain: such an account never configures apps (R6). */
    consumerMail: z.boolean(),
  }),
});
export const AdminRoleChanged = defineEvent('AdminRoleChanged', { data: z.object({ role: adminRole }) });
/**
 * Somebody signed in through the OpenID provider for the first time, or for the first time since they were removed (R110). The admin's id is
 * made of issuer and subject. `userId`: the directory user they are; their own id where they are none.
 */
export const AdminEnrolled = defineEvent('AdminEnrolled', {
  data: z.object({ userId: z.string(), role: adminRole, issuer: z.string(), consumerMail: z.boolean() }),
});
export const AdminRemoved = defineEvent('AdminRemoved', {
  data: z.object({ userId: z.string(), keyId: z.string().nullable() }),
  // 1 → 2: who signs in through the provider has no key.
  upcasts: [(old) => old],
});

export const adminEvents = [AdminAdded, AdminEnrolled, AdminRoleChanged, AdminRemoved] as const;
export type AdminEvent = EventOf<typeof adminEvents>;
