import type { Sql } from '@tenure/database';
import type { Revision, StreamName } from '@tenure/eventing';
import type { Fact } from '../transport.ts';

/** The tables of a service's schema that a `factConsumer` needs: how far each stream was consumed, and what is parked. */
export const factTables = (schema: string): string => `
  create table if not exists ${schema}.fact_marks (
    consumer text not null, stream text not null, revision int not null, primary key (consumer, stream));
  create table if not exists ${schema}.parked_facts (
    consumer text not null, stream text not null, revision int not null, fact jsonb not null,
    reason text, attempts int not null default 0, parked_at timestamptz not null default now(), due_at timestamptz not null,
    primary key (consumer, stream, revision))`;

/** A fact that can't be applied, or one that waits behind such a one of its stream. */
export type ParkedFact = {
  stream: StreamName;
  revision: Revision;
  type: string;
  /** Why it failed, without personal data; null while it only waits behind another. */
  reason: string | null;
  attempts: number;
  parkedAt: string;
};

/** How far a stream was consumed, and whether facts of it are parked. */
export type StreamMark = { stream: StreamName; revision: Revision; parked: boolean };

type Table = { schema: string; consumer: string };

/** Locks the marks of streams until the transaction ends, in one order for all, and says how they stand. */
export const lockMarks = async (
  sql: Sql,
  { schema, consumer }: Table,
  streams: readonly StreamName[],
): Promise<Map<string, StreamMark>> => {
  const marks = await sql.query<StreamMark>({
    name: `${schema}.lock_marks`,
    text: `with locked as (
             insert into ${schema}.fact_marks as m (consumer, stream, revision)
             select $1, stream, 0 from unnest($2::text[]) as s (stream) order by stream
             on conflict (consumer, stream) do update set revision = m.revision
             returning stream, revision)
           select stream, revision, exists (select 1 from ${schema}.parked_facts p where p.consumer = $1 and p.stream = locked.stream) as parked from locked`,
    values: [consumer, [...new Set(streams)]],
  });
  return new Map(marks.map((mark) => [mark.stream, mark]));
};

export const saveMarks = async (sql: Sql, { schema, consumer }: Table, marks: readonly StreamMark[]): Promise<void> => {
  await sql.query({
    name: `${schema}.save_marks`,
    // Each by its key, which an update from a set is not: that reads all marks there are.
    text: `insert into ${schema}.fact_marks as m (consumer, stream, revision) select $1, * from unnest($2::text[], $3::int[])
           on conflict (consumer, stream) do update set revision = excluded.revision where m.revision < excluded.revision`,
    values: [consumer, marks.map(({ stream }) => stream), marks.map(({ revision }) => revision)],
  });
};

/** `reason` is why it failed; without one it only waits behind another fact of its stream. */
export const park = async (
  sql: Sql,
  { schema, consumer }: Table,
  fact: Fact,
  failure?: { reason: string; attempts: number; retryInMs: number },
): Promise<void> => {
  await sql.query({
    text: `insert into ${schema}.parked_facts (consumer, stream, revision, fact, reason, attempts, due_at)
           values ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 ms') on conflict do nothing`,
    values: [
      consumer,
      fact.stream,
      fact.revision,
      JSON.stringify(fact),
      failure?.reason ?? null,
      failure?.attempts ?? 0,
      failure?.retryInMs ?? 0,
    ],
  });
};

/** The fact that its stream waits for. */
export const firstParked = async (
  sql: Sql,
  { schema, consumer }: Table,
  stream: StreamName,
): Promise<{ fact: Fact; attempts: number } | undefined> => {
  const [first] = await sql.query<{ fact: Fact; attempts: number }>({
    text: `select fact, attempts from ${schema}.parked_facts where consumer = $1 and stream = $2 order by revision limit 1`,
    values: [consumer, stream],
  });
  return first;
};

export const unpark = async (sql: Sql, { schema, consumer }: Table, { stream, revision }: Fact): Promise<void> => {
  await sql.query({
    text: `delete from ${schema}.parked_facts where consumer = $1 and stream = $2 and revision = $3`,
    values: [consumer, stream, revision],
  });
};

export const failedAgain = async (
  sql: Sql,
  { schema, consumer }: Table,
  { stream, revision }: Fact,
  { reason, attempts, retryInMs }: { reason: string; attempts: number; retryInMs: number },
): Promise<void> => {
  await sql.query({
    text: `update ${schema}.parked_facts set reason = $4, attempts = $5, due_at = now() + $6 * interval '1 ms' where consumer = $1 and stream = $2 and revision = $3`,
    values: [consumer, stream, revision, reason, attempts, retryInMs],
  });
};

/** Streams whose first parked fact may be tried again. */
export const dueStreams = async (sql: Sql, { schema, consumer }: Table): Promise<StreamName[]> => {
  const rows = await sql.query<{ stream: StreamName }>({
    text: `select stream from (
             select distinct on (stream) stream, due_at from ${schema}.parked_facts where consumer = $1 order by stream, revision) first
           where due_at <= now() order by due_at`,
    values: [consumer],
  });
  return rows.map(({ stream }) => stream);
};

export const listParked = ({ query }: Sql, { schema, consumer }: Table): Promise<ParkedFact[]> =>
  query<ParkedFact>({
    text: `select stream, revision, fact->>'type' as type, reason, attempts, parked_at as "parkedAt"
           from ${schema}.parked_facts where consumer = $1 order by stream, revision limit 1000`,
    values: [consumer],
  });

export const countParked = async (
  sql: Sql,
  { schema, consumer }: Table,
): Promise<{ streams: number; facts: number }> => {
  const [row] = await sql.query<{ streams: number; facts: number }>({
    text: `select count(distinct stream) as streams, count(*) as facts from ${schema}.parked_facts where consumer = $1`,
    values: [consumer],
  });
  return row!;
};

export const forgetAll = async (sql: Sql, { schema, consumer }: Table): Promise<void> => {
  await sql.query({ text: `delete from ${schema}.fact_marks where consumer = $1`, values: [consumer] });
  await sql.query({ text: `delete from ${schema}.parked_facts where consumer = $1`, values: [consumer] });
};
