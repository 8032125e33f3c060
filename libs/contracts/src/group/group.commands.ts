import { z } from 'zod';
import { defineCommand } from '../define-command.ts';
import { jsonObject } from '../json.ts';
import { preconditions, schemasVersion } from '../user/user.commands.ts';

/** A group after the command. Members are read from the view at `revision`: no reply carries a member set (design, decision 4). */
export const groupReply = z.object({
  id: z.string(),
  revision: z.int(),
  created: z.boolean(),
  connectionId: z.string(),
  resource: jsonObject,
  createdAt: z.string(),
  lastModified: z.string(),
  /** Ids that were named as members and are none of this connection's (C5), or guests of a group that is closed to them (R14), for the audit. At most a hundred. */
  skippedMemberIds: z.array(z.string()),
});
export type GroupReply = z.output<typeof groupReply>;

/** `resource` is the profile without members; `profile` and `members` are what `splitMembers` made of a PATCH. */
export const CreateGroup = defineCommand('group.create', {
  payload: z.object({ resource: jsonObject, memberIds: z.array(z.string()), schemasVersion }),
  reply: groupReply,
});

export const ReplaceGroup = defineCommand('group.replace', {
  payload: z.object({
    resource: jsonObject,
    cleared: z.array(z.string()),
    memberIds: z.array(z.string()).optional(),
    ...preconditions,
    schemasVersion,
  }),
  reply: groupReply,
});

export const PatchGroup = defineCommand('group.patch', {
  payload: z.object({ profile: z.array(jsonObject), members: z.array(jsonObject), ...preconditions, schemasVersion }),
  reply: groupReply,
});

export const DeleteGroup = defineCommand('group.delete', {
  payload: z.object(preconditions),
  reply: z.object({ id: z.string(), revision: z.int() }),
});
