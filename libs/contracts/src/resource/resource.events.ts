import { defineEvent, type EventOf } from '@tenure/eventing';
import { z } from 'zod';
import { jsonObject } from '../json.ts';

/** A value that only one resource may hold: where it is, whether case matters, and among which resources. */
export const uniqueAttribute = z.object({ path: z.string(), caseExact: z.boolean(), scope: z.string() });
export type UniqueAttribute = z.output<typeof uniqueAttribute>;

/** What an event says of a resource that the tenant's own schemas shape (R71): by which version of them it is to be read, and what of it is unique. */
export const ownShape = { schemasVersion: z.int().min(1).optional(), unique: z.array(uniqueAttribute).optional() };

/** Where the resource stands after the event. */
const standing = z.object({
  /** Which resource type; a type that is deleted and defined again is another. */
  typeId: z.string(),
  /** The connection that it belongs to; null where an admin made it. */
  connectionId: z.string().nullable(),
  changed: z.array(z.string()),
  /** Whether no other resource of the type and connection may have this externalId (setting `uniqueExternalId`). Absent = others may. */
  claimsExternalId: z.literal(true).optional(),
  ...ownShape,
});

const upcasts = [
  // 1 → 2: an externalId became unique by setting only; before, every resource claimed its own
  (data: Record<string, unknown>) => ({ ...data, claimsExternalId: true }),
];

/** Nobody knows what an admin keeps in a resource type: the content is sealed, with a key of the resource's own. */
const personal = z.object({ resource: jsonObject });

export const ResourceCreated = defineEvent('ResourceCreated', { data: standing, personal, upcasts });
export const ResourceChanged = defineEvent('ResourceChanged', { data: standing, personal, upcasts });
export const ResourceDeleted = defineEvent('ResourceDeleted', {
  data: standing.pick({ typeId: true, connectionId: true }),
});

export const resourceEvents = [ResourceCreated, ResourceChanged, ResourceDeleted] as const;
export type ResourceEvent = EventOf<typeof resourceEvents>;
