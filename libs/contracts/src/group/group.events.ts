import { defineEvent, type EventOf } from '@tenure/eventing';
import { z } from 'zod';
import { jsonObject } from '../json.ts';
import { ownShape } from '../resource/resource.events.ts';

export const memberKind = z.enum(['User', 'Group']);
export type MemberKind = z.output<typeof memberKind>;
export type Member = { id: string; kind: MemberKind };

/** `resource` is the whole profile after the event: all but the members. */
const standing = z.object({
  connectionId: z.string(),
  changed: z.array(z.string()),
  resource: jsonObject,
  ...ownShape,
});

/** A group's events hold no person's data: names of groups, ids, and what extensions of the tenant's own say of groups (R71). */
export const GroupCreated = defineEvent('GroupCreated', { data: standing });
export const GroupChanged = defineEvent('GroupChanged', { data: standing });
/** At most 1,000 an event; several events make one append (design, decision 4). */
export const GroupMembersAdded = defineEvent('GroupMembersAdded', {
  data: z.object({ members: z.array(z.object({ id: z.string(), kind: memberKind })) }),
});
/** `because` a request said so, the member was deleted, or is a guest in a group that is closed to guests (R14). */
export const GroupMembersRemoved = defineEvent('GroupMembersRemoved', {
  data: z.object({ memberIds: z.array(z.string()), because: z.enum(['request', 'memberDeleted', 'guest']) }),
  // 1 → 2: a third reason, which older services can't read.
  upcasts: [(data) => data],
});
export const GroupDeleted = defineEvent('GroupDeleted', { data: z.object({ connectionId: z.string() }) });

export const MEMBERS_PER_EVENT = 1000;

export const groupEvents = [GroupCreated, GroupChanged, GroupMembersAdded, GroupMembersRemoved, GroupDeleted] as const;
export type GroupEvent = EventOf<typeof groupEvents>;
