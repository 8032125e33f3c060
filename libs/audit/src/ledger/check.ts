import type { Sql } from '@tenure/database';
import type { EventStore, Position } from '@tenure/eventing';
import { checkLog, type LogCheck } from '../log/check-log.ts';
import { hashOf } from './entry.ts';

export type LedgerCheck = {
  events: number;
  entries: number;
  missing: string[];
  different: string[];
  /** Entries that contradict others, kept beside them: a store that was restored behind its ledger, or a changed event. */
  conflicts: string[];
  log: LogCheck;
};

const PAGE = 1000;
const NAMED_AT_MOST = 20;

/**
 * Holds the ledger against the streams: every event has its entry, with the same hash. The ledger itself is not rebuilt (design, decision
 * 1). Then the ledger against its log.
 */
export const checkLedger = async (
  sql: Sql,
  schema: string,
  store: EventStore,
  categories: readonly string[],
): Promise<LedgerCheck> => {
  const found = { events: 0, entries: 0, missing: [] as string[], different: [] as string[] };
  const note = (list: string[], name: string) => void (list.length < NAMED_AT_MOST && list.push(name));
  for (let after: Position | undefined; ;) {
    const events = await store.readAll(after, { categories, limit: PAGE });
    const rows = await sql.query<{ id: string; hash: string }>({
      text: `select id, hash from ${schema}.ledger where id = any($1)`,
      values: [events.map(({ id }) => id)],
    });
    const ids = new Set(rows.map(({ id }) => id));
    const entries = new Set(rows.map(({ id, hash }) => `${id} ${hash}`));
    for (const event of events) {
      if (!ids.has(event.id)) note(found.missing, `${event.stream}@${event.revision}`);
      else if (!entries.has(`${event.id} ${hashOf(event)}`)) note(found.different, `${event.stream}@${event.revision}`);
    }
    found.events += events.length;
    found.entries += rows.length;
    after = events.at(-1)?.position ?? after;
    if (events.length < PAGE) break;
  }
  const conflicts = await sql.query<{ stream: string; revision: number }>(
    `select stream, revision from ${schema}.ledger where conflict is not null order by seq limit ${NAMED_AT_MOST}`,
  );
  return {
    ...found,
    conflicts: conflicts.map(({ stream, revision }) => `${stream}@${revision}`),
    log: await checkLog(sql, schema, NAMED_AT_MOST),
  };
};
