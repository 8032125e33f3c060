import { z } from 'zod';
import { defineCommand } from '../define-command.ts';
import { jsonObject } from '../json.ts';
import { accountType } from './user.events.ts';

/** Revisions, as `If-Match` allows them. */
export const ifMatch = z.union([z.literal('*'), z.array(z.int())]).optional();

/** What the revision must be, `If-Match`, and what it must not be, `If-None-Match`. */
export const preconditions = { ifMatch, ifNoneMatch: ifMatch };

/** The version of the tenant's own schemas that the sender read the request by (R71); absent where the built-in ones are all. */
export const schemasVersion = z.int().min(1).optional();

/** A user after the command, such that the gateway answers without another read. */
export const userReply = z.object({
  id: z.string(),
  revision: z.int(),
  /** 201 rather than 200: created now, or linked and reactivated by a POST (R19). */
  created: z.boolean(),
  accountType,
  connectionId: z.string().nullable(),
  /** The SCIM resource without `id`, `meta` and `groups`. */
  resource: jsonObject,
  /** Only where the command asked for them. */
  groups: z.array(jsonObject).optional(),
  createdAt: z.string(),
  lastModified: z.string(),
});
export type UserReply = z.output<typeof userReply>;

/** Whether the answer needs `User.groups`, which the user's own state does not hold. */
const withGroups = z.boolean().optional();

/**
 * Commands of a user. With a `connectionId` in the message SCIM writes, else an admin (R16) or the system. `resource` is what
 * `parseResource` made, its `password` included; operations are what `parsePatch` made.
 */
export const CreateUser = defineCommand('user.create', {
  payload: z.object({ resource: jsonObject, schemasVersion, withGroups }),
  reply: userReply,
});

export const ReplaceUser = defineCommand('user.replace', {
  payload: z.object({
    resource: jsonObject,
    cleared: z.array(z.string()),
    ...preconditions,
    schemasVersion,
    withGroups,
  }),
  reply: userReply,
});

export const PatchUser = defineCommand('user.patch', {
  payload: z.object({
    operations: z.array(jsonObject),
    accountType: accountType.optional(),
    ...preconditions,
    schemasVersion,
    withGroups,
  }),
  reply: userReply,
});

export const DeleteUser = defineCommand('user.delete', {
  payload: z.object(preconditions),
  reply: z.object({ id: z.string(), revision: z.int() }),
});

/** The user with this userName, created where there is none: a first sign-in (R23), or an admin who becomes a directory user. */
export const EnsureUser = defineCommand('user.ensure', {
  payload: z.object({ resource: jsonObject, origin: z.enum(['jit', 'local']) }),
  reply: z.object({ id: z.string(), created: z.boolean() }),
});
