import { z } from 'zod';
import { adminRole } from '../admin/admin.events.ts';
import { defineCommand } from '../define-command.ts';
import { instant } from '../list/instant.ts';
import { ifMatch } from '../user/user.commands.ts';

const name = z.string().trim().min(1, 'Must not be empty.').max(100, 'Must be at most 100 characters long.');

/** `expiresAt`: null or absent = never. */
export const keyBody = z.strictObject({ name, role: adminRole, expiresAt: instant.nullable().default(null) });

export const keyReply = z.object({
  id: z.string(),
  name: z.string(),
  role: adminRole,
  /** The key's last characters. */
  hint: z.string(),
  expiresAt: z.string().nullable(),
  /** The admin for whom the key acts; absent for one that acts for itself. */
  adminId: z.string().optional(),
  /** To the minute; absent until it is used. */
  lastUsedAt: z.string().optional(),
  version: z.int(),
  createdAt: z.string(),
});
export type KeyReply = z.output<typeof keyReply>;

/** What `POST …/keys` answers: the key is shown this once. */
export const newKeyReply = keyReply.extend({ key: z.string() });

/** The command's key is the new key's id. Who sends it makes the key and shows it. */
export const AddKey = defineCommand('key.add', {
  payload: z.object({
    name: z.string(),
    role: adminRole,
    expiresAt: z.string().nullable(),
    key: z.string(),
    consumerMail: z.boolean(),
    adminId: z.string().nullable(),
  }),
  reply: keyReply,
});

export const RemoveKey = defineCommand('key.remove', {
  payload: z.object({ ifMatch }),
  reply: z.object({ id: z.string(), version: z.int() }),
});
