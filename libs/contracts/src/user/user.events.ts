import { defineEvent, type EventOf } from '@tenure/eventing';
import { z } from 'zod';
import { jsonObject } from '../json.ts';
import { ownShape } from '../resource/resource.events.ts';

export const accountType = z.enum(['managed', 'provisionedManaged', 'unmanaged']);
export type AccountType = z.output<typeof accountType>;

/** Where the user stands after the event, so that a reader who keeps the last one knows all (design, decision 3). */
const standing = z.object({
  /** Top-level attributes that differ from before; `password` among them although its value is no event's (decision 12). */
  changed: z.array(z.string()),
  /** Who wrote: the linked connection, an admin or the user here, or a first sign-in (R23). */
  writer: z.enum(['connection', 'local', 'jit']),
  accountType,
  /** The connection that the user is linked to. */
  connectionId: z.string().nullable(),
  /** The connection that unassigned the user and does not see it any more (R19). */
  unassignedFrom: z.string().nullable(),
  /** The row of `secrets` that holds the password's hash. */
  passwordId: z.string().nullable(),
  /** Whether no other user of the connection may have this externalId (setting `uniqueExternalId`). Absent = others may. */
  claimsExternalId: z.literal(true).optional(),
  ...ownShape,
});

const upcasts = [
  // 1 → 2: an externalId became unique by setting only; before, every linked user claimed theirs
  (data: Record<string, unknown>) => ({ ...data, claimsExternalId: true }),
];

/** The whole SCIM resource after the event, without `id` and `meta`, which the envelope tells. */
const personal = z.object({ resource: jsonObject });

export const UserCreated = defineEvent('UserCreated', { data: standing, personal, upcasts });
export const UserChanged = defineEvent('UserChanged', { data: standing, personal, upcasts });
export const UserDeactivated = defineEvent('UserDeactivated', { data: standing, personal, upcasts });
export const UserReactivated = defineEvent('UserReactivated', { data: standing, personal, upcasts });
/** A connection wrote to a user that it found here, who is its own from now on (decision 14). */
export const UserLinked = defineEvent('UserLinked', { data: standing, personal, upcasts });
export const UserUnlinked = defineEvent('UserUnlinked', { data: standing, personal, upcasts });
export const UserAccountTypeChanged = defineEvent('UserAccountTypeChanged', { data: standing, personal, upcasts });
/** R14: whoever became a guest administers no team any more. */
export const TeamAdminRightsLost = defineEvent('TeamAdminRightsLost', { data: standing, personal, upcasts });
export const UserDeleted = defineEvent('UserDeleted', { data: standing.pick({ writer: true, connectionId: true }) });
/** The person's key is destroyed: no `personal` of theirs can be read again. Names what was not finished by then (decision 11). */
export const PersonErased = defineEvent('PersonErased', {
  data: z.object({ unfinishedAccountIds: z.array(z.string()) }),
});

export const userEvents = [
  UserCreated,
  UserChanged,
  UserDeactivated,
  UserReactivated,
  UserLinked,
  UserUnlinked,
  UserAccountTypeChanged,
  TeamAdminRightsLost,
  UserDeleted,
  PersonErased,
] as const;
export type UserEvent = EventOf<typeof userEvents>;
export type UserStanding = z.output<typeof standing>;
