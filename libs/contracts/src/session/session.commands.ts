import { z } from 'zod';
import { adminRole } from '../admin/admin.events.ts';
import { defineCommand } from '../define-command.ts';
import { signInMethod, signOutReason } from './session.events.ts';

/** The command's key is the session's id. */
export const RecordSignIn = defineCommand('session.sign-in', {
  payload: z.object({
    adminId: z.string().nullable(),
    keyId: z.string().nullable(),
    role: adminRole,
    method: signInMethod,
  }),
  reply: z.object({}),
});

export const RecordSignOut = defineCommand('session.sign-out', {
  payload: z.object({ because: signOutReason }),
  reply: z.object({}),
});
