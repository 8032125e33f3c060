import { randomUUID } from 'node:crypto';
import { instant, isPeriod, notAPeriod } from '@tenure/contracts';
import type { Database, Sql } from '@tenure/database';
import { Rejected } from '@tenure/eventing';
import { z } from 'zod';
import { sizeOf } from './tile-store.ts';

/** `POST /export`. A period without a filter can be proved complete; a filter only picks entries, each proved by itself. */
export const exportBody = z
  .strictObject({
    from: instant.optional(),
    to: instant.optional(),
    user: z.string().min(1).max(200).optional(),
    app: z.string().min(1).max(200).optional(),
    /** Adds people's data in clear, where their keys still exist. */
    values: z.boolean().default(false),
    /** Sizes of older checkpoints that the export shall be proved to follow from. */
    since: z.array(z.int().min(0)).max(100).default([]),
  })
  .refine(isPeriod, notAPeriod);
export type ExportBody = z.output<typeof exportBody>;

export const exportJobReply = z.object({
  id: z.string(),
  kind: z.literal('auditExport'),
  state: z.enum(['running', 'done']),
  done: z.int(),
  total: z.int(),
  startedAt: z.string(),
  endedAt: z.string().optional(),
  result: z
    .object({
      download: z.string(),
      claims: z.enum(['complete', 'inclusion']),
      size: z.int(),
      first: z.int(),
      after: z.int(),
      entries: z.int(),
    })
    .optional(),
});
export type ExportJobReply = z.output<typeof exportJobReply>;

export type ExportRow = {
  tenant_id: string;
  id: string;
  request: ExportBody;
  wanted: number;
  checkpoint: number | null;
  first: number | null;
  after: number | null;
  entries: number | null;
  requested_at: string;
  ended_at: string | null;
};
/** One that can be downloaded: `first` up to `after`, of a log of `checkpoint` leaves. */
export type FinishedExport = ExportRow & { checkpoint: number; first: number; after: number; entries: number };

export const isFiltered = ({ user, app }: Pick<ExportBody, 'user' | 'app'>): boolean =>
  user !== undefined || app !== undefined;

const replyOf = (row: ExportRow): ExportJobReply => ({
  id: row.id,
  kind: 'auditExport',
  state: row.ended_at === null ? 'running' : 'done',
  done: row.entries ?? 0,
  total: row.entries ?? row.wanted,
  startedAt: row.requested_at,
  ...(row.ended_at !== null && {
    endedAt: row.ended_at,
    result: {
      download: `/audit/v1/tenants/${row.tenant_id}/exports/${row.id}`,
      claims: isFiltered(row.request) ? 'inclusion' : 'complete',
      size: row.checkpoint!,
      first: row.first!,
      after: row.after!,
      entries: row.entries!,
    },
  }),
});

export const startExport = async (
  database: Database,
  schema: string,
  tenantId: string,
  request: ExportBody,
): Promise<ExportJobReply> => {
  const wanted = await sizeOf(database, { schema, log: tenantId });
  if (wanted === 0) throw new Rejected('not-found', 'log/empty', 'The audit log of this tenant is still empty.');
  const [row] = await database.query<ExportRow>({
    text: `insert into ${schema}.log_exports (tenant_id, id, request, wanted) values ($1, $2, $3, $4) returning *`,
    values: [tenantId, randomUUID(), JSON.stringify(request), wanted],
  });
  return replyOf(row!);
};

const findExport = async (sql: Sql, schema: string, tenantId: string, id: string): Promise<ExportRow> => {
  const [row] = await sql.query<ExportRow>({
    text: `select * from ${schema}.log_exports where tenant_id = $1 and id = $2`,
    values: [tenantId, id],
  });
  if (!row) throw new Rejected('not-found', 'job/not-found', 'There is no such job.');
  return row;
};

export const findExportJob = async (sql: Sql, schema: string, tenantId: string, id: string): Promise<ExportJobReply> =>
  replyOf(await findExport(sql, schema, tenantId, id));

export const findFinishedExport = async (
  sql: Sql,
  schema: string,
  tenantId: string,
  id: string,
): Promise<FinishedExport> => {
  const row = await findExport(sql, schema, tenantId, id);
  if (row.ended_at === null)
    throw new Rejected('conflict', 'export/running', 'The export is not ready yet. Ask its job for its state.');
  return row as FinishedExport;
};

/**
 * Settles what an export holds once a checkpoint covers the log as it was when it was asked for. Nothing is copied: entries never change,
 * so a download reads them as they are. Of a period it is everything from its first entry to its last, whatever else lies in between.
 */
export const finishExports = async (database: Database, schema: string): Promise<void> => {
  const rows = await database.query<ExportRow & { covering: number }>(
    `select e.*, c.size as covering from ${schema}.log_exports e
     cross join lateral (
       select size from ${schema}.log_checkpoints c where c.log = e.tenant_id and c.size >= e.wanted order by size limit 1) c
     where e.ended_at is null order by e.requested_at limit 10`,
  );
  for (const { tenant_id, id, request, covering } of rows) {
    const values = [tenant_id, covering, request.from ?? null, request.to ?? null];
    const [range] =
      request.from === undefined && request.to === undefined
        ? [{ first: 0, after: covering }]
        : await database.query<{ first: number | null; after: number | null }>({
            text: `select min(l.index) as first, max(l.index) + 1 as after
                   from ${schema}.ledger e join ${schema}.log_leaves l on l.seq = e.seq
                   where e.tenant_id = $1 and l.index < $2
                     and ($3::timestamptz is null or e.at >= $3) and ($4::timestamptz is null or e.at <= $4)`,
            values,
          });
    const { first, after } = { first: range?.first ?? covering, after: range?.after ?? covering };
    await database.query({
      text: `update ${schema}.log_exports set checkpoint = $3, first = $4, after = $5, ended_at = now(), entries = (
               select count(*) from ${schema}.log_leaves l join ${schema}.ledger e on e.seq = l.seq
               where l.log = $1 and l.index >= $4 and l.index < $5
                 and ($6::text is null or e.user_id = $6) and ($7::text is null or e.app_id = $7))
             where tenant_id = $1 and id = $2 and ended_at is null`,
      values: [tenant_id, id, covering, first, after, request.user ?? null, request.app ?? null],
    });
  }
};
