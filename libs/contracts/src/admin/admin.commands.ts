import { z } from 'zod';
import { defineCommand } from '../define-command.ts';
import { language, timezone } from '../tenant/tenant.body.ts';
import { ifMatch } from '../user/user.commands.ts';
import { adminRole } from './admin.events.ts';

const personShape = { preferredLanguage: language.optional(), timezone: timezone.optional() };

export const adminBody = z.strictObject({ email: z.email().max(254), role: adminRole, ...personShape });
/** The address is the user's userName and is changed there: here it may only be repeated. */
export const adminChangeBody = z.strictObject({
  email: z.email().max(254).optional(),
  role: adminRole,
  ...personShape,
});

export const adminReply = z.object({
  id: z.string(),
  userId: z.string(),
  /** Absent once the person was erased. */
  email: z.string().optional(),
  role: adminRole,
  preferredLanguage: z.string().optional(),
  timezone: z.string().optional(),
  /** The key's last characters; absent for who signs in through the provider. */
  keyHint: z.string().optional(),
  /** The OpenID provider through which they sign in, and when they last did. */
  issuer: z.string().optional(),
  lastSignInAt: z.string().optional(),
  version: z.int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type AdminReply = z.output<typeof adminReply>;

/** What `POST …/admins` answers: the key is shown this once. */
export const newAdminReply = adminReply.extend({ key: z.string() });

/** The command's key is the new admin's id; `newUserId` is used where no user has this userName. Who sends it makes the key and shows it. */
export const AddAdmin = defineCommand('admin.add', {
  payload: z.object({ email: z.string(), role: adminRole, ...personShape, newUserId: z.string(), key: z.string() }),
  reply: adminReply,
});

/** What the provider said of who signed in; the command's key is made of issuer and subject. */
export const EnrolAdmin = defineCommand('admin.enrol', {
  payload: z.object({ userId: z.string(), role: adminRole, issuer: z.string(), consumerMail: z.boolean() }),
  reply: z.object({ id: z.string(), userId: z.string(), role: adminRole, version: z.int() }),
});

export const ChangeAdmin = defineCommand('admin.change', {
  payload: z.object({ email: z.string().optional(), role: adminRole, ...personShape, ifMatch }),
  reply: adminReply,
});

export const RemoveAdmin = defineCommand('admin.remove', {
  payload: z.object({ ifMatch }),
  reply: z.object({ id: z.string(), version: z.int() }),
});
