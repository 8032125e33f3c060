import { defineEvent, type EventOf } from '@tenure/eventing';
import { z } from 'zod';
import { pushMode } from '../app/app.configuration.ts';

/** A directory group that is kept as a group of an app (R89). */
const push = z.object({ appId: z.string(), groupId: z.string() });
/** Accounts of Tenure, never the app's ids of them: those are personal. */
const accounts = z.array(z.string());

/** A push's events hold ids, codes and names of groups. What the app says isn't part of them: it may quote people. */
export const GroupPushed = defineEvent('GroupPushed', { data: push.extend({ mode: pushMode }) });
/** `made`: by Tenure; otherwise an admin linked a group that was there. `displayName`: as the app shows it. */
export const PushLinked = defineEvent('PushLinked', {
  data: push.extend({ remoteId: z.string(), made: z.boolean(), displayName: z.string() }),
});
export const PushProfileSent = defineEvent('PushProfileSent', { data: push.extend({ displayName: z.string() }) });
/**
 * At most 1,000 accounts an event. `found`: members already, which Tenure didn't add. `gone`: accounts that left the app, and their
 * memberships with them. `others`: how many members were removed that are no accounts of Tenure.
 */
export const PushMembersSent = defineEvent('PushMembersSent', {
  data: push.extend({ added: accounts, removed: accounts, found: accounts, gone: accounts, others: z.int() }),
});
/** `final`: waits for an admin. `remoteIds`: groups of the app that are meant. `displayName`: the name that was refused. */
export const PushFailed = defineEvent('PushFailed', {
  data: push.extend({
    code: z.string(),
    final: z.boolean(),
    remoteIds: z.array(z.string()),
    displayName: z.string().nullable(),
  }),
});
export const PushRetried = defineEvent('PushRetried', { data: push });
/** Not pushed any more. `deletes`: the app's group is to be deleted; otherwise it is left as it is. */
export const PushStopped = defineEvent('PushStopped', {
  data: push.extend({
    because: z.enum(['notChosen', 'groupDeleted', 'appReset']),
    deletes: z.boolean(),
  }),
});
export const PushedGroupDeleted = defineEvent('PushedGroupDeleted', { data: push });

export const pushEvents = [
  GroupPushed,
  PushLinked,
  PushProfileSent,
  PushMembersSent,
  PushFailed,
  PushRetried,
  PushStopped,
  PushedGroupDeleted,
] as const;
export type PushEvent = EventOf<typeof pushEvents>;
