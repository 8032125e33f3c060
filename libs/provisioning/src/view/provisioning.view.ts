import type { Database, Sql } from '@tenure/database';
import { streamParts, type Decoded, type Gap, type Revision, type StreamName, type View } from '@tenure/eventing';
import type { StreamEvents, ViewPart } from './view-part.ts';

/** A changed part means a new name, built beside the old one (design, decision 7). */
export const PROVISIONING_VIEW = 'provisioning_v6';

/** Locks the heads in one order. Unknown streams get one first, so that two writers of a new stream meet at a lock as well. */
const lockHeads = async (
  sql: Sql,
  schema: string,
  streams: readonly StreamName[],
): Promise<Map<StreamName, Revision>> => {
  await sql.query({
    name: `${schema}.begin_heads`,
    text: `insert into ${schema}.heads (stream, revision) select s, 0 from unnest($1::text[]) s order by s on conflict do nothing`,
    values: [streams],
  });
  const rows = await sql.query<{ stream: StreamName; revision: Revision }>({
    name: `${schema}.lock_heads`,
    text: `select stream, revision from ${schema}.heads where stream = any($1) order by stream for update`,
    values: [streams],
  });
  return new Map(rows.map(({ stream, revision }) => [stream, revision]));
};

const moveHeads = (sql: Sql, schema: string, streams: readonly StreamEvents[]) =>
  sql.query({
    name: `${schema}.move_heads`,
    // Each by its key: an update from a set may read all heads there are.
    text: `insert into ${schema}.heads (stream, revision) select * from unnest($1::text[], $2::int[])
           on conflict (stream) do update set revision = excluded.revision`,
    values: [streams.map(({ stream }) => stream), streams.map(({ events }) => events.at(-1)!.revision)],
  });

const byStream = (events: readonly Decoded[]): Map<StreamName, Decoded[]> => {
  const streams = new Map<StreamName, Decoded[]>();
  for (const event of events) {
    const known = streams.get(event.stream);
    if (known) known.push(event);
    else streams.set(event.stream, [event]);
  }
  return streams;
};

/** What of a batch is new, and of which streams events are missing in between. */
const sort = (streams: Map<StreamName, Decoded[]>, heads: Map<StreamName, Revision>) => {
  const gaps: Gap[] = [];
  const ready: StreamEvents[] = [];
  for (const [stream, all] of streams) {
    const head = heads.get(stream) ?? 0;
    const [first, ...rest] = all.filter(({ revision }) => revision > head);
    if (!first) continue;
    if (first.revision > head + 1) gaps.push({ stream, head });
    else ready.push({ stream, ...streamParts(stream), head, events: [first, ...rest] });
  }
  return { gaps, ready };
};

/** The tables of all slices behind one guard. The parts fold in this process, so a row can't differ from what the decider would see. */
export const provisioningView = (parts: readonly ViewPart[], name: string = PROVISIONING_VIEW): View => {
  const applyIn = async (sql: Sql, events: readonly Decoded[]): Promise<Gap[]> => {
    const streams = byStream(events);
    const { gaps, ready } = sort(streams, await lockHeads(sql, name, [...streams.keys()]));
    if (ready.length === 0) return gaps;
    for (const part of parts) {
      const own = ready.filter(({ stream }) => stream.startsWith(`${part.category}-`));
      if (own.length > 0) await part.apply(sql, name, own);
    }
    await moveHeads(sql, name, ready);
    return gaps;
  };
  return {
    name,
    categories: [...new Set(parts.map(({ category }) => category))],
    events: parts.flatMap(({ events }) => events),
    create: async (sql) => {
      for (const part of parts) await sql.query(part.create(name));
    },
    // Handed the pool, a writer's own events are still applied all or not at all.
    apply: (sql, events) =>
      isPool(sql)
        ? sql.transaction((inside) => applyIn(inside, events), { synchronousCommit: 'off' })
        : applyIn(sql, events),
  };
};

const isPool = (sql: Sql): sql is Database => 'transaction' in sql;
