import type { Sql } from '@tenure/database';
import { streamParts, type Decoded, type Gap, type View } from '@tenure/eventing';
import { typesOfBatches } from './types-of-batches.ts';
import type { StreamEvents, TypesOf, ViewPart } from './view-part.ts';

/** A changed part means a new name, built beside the old one (design, decision 7). */
export const DIRECTORY_VIEW = 'directory_v4';

/**
 * Makes or locks the heads of a batch's streams in one order, tells the gaps, lets each part apply what is ready, and moves the heads: one
 * call, one round trip. A stream that begins in the batch gets its head at once, where a second writer of it waits; the others' are locked.
 * Locked one by one, by key: joined, a young table whose size the planner doesn't know yet is read from end to end for each write.
 */
const applyFunction = (schema: string, parts: readonly ViewPart[]) => `
  create function ${schema}.apply(batch jsonb) returns table (stream text, head int) language plpgsql as $apply$
  #variable_conflict use_column
  declare
    begun jsonb;
    heads jsonb;
    ready jsonb;
  begin
    with made as (
      insert into ${schema}.heads (stream, revision)
        select s.stream, s.last from jsonb_to_recordset(batch->'streams') s(stream text, first int, last int) where s.first = 1 order by s.stream
        on conflict do nothing returning stream
    )
    select coalesce(jsonb_object_agg(m.stream, 0), '{}') into begun from made m;
    select coalesce(jsonb_object_agg(l.stream, l.revision), '{}') into heads
      from (select s.stream from jsonb_to_recordset(batch->'streams') s(stream text) where not begun ? s.stream order by s.stream) s
      cross join lateral (select h.stream, h.revision from ${schema}.heads h where h.stream = s.stream for update) l;
    heads := heads || begun;
    return query
      select s.stream, coalesce((heads->>s.stream)::int, 0) from jsonb_to_recordset(batch->'streams') s(stream text, first int)
      where s.first > coalesce((heads->>s.stream)::int, 0) + 1;
    select jsonb_object_agg(s.stream, (heads->>s.stream)::int) into ready
      from jsonb_to_recordset(batch->'streams') s(stream text, first int, last int)
      where s.first <= (heads->>s.stream)::int + 1 and s.last > (heads->>s.stream)::int;
    if ready is null then
      return;
    end if;
    ${parts.map(({ name }) => `if batch ? '${name}' then perform ${schema}.apply_${name}(batch->'${name}', ready); end if;`).join('\n    ')}
    update ${schema}.heads h set revision = s.last
      from jsonb_to_recordset(batch->'streams') s(stream text, last int)
      where h.stream = s.stream and ready ? s.stream and not begun ? s.stream;
  end $apply$`;

const byStream = (events: readonly Decoded[]): StreamEvents[] => {
  const streams = new Map<string, Decoded[]>();
  for (const event of events) {
    const known = streams.get(event.stream);
    if (known) known.push(event);
    else streams.set(event.stream, [event]);
  }
  return [...streams.values()].map((own) => {
    const { stream } = own[0]!;
    const { tenantId, id } = streamParts(stream);
    return { stream, tenantId, id, events: own };
  });
};

const changesOf = (part: ViewPart, streams: readonly StreamEvents[], typesOf: TypesOf): [string, unknown][] => {
  const own = streams.filter(({ stream }) => stream.startsWith(`${part.category}-`));
  return own.length === 0 ? [] : [[part.name, part.changesOf(own, typesOf)]];
};

const isDefinition = ({ stream }: StreamEvents) => stream.startsWith('schemas-');

/** The directory's one view: the tables of all its slices behind one guard. */
export const directoryView = (parts: readonly ViewPart[], name: string = DIRECTORY_VIEW): View => {
  const types = typesOfBatches(name);

  const applyStreams = async (sql: Sql, streams: readonly StreamEvents[]): Promise<Gap[]> => {
    const typesOf = await types(sql, streams);
    const batch = {
      streams: streams.map(({ stream, events: own }) => ({
        stream,
        first: own[0]!.revision,
        last: own.at(-1)!.revision,
      })),
      ...Object.fromEntries(parts.flatMap((part) => changesOf(part, streams, typesOf))),
    };
    // A crash may lose the last of it: the checkpoint in the same database rewinds with it (design, decision 7).
    const text = `select applied.stream, applied.head from set_config('synchronous_commit', 'off', true) cross join lateral ${name}.apply($1) applied`;
    return sql.query<Gap>({ name: `${name}.apply`, text, values: [JSON.stringify(batch)] });
  };

  return {
    name,
    categories: [...new Set(parts.map(({ category }) => category))],
    events: parts.flatMap(({ events }) => events),
    create: async (sql) => {
      for (const part of parts) await sql.query(part.create(name));
      await sql.query(applyFunction(name, parts));
    },
    finish: parts.flatMap((part) => part.indexes(name)),
    apply: async (sql, events) => {
      const streams = byStream(events);
      const definitions = streams.filter(isDefinition);
      if (definitions.length === 0 || definitions.length === streams.length) return applyStreams(sql, streams);
      // What the rest was written by has to be there when it is read.
      const gaps = await applyStreams(sql, definitions);
      return [
        ...gaps,
        ...(await applyStreams(
          sql,
          streams.filter((stream) => !isDefinition(stream)),
        )),
      ];
    },
  };
};
