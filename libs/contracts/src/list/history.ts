import { z } from 'zod';
import { invalidCursor } from './cursor.ts';

const LAST_REVISION = 2 ** 31 - 1;
const revisionIn = (cursor: string): number => {
  if (!/^\d{1,10}$/.test(cursor) || Number(cursor) > LAST_REVISION) throw invalidCursor();
  return Number(cursor);
};

/** `?limit=&cursor=` of a history: the cursor is the revision of the last event seen. */
export const historyRequest = z
  .strictObject({
    limit: z.coerce.number().int().min(1).max(1000).default(200),
    cursor: z.string().max(20).optional(),
  })
  .transform(({ limit, cursor }) => ({ limit, ...(cursor !== undefined && { after: revisionIn(cursor) }) }));
export type HistoryRequest = z.output<typeof historyRequest>;

/** One event as an admin or auditor reads it. `data` is what it says, the person's part opened; null where the person was erased. */
export const historyEntry = z.object({
  id: z.string(),
  type: z.string(),
  schemaVersion: z.int(),
  revision: z.int(),
  occurredAt: z.string(),
  recordedAt: z.string(),
  actor: z.object({ kind: z.string(), id: z.string(), name: z.string().optional() }),
  commandId: z.string(),
  correlationId: z.string(),
  causationId: z.string(),
  changed: z.array(z.string()),
  data: z.record(z.string(), z.unknown()).nullable(),
  erased: z.boolean(),
});
export type HistoryEntry = z.output<typeof historyEntry>;

/** `History` of api.md: a stream's events, oldest first. */
export const historyReply = z.object({ items: z.array(historyEntry), nextCursor: z.string().optional() });
export type HistoryReply = z.output<typeof historyReply>;
