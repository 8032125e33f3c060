import {
  accountEvents,
  adminEvents,
  appEvents,
  attemptEvents,
  connectionEvents,
  groupEvents,
  includedNames,
  includeNames,
  pushEvents,
  instant,
  invalidCursor,
  isPeriod,
  keyEvents,
  notAPeriod,
  resourceEvents,
  searchText,
  schemaEvents,
  sessionEvents,
  tenantEvents,
  userEvents,
} from '@tenure/contracts';
import type { Sql } from '@tenure/database';
import { CLAIM_FORFEITED } from '@tenure/eventing';
import { z } from 'zod';
import { withNames } from './entry-names.ts';
import type { Entry } from './entry.ts';
import type { Names } from './names.ts';
import { peopleFound, searchedFor } from './people.ts';
import { reasonWords } from './reason-words.ts';

/** Every type that an entry may have. */
const knownTypes = [
  ...[
    tenantEvents,
    adminEvents,
    connectionEvents,
    userEvents,
    groupEvents,
    schemaEvents,
    resourceEvents,
    attemptEvents,
    keyEvents,
    sessionEvents,
    appEvents,
    accountEvents,
    pushEvents,
  ].flatMap((events) => events.map(({ type }): string => type)),
  CLAIM_FORFEITED,
];

/** `GET /entries`: every filter narrows; without one, everything, newest first. */
export const entriesQuery = z
  .strictObject({
    user: z.string().optional(),
    app: z.string().optional(),
    type: z.enum(knownTypes, { error: 'Must be the type of an event, such as UserCreated.' }).optional(),
    actor: z.string().optional(),
    outcome: z.enum(['done', 'refused', 'failed']).optional(),
    from: instant.optional(),
    to: instant.optional(),
    /** Finds by the person whom an entry is about, as long as they aren't erased. */
    search: searchText.optional(),
    include: includeNames.optional(),
    limit: z.coerce.number().int().min(1).max(500).default(100),
    cursor: z.string().max(20).optional(),
  })
  .refine(isPeriod, notAPeriod);
export type EntriesQuery = z.output<typeof entriesQuery>;

export const entryReply = z.object({
  seq: z.int(),
  id: z.string(),
  type: z.string(),
  at: z.string(),
  recordedAt: z.string(),
  outcome: z.enum(['done', 'refused', 'failed']),
  actor: z.object({ kind: z.string(), id: z.string(), name: z.string().optional() }),
  subject: z.object({ kind: z.string(), id: z.string() }),
  userId: z.string().optional(),
  user: includedNames.user,
  appId: z.string().optional(),
  app: includedNames.app,
  summary: z.string(),
  changes: z
    .array(z.object({ attribute: z.string(), from: z.unknown().optional(), to: z.unknown().optional() }))
    .optional(),
  reason: z.object({ code: z.string(), message: z.string() }).optional(),
  because: z.object({
    correlationId: z.string(),
    causationId: z.string(),
    ruleId: z.string().optional(),
    timerId: z.string().optional(),
  }),
  event: z.object({ stream: z.string(), revision: z.int() }),
  hash: z.string(),
  /** Where the entry is in the tenant's log (R84); one from before there was a log may have none yet. */
  logIndex: z.int().optional(),
});
export type EntryReply = z.output<typeof entryReply>;
export const entriesReply = z.object({ items: z.array(entryReply), nextCursor: z.string().optional() });

type Row = {
  seq: number;
  id: string;
  type: string;
  at: string;
  recorded_at: string;
  outcome: Entry['outcome'];
  actor_kind: string;
  actor_id: string;
  subject_kind: string;
  subject_id: string;
  user_id: string | null;
  app_id: string | null;
  summary: string;
  changes: EntryReply['changes'] | null;
  reason: EntryReply['reason'] | null;
  because: EntryReply['because'];
  stream: string;
  revision: number;
  hash: string;
  log_index: number | null;
};

/** Entries of a tenant, newest first; the cursor is the number of the last one seen. */
export const ledgerQueries = (sql: Sql, schema: string, names: Names) => ({
  entries: async (
    tenantId: string,
    { user, app, type, actor, outcome, from, to, search, include = [], limit, cursor }: EntriesQuery,
  ) => {
    const rows = await sql.query<Row>({
      text: `select seq, id, type, at, recorded_at, outcome, actor_kind, actor_id, subject_kind, subject_id, user_id, app_id, summary, changes, reason, because, stream, revision, hash,
               (select index from ${schema}.log_leaves l where l.seq = ledger.seq) as log_index
             from ${schema}.ledger
             where tenant_id = $1 and ($2::bigint is null or seq < $2) and ($3::text is null or user_id = $3) and ($4::text is null or app_id = $4)
               and ($5::text is null or type = $5) and ($6::text is null or actor_id = $6) and ($7::text is null or outcome = $7)
               and ($8::timestamptz is null or at >= $8) and ($9::timestamptz is null or at <= $9)${search === undefined ? '' : ` and user_id in ${peopleFound(schema, '$1', '$11')}`}
             order by seq desc limit $10`,
      values: [
        tenantId,
        seqOf(cursor),
        user ?? null,
        app ?? null,
        type ?? null,
        actor ?? null,
        outcome ?? null,
        from ?? null,
        to ?? null,
        limit + 1,
        ...(search === undefined ? [] : [searchedFor(tenantId, search)]),
      ],
    });
    const items = await withNames(names, tenantId, rows.slice(0, limit).map(replyOf), include);
    return { items, ...(rows.length > limit && { nextCursor: String(items.at(-1)!.seq) }) };
  },
});

const seqOf = (cursor: string | undefined) => {
  if (cursor === undefined) return null;
  if (!/^\d{1,18}$/.test(cursor)) throw invalidCursor();
  return cursor;
};

const replyOf = (row: Row): EntryReply => ({
  seq: row.seq,
  id: row.id,
  type: row.type,
  at: row.at,
  recordedAt: row.recorded_at,
  outcome: row.outcome,
  actor: { kind: row.actor_kind, id: row.actor_id },
  subject: { kind: row.subject_kind, id: row.subject_id },
  ...(row.user_id !== null && { userId: row.user_id }),
  ...(row.app_id !== null && { appId: row.app_id }),
  summary: row.summary,
  ...(row.changes && { changes: row.changes }),
  ...(row.reason && { reason: { code: row.reason.code, message: reasonWords(row.reason.code) } }),
  because: row.because,
  event: { stream: row.stream, revision: row.revision },
  hash: row.hash,
  ...(row.log_index !== null && { logIndex: row.log_index }),
});
