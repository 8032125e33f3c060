import type { Database } from '@tenure/database';

export type OldestOpenXid = {
  xid: string;
  /** How many transactions began to write since: events of those that ended wait for it to end. */
  waiting: number;
  /** Since when its transaction is open. Undefined where none is, or where it is another role's: grant `pg_read_all_stats`. */
  ageMs?: number;
};

/** For a metric and an alarm: a write transaction that stays open, anywhere in the cluster, hides all events written after it (design, decision 2). */
export const oldestOpenXid = async (database: Database): Promise<OldestOpenXid> => {
  const [row] = await database.query<{ xid: string; waiting: number; age: number | null }>(
    `select pg_snapshot_xmin(now) as xid, pg_snapshot_xmax(now)::text::bigint - pg_snapshot_xmin(now)::text::bigint as waiting,
            (select extract(epoch from clock_timestamp() - min(xact_start))::float8 * 1000 from pg_stat_activity where backend_xid is not null) as age
     from pg_current_snapshot() as now`,
  );
  const { xid, waiting, age } = row!;
  return { xid, waiting, ...(age !== null && { ageMs: Math.round(age) }) };
};
