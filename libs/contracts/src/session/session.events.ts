import { defineEvent, type EventOf } from '@tenure/eventing';
import { z } from 'zod';
import { adminRole } from '../admin/admin.events.ts';

/** How somebody signed in: through the OpenID provider, with a key, or with a link that the system printed. */
export const signInMethod = z.enum(['provider', 'key', 'link']);
export type SignInMethod = z.output<typeof signInMethod>;

/** A stream per session. Sessions themselves are rows: these events are for the audit (R110). */
export const SignedIn = defineEvent('SignedIn', {
  data: z.object({
    adminId: z.string().nullable(),
    keyId: z.string().nullable(),
    role: adminRole,
    method: signInMethod,
  }),
});

export const signOutReason = z.enum([
  'signed-out',
  'signed-out-everywhere',
  'signed-in-again',
  'provider',
  'role-lost',
]);
export type SignOutReason = z.output<typeof signOutReason>;

/** A session that ends by itself, after hours or when idle, has no such event. */
export const SignedOut = defineEvent('SignedOut', { data: z.object({ because: signOutReason }) });

export const sessionEvents = [SignedIn, SignedOut] as const;
export type SessionEvent = EventOf<typeof sessionEvents>;
