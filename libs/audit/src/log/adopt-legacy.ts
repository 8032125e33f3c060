import type { Database } from '@tenure/database';
import type { Fact } from '@tenure/messaging';
import { leafOf } from './leaf.ts';

const AT_ONCE = 500;

/**
 * Gives leaves to entries from before there was a log, oldest first, while new ones are appended after them. Goes on from the leaves that
 * are there. Returns how many are left, at least.
 */
export const adoptLegacy = async (database: Database, schema: string): Promise<number> => {
  const [log] = await database.query<{ log: string; legacy: number; done: number; seq: number }>(
    `select h.log, h.legacy, coalesce(d.index + 1, 0) as done, coalesce(d.seq, 0) as seq
     from ${schema}.log_heads h
     left join lateral (
       select index, seq from ${schema}.log_leaves l where l.log = h.log and l.index < h.legacy order by index desc limit 1) d on true
     where h.legacy > 0 and coalesce(d.index + 1, 0) < h.legacy limit 1`,
  );
  if (!log) return 0;
  const rows = await database.query<{ seq: number; hash: string; fact: Fact }>({
    text: `select seq, hash, fact from ${schema}.ledger where tenant_id = $1 and seq > $2 order by seq limit $3`,
    values: [log.log, log.seq, Math.min(AT_ONCE, log.legacy - log.done)],
  });
  if (rows.length === 0) throw new Error(`Entries of ${log.log} are missing: ${log.legacy} were counted.`);
  await database.query({
    text: `insert into ${schema}.log_leaves (log, index, seq, leaf)
           select $1, $2 + ordinality - 1, seq, convert_to(leaf, 'UTF8')
           from rows from (unnest($3::bigint[]), jsonb_array_elements_text($4::jsonb)) with ordinality as t (seq, leaf, ordinality)
           on conflict do nothing`,
    values: [
      log.log,
      log.done,
      rows.map(({ seq }) => seq),
      JSON.stringify(rows.map(({ seq, hash, fact }) => leafOf(fact, { seq, hash }))),
    ],
  });
  return log.legacy - log.done - rows.length + 1;
};
