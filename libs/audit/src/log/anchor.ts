import type { Database } from '@tenure/database';
import { addAnchorLeaf, type Installation } from './installation.ts';
import { ANCHOR } from './log.migrations.ts';
import { parseNote } from './note.ts';

/** Logs that are anchored in one transaction. */
const AT_ONCE = 500;

/**
 * Writes the newest checkpoints of tenants' logs down in the anchor log: each is a leaf with the lines origin, size and root, as they were
 * signed. A checkpoint and its leaf's index are written together, so none is anchored twice. Returns how many were.
 */
export const anchorCheckpoints = (database: Database, { schema }: Installation): Promise<number> =>
  database.transaction(async (sql) => {
    // One at a time, whoever holds the lease.
    await sql.query({
      text: `insert into ${schema}.log_heads as h (log, size) values ($1, 0) on conflict (log) do update set size = h.size`,
      values: [ANCHOR],
    });
    const rows = await sql.query<{ log: string; size: number; note: string }>({
      text: `select c.log, c.size, c.note from ${schema}.log_heads h
             cross join lateral (
               select log, size, note, anchor_index from ${schema}.log_checkpoints c where c.log = h.log order by size desc limit 1) c
             where h.log <> $1 and c.anchor_index is null order by c.log limit ${AT_ONCE}`,
      values: [ANCHOR],
    });
    for (const { log, size, note } of rows)
      await sql.query({
        text: `update ${schema}.log_checkpoints set anchor_index = $3 where log = $1 and size = $2`,
        values: [log, size, await addAnchorLeaf(sql, schema, parseNote(note).text)],
      });
    return rows.length;
  });
