import { listPageQuery, listReply } from '@tenure/contracts';
import { z } from 'zod';

const pushMode = z.enum(['merge', 'mirror']);
const groupId = z.string().min(1).max(512);
const MOST = 10_000;

const distinct = <Item>(items: readonly Item[], keyOf: (item: Item) => string) =>
  new Set(items.map(keyOf)).size === items.length;

/** R89: which groups of the directory are kept as groups of the app. `*` in a pattern stands for any text. */
export const pushesBody = z.strictObject({
  groups: z
    .array(z.strictObject({ id: groupId, mode: pushMode.default('merge') }))
    .max(MOST)
    .refine((groups) => distinct(groups, ({ id }) => id), { error: 'must name each group once' })
    .default([]),
  names: z
    .array(z.strictObject({ pattern: z.string().trim().min(1).max(200), mode: pushMode.default('merge') }))
    .max(100)
    .default([]),
  allInScope: z.boolean().default(false),
  whenUnpushed: z.enum(['leave', 'delete']).default('leave'),
});
export type PushesBody = z.output<typeof pushesBody>;

export const pushListQuery = z.strictObject({ ...listPageQuery, group: groupId.optional() });
export type PushListQuery = z.output<typeof pushListQuery>;

export const pushStates = ['waiting', 'foreign', 'pushing', 'upToDate', 'failed', 'stopping', 'stopped'] as const;

/**
 * `reason`: why it failed, is tried again, or what of it the app refuses; `message` may have what the app said. `members`: who is to be a
 * member and has an account in the app; `sent`: added by Tenure; `theirs`: members that Tenure found.
 */
export const pushReply = z.object({
  id: z.string(),
  group: z.object({ id: z.string(), displayName: z.string() }),
  mode: pushMode,
  state: z.enum(pushStates),
  reason: z.object({ code: z.string(), message: z.string() }).optional(),
  remoteId: z.string().optional(),
  made: z.boolean().optional(),
  candidates: z.array(z.string()).optional(),
  counts: z.object({ members: z.int(), sent: z.int(), waiting: z.int(), theirs: z.int() }),
  since: z.string(),
  nextAttemptAt: z.string().optional(),
  version: z.int(),
});
export type PushReply = z.output<typeof pushReply>;

/** What is configured, and how each group stands. */
export const pushesReply = listReply(pushReply).extend({
  groups: z.array(z.object({ id: z.string(), mode: pushMode })),
  names: z.array(z.object({ pattern: z.string(), mode: pushMode })),
  allInScope: z.boolean(),
  whenUnpushed: z.enum(['leave', 'delete']),
});
export type PushesReply = z.output<typeof pushesReply>;

export const linkPushBody = z.strictObject({ remoteId: z.string().min(1).max(1000) });
