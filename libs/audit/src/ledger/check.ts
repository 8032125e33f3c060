import type { Sql } from '@tenure/database';
import type { EventStore, Position } from '@tenure/eventing';
import { hashOf } from './entry.ts';

export type LedgerCheck = { events: number; entries: number; missing: string[]; different: string[] };

const PAGE = 1000;
const NAMED_AT_MOST = 20;

/** Holds the ledger against the streams: every event has its entry, with the same hash. The ledger itself is not rebuilt (design, decision 1). */
export const checkLedger = async (
  sql: Sql,
  schema: string,
  store: EventStore,
  categories: readonly string[],
): Promise<LedgerCheck> => {
  const found: LedgerCheck = { events: 0, entries: 0, missing: [], different: [] };
  const note = (list: string[], name: string) => void (list.length < NAMED_AT_MOST && list.push(name));
  for (let after: Position | undefined; ;) {
    const events = await store.readAll(after, { categories, limit: PAGE });
    const rows = await sql.query<{ id: string; hash: string }>({
      text: `select id, hash from ${schema}.ledger where id = any($1)`,
      values: [events.map(({ id }) => id)],
    });
    const hashes = new Map(rows.map(({ id, hash }) => [id, hash]));
    for (const event of events) {
      const hash = hashes.get(event.id);
      if (hash === undefined) note(found.missing, `${event.stream}@${event.revision}`);
      else if (hash !== hashOf(event)) note(found.different, `${event.stream}@${event.revision}`);
    }
    found.events += events.length;
    found.entries += rows.length;
    after = events.at(-1)?.position ?? after;
    if (events.length < PAGE) return found;
  }
};
