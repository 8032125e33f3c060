import { defineEvent, type EventOf } from '@tenure/eventing';
import { z } from 'zod';

/** What was asked: codes, names of attributes and ids, no values (design, decision 10). */
export const attempt = z.object({
  /** Of the refusal or the tolerated oddity: `user/token-issuer`, `scim/stringBoolean`. */
  code: z.string(),
  /** What was asked for: `POST /Users`. */
  operation: z.string(),
  /** The status that was answered. */
  status: z.int(),
  resourceType: z.string().optional(),
  resourceId: z.string().optional(),
  attributes: z.array(z.string()),
});
export type AuditedRequest = z.output<typeof attempt>;

export const RequestRefused = defineEvent('RequestRefused', { data: attempt });
/** An oddity that was tolerated. */
export const RequestNoted = defineEvent('RequestNoted', { data: attempt });
/** How many more attempts there were than are written down one by one, per code (R70). */
export const AttemptsSuppressed = defineEvent('AttemptsSuppressed', {
  data: z.object({ counts: z.record(z.string(), z.int()) }),
});

export const attemptEvents = [RequestRefused, RequestNoted, AttemptsSuppressed] as const;
export type AttemptEvent = EventOf<typeof attemptEvents>;
