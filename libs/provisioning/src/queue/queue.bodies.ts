import { includeNames, listPageQuery, namedApp, namedUser, searchText } from '@tenure/contracts';
import { z } from 'zod';
import { queueKinds } from './queue.sources.ts';

export const queueActionNames = [
  'approve',
  'reject',
  'adopt',
  'retry',
  'rematch',
  'link',
  'recreate',
  'repair',
  'ignore',
  'release',
  'resume',
  'reauthorize',
] as const;
export type QueueActionName = (typeof queueActionNames)[number];

const kindName = z.enum(queueKinds, { error: `Must be one of ${queueKinds.join(', ')}.` });
/** One, or several separated by commas. */
const kinds = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(kindName).min(1));

/** `GET /queue`. Names are shown always, so `include` changes nothing here. */
export const queueQuery = z.strictObject({
  ...listPageQuery,
  kind: kinds.optional(),
  app: z.string().max(512).optional(),
  search: searchText.optional(),
  include: includeNames.optional(),
});
export type QueueQuery = z.output<typeof queueQuery>;

const instant = z.iso.datetime();

export const queueItem = z.object({
  id: z.string(),
  kind: z.enum(queueKinds),
  since: instant,
  app: namedApp.optional(),
  user: namedUser.optional(),
  accountId: z.string().optional(),
  /** What is waited for, such as `create`, or what failed. */
  action: z.string().optional(),
  reason: z.object({ code: z.string(), message: z.string() }).optional(),
  /** Accounts of the app to choose from, or people whose account it may be. */
  choices: z
    .array(z.object({ remoteId: z.string().optional(), label: z.string().optional(), user: namedUser.optional() }))
    .optional(),
  /** Of the account; of the app or the push where there is none. */
  version: z.int(),
  /** What the caller may do with it. */
  actions: z.array(z.enum(queueActionNames)),
});
export type QueueItem = z.output<typeof queueItem>;

export const queueReply = z.object({
  items: z.array(queueItem),
  /** Of all that match the filter, whatever the page. */
  counts: z.record(z.string(), z.int()),
  nextCursor: z.string().optional(),
});
export type QueueReply = z.output<typeof queueReply>;

const action = z.enum(queueActionNames, { error: `Must be one of ${queueActionNames.join(', ')}.` });
const itemId = z.string().min(1).max(1100);
/** `remoteId`: which account of the app is adopted, or which group is linked; `userId`: by whom. */
const choice = z.strictObject({
  remoteId: z.string().min(1).max(1000).optional(),
  userId: z.string().min(1).max(512).optional(),
});

export const actOnItems = z.strictObject({
  items: z
    .array(z.strictObject({ id: itemId, version: z.int().min(0) }))
    .min(1)
    .max(1000),
  action,
  reason: z.string().max(1000).optional(),
  choice: choice.optional(),
});
export type ActOnItems = z.output<typeof actOnItems>;

export const actOnFilter = z.strictObject({
  filter: z.strictObject({
    kind: z.union([kindName.transform((kind) => [kind]), z.array(kindName).min(1)]).optional(),
    app: z.string().max(512).optional(),
    search: searchText.optional(),
  }),
  expectedCount: z.int().min(0),
  action,
});
export type ActOnFilter = z.output<typeof actOnFilter>;

export const actBodies = z.union([actOnItems, actOnFilter]);

/** `now`: what waits of the account or the app after an act that was refused. */
export const actedReply = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      ok: z.boolean(),
      code: z.string().optional(),
      message: z.string().optional(),
      now: z.array(queueItem).optional(),
    }),
  ),
});
export type ActedReply = z.output<typeof actedReply>;
