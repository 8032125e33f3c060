import type { Sql } from '@tenure/database';
import type { StreamName } from './event.ts';
import { reasonOf } from './failure.ts';

/** A stream that a view can't apply: it stays as it was, the others go on. */
export type ParkedStream = { name: string; stream: StreamName; since: string; code: string; message: string };

/** Events of a stream are missing, and the stream doesn't have them. */
export class StreamGap extends Error {
  override readonly name = 'StreamGap';
  constructor(view: string, stream: StreamName) {
    super(`${view} has a gap in ${stream} that the stream doesn't fill.`);
  }
}

const FIRST_RETRY_S = 5;
const LONGEST_RETRY_S = 3600;

export const parkedStreamsTable = (schema: string) => `
  create table if not exists ${schema}.parked_streams (
    view text not null,
    stream text not null,
    since timestamptz not null default now(),
    code text not null,
    message text not null,
    attempts int not null default 1,
    due_at timestamptz not null default now() + interval '${FIRST_RETRY_S} s',
    primary key (view, stream)
  )`;

const codes: Readonly<Record<string, string>> = {
  KeyMissing: 'key/missing',
  NotAuthentic: 'event/not-authentic',
  ZodError: 'event/unreadable',
  StreamGap: 'event/gap',
};

/** The class of a failure, stable and searchable. */
const codeOf = (error: unknown): string =>
  (error instanceof Error ? codes[error.name] : undefined) ?? 'event/not-applied';

/** What a view has parked, in `{schema}.parked_streams`. */
export const parkedStreams = (schema: string, view: string) => {
  const table = `${schema}.parked_streams`;
  return {
    /** Those of some streams that are parked. */
    among: async (sql: Sql, streams: readonly StreamName[]): Promise<ReadonlySet<StreamName>> => {
      const rows = await sql.query<{ stream: StreamName }>({
        name: `${view}.parked_among`,
        text: `select stream from ${table} where view = $1 and stream = any ($2)`,
        values: [view, streams],
      });
      return new Set(rows.map(({ stream }) => stream));
    },
    /** Parks a stream; one that failed again waits for longer, up to an hour. */
    park: async (sql: Sql, stream: StreamName, error: unknown): Promise<void> => {
      await sql.query({
        text: `insert into ${table} as p (view, stream, code, message) values ($1, $2, $3, $4)
               on conflict (view, stream) do update set code = excluded.code, message = excluded.message, attempts = p.attempts + 1,
                 due_at = now() + make_interval(secs => least(${LONGEST_RETRY_S}, ${FIRST_RETRY_S} * power(2, least(p.attempts, 12))))`,
        values: [view, stream, codeOf(error), reasonOf(error)],
      });
    },
    release: async (sql: Sql, stream: StreamName): Promise<void> => {
      await sql.query({ text: `delete from ${table} where view = $1 and stream = $2`, values: [view, stream] });
    },
    due: async (sql: Sql): Promise<StreamName[]> => {
      const rows = await sql.query<{ stream: StreamName }>({
        text: `select stream from ${table} where view = $1 and due_at <= now() order by due_at limit 100`,
        values: [view],
      });
      return rows.map(({ stream }) => stream);
    },
    list: (sql: Sql): Promise<ParkedStream[]> =>
      sql.query<ParkedStream>({
        text: `select view as name, stream, since, code, message from ${table} where view = $1 order by since, stream limit 1000`,
        values: [view],
      }),
    count: async (sql: Sql): Promise<number> => {
      const [row] = await sql.query<{ count: number }>({
        text: `select count(*) as count from ${table} where view = $1`,
        values: [view],
      });
      return row!.count;
    },
  };
};
