import {
  driftKind,
  includedNames,
  includeNames,
  listPageQuery,
  listReply,
  namedUser,
  searchText,
} from '@tenure/contracts';
import { z } from 'zod';

export const reconcileBody = z.strictObject({ dryRun: z.boolean().default(false) }).prefault({});
export type ReconcileBody = z.output<typeof reconcileBody>;

/** `GET /drifts`. */
export const driftListQuery = z.strictObject({
  ...listPageQuery,
  search: searchText.optional(),
  include: includeNames.optional(),
  kind: driftKind.optional(),
  user: z.string().max(512).optional(),
});
export type DriftListQuery = z.output<typeof driftListQuery>;

const entitlement = z.object({ kind: z.string(), value: z.string() });

/** `from`: as Tenure sent it, `to`: as the app shows it. The id is the account's. */
export const driftReply = z.object({
  id: z.string(),
  userId: z.string(),
  remoteId: z.string().optional(),
  jobId: z.string(),
  kinds: z.array(driftKind),
  targets: z.array(z.object({ target: z.string(), from: z.json(), to: z.json() })),
  taken: z.array(entitlement),
  added: z.array(entitlement),
  ...includedNames,
});
export type DriftReply = z.output<typeof driftReply>;
export const driftsReply = listReply(driftReply);

export const driftIdsBody = z.strictObject({ ids: z.array(z.string().min(1).max(512)).min(1).max(1000) });

/** `GET /foreign`. `search` finds by the people who are proposed; what the app calls the account is sealed. */
export const foreignListQuery = z.strictObject({
  ...listPageQuery,
  search: searchText.optional(),
  include: includeNames.optional(),
  minConfidence: z.coerce.number().min(0).max(1).optional(),
});
export type ForeignListQuery = z.output<typeof foreignListQuery>;

const proposal = z.object({
  userId: z.string(),
  confidence: z.number(),
  by: z.array(z.string()),
  user: namedUser.optional(),
});
/** An account of the app that is linked to nobody, and whose it may be. */
export const foreignReply = z.object({
  remoteId: z.string(),
  label: z.string(),
  active: z.boolean(),
  attributes: z.record(z.string(), z.json()),
  confidence: z.number(),
  ambiguous: z.boolean(),
  proposals: z.array(proposal),
  app: includedNames.app,
});
export type ForeignReply = z.output<typeof foreignReply>;
export const foreignListReply = listReply(foreignReply);

const remoteId = z.string().min(1).max(1000);
export const adoptForeignBody = z.union([
  z.strictObject({
    items: z
      .array(z.strictObject({ remoteId, userId: z.string().min(1).max(512) }))
      .min(1)
      .max(1000),
  }),
  z.strictObject({ minConfidence: z.number().gt(0).max(1), confirm: z.boolean().optional() }),
]);
export type AdoptForeignBody = z.output<typeof adoptForeignBody>;

/** `more`: there are others of that confidence; ask again. */
export const adoptedReply = z.object({
  items: z.array(z.object({ remoteId, userId: z.string(), ok: z.boolean(), code: z.string().optional() })),
  more: z.boolean().optional(),
});
export type AdoptedReply = z.output<typeof adoptedReply>;
