import {
  includedNames,
  includeNames,
  instant as givenInstant,
  isPeriod,
  listPageQuery,
  notAPeriod,
  searchText,
} from '@tenure/contracts';
import { z } from 'zod';

const statuses = [
  'pending',
  'provisioning',
  'modifying',
  'provisioned',
  'suspended',
  'failed',
  'deleting',
  'deleted',
  'unknown',
] as const;
const timerStates = ['armed', 'paused', 'parked', 'fired', 'cancelled'] as const;
const instant = z.iso.datetime();
/** Of lists that show people: whom a search finds, and whether ids come with names. */
const peopleQuery = { search: searchText.optional(), include: includeNames.optional() };

/** `GET /accounts`; from and to bound when the status became what it is (R57). */
export const accountListQuery = z
  .strictObject({
    ...listPageQuery,
    ...peopleQuery,
    user: z.string().optional(),
    status: z.enum(statuses).optional(),
    from: givenInstant.optional(),
    to: givenInstant.optional(),
  })
  .refine(isPeriod, notAPeriod);
export type AccountListQuery = z.output<typeof accountListQuery>;

/** `GET /timers`. */
export const timerListQuery = z.strictObject({
  ...listPageQuery,
  ...peopleQuery,
  user: z.string().optional(),
  state: z.enum(timerStates).optional(),
  dueBefore: givenInstant.optional(),
});
export type TimerListQuery = z.output<typeof timerListQuery>;

export const asOfQuery = z.strictObject({ asOf: givenInstant.optional() });

export const actBody = z.strictObject({ reason: z.string().max(1000).optional() });
/** Without `approvalId`: the only one that is pending. */
export const decideBody = actBody.extend({ approvalId: z.string().min(1).max(100).optional() });
export type DecideBody = z.output<typeof decideBody>;
export const linkBody = z.strictObject({
  remoteId: z.string().min(1).max(1000).optional(),
  reason: z.string().max(1000).optional(),
});
/** What linking an account of the app would change there, before it is done (R69). */
export const adoptionReply = z.object({
  remoteId: z.string(),
  label: z.string(),
  active: z.boolean(),
  changes: z.array(z.object({ target: z.string(), from: z.json().optional(), to: z.json().optional() })),
  entitlements: z.array(z.object({ kind: z.string(), value: z.string() })),
});
export type AdoptionReply = z.output<typeof adoptionReply>;

export const bulkBody = z.strictObject({
  ids: z.array(z.string()).min(1).max(1000),
  reason: z.string().max(1000).optional(),
});
export type BulkBody = z.output<typeof bulkBody>;

export const timerReply = z.object({
  id: z.string(),
  appId: z.string(),
  accountId: z.string(),
  userId: z.string(),
  trigger: z.enum(['turnedOff', 'suspended', 'deleted']),
  action: z.enum(['suspend', 'hardDelete']),
  triggeredAt: instant,
  delay: z.string(),
  dueAt: instant,
  state: z.enum(timerStates),
  effective: z.boolean(),
  endedAt: instant.optional(),
  endReason: z.string().optional(),
});
export type TimerReply = z.output<typeof timerReply>;

const entitlement = z.object({
  kind: z.string(),
  value: z.string(),
  owned: z.boolean(),
  id: z.string().nullable(),
  evidence: z.string().nullable(),
});
/**
 * To whom the account refers (R90). `sent`: the app has the id of their account there, `remoteId`; `pending`: it is about to get it; `waiting`:
 * they have no account in the app; `unknown`: the value is no person of the tenant.
 */
const reference = z.object({
  target: z.string(),
  userId: z.string(),
  state: z.enum(['sent', 'pending', 'waiting', 'unknown']),
  remoteId: z.string().optional(),
  reason: z.object({ code: z.string(), message: z.string() }).optional(),
});

const attributes = z.record(z.string(), z.json());

const approval = z.object({
  id: z.string(),
  action: z.enum(['create', 'update', 'delete']),
  deprovisioning: z.enum(['suspend', 'hardDelete']).optional(),
  requestedAt: instant,
});

const ref = z.object({ accountId: z.string(), userId: z.string() });

export const accountReply = z.object({
  id: z.string(),
  appId: z.string(),
  userId: z.string(),
  status: z.enum(statuses),
  since: instant,
  reason: z.object({ code: z.string(), message: z.string(), at: instant }).optional(),
  remoteId: z.string().optional(),
  owned: z.boolean(),
  match: z.object({ remoteId: z.string(), attributes }).optional(),
  candidates: z.array(z.object({ remoteId: z.string(), label: z.string(), attributes })).optional(),
  /** Whose account of the app this is to get, or got (R92). `offered`: an admin must adopt it; `awaited`: it comes when a delivery ends. */
  predecessor: ref.extend({ state: z.enum(['offered', 'awaited', 'takenOver']) }).optional(),
  /** Whose the account in the app is now. */
  successor: ref.optional(),
  attributes,
  entitlements: z.array(entitlement),
  references: z.array(reference),
  /** The first of `approvals`, for clients that know no others. */
  pendingApproval: approval.omit({ id: true }).optional(),
  /** What waits for an admin, oldest first. */
  approvals: z.array(approval),
  delivery: z
    .object({
      action: z.string(),
      attempts: z.int(),
      nextAttemptAt: instant.optional(),
      lastError: z.string().optional(),
    })
    .optional(),
  timers: z.array(timerReply),
  createdAt: instant,
  updatedAt: instant,
  version: z.int(),
  asOf: instant.optional(),
});
export type AccountReply = z.output<typeof accountReply>;

/** In lists, with names where `include` asks for them. */
export const listedAccount = accountReply.extend(includedNames);
export const listedTimer = timerReply.extend(includedNames);

export const bulkReply = z.object({
  items: z.array(z.object({ id: z.string(), ok: z.boolean(), code: z.string().optional() })),
});
export type BulkReply = z.output<typeof bulkReply>;
