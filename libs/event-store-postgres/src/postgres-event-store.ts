import { inBatches, isAnswered, unnested, type Database } from '@tenure/database';
import {
  announcing,
  ClaimTaken,
  OutcomeUnknown,
  StaleStream,
  type Append,
  type ClaimNames,
  type EventStore,
  type FeedRange,
  type Position,
  type Revision,
  type StoredEvent,
  type StreamName,
} from '@tenure/eventing';
import { openGeneration, transactionPositionOf, positionOf, START, type TransactionPosition } from './generation.ts';
import { quoted } from './schema.ts';
import { subscriptions } from './subscriptions.ts';

type Row = TransactionPosition & {
  stream: StreamName;
  revision: Revision;
  id: string;
  type: string;
  schemaVersion: number;
  data: StoredEvent['data'];
  personId: string | null;
  personal: string | null;
  metadata: StoredEvent['metadata'];
  recordedAt: string;
};

/** One append as it travels, and the names of the stream and the claims that nobody else may change meanwhile. */
type Write = { json: string; locked: readonly string[] };

type AppendedRow = {
  outcome: 'appended' | 'stale' | 'taken';
  last_revision: Revision;
  last_xid: string;
  last_position: number;
  claim: string;
  held_by: string;
};

const COLUMNS = `e.stream, e.revision, e.xid, e.position, e.id, e.type, e.schema_version as "schemaVersion", e.data, e.person_id as "personId",
  e.personal, e.metadata, e.recorded_at as "recordedAt"`;

/** Reads of so few events share a round trip with others of their kind: commands load short streams all day. */
const FEW = 20;

type Start = { stream: StreamName; after: Revision; limit: number };

const noClaims: ClaimNames = { take: [], release: [] };

/** The statements of a store in this schema. Names are short and fixed: each is prepared once per connection. */
const statements = (schema: string) => {
  const s = quoted(schema);
  return {
    append: { name: `${schema}.append`, text: `select * from ${s}.append($1, $2)` },
    // Several streams in one round trip.
    starts: {
      name: `${schema}.starts`,
      text: `select wanted.n, ${COLUMNS} from ${unnested('text', 'int', 'int')} with ordinality as wanted(stream, after, size, n)
             cross join lateral (
               select * from ${s}.events where stream = wanted.stream and revision > wanted.after order by revision limit wanted.size
             ) e order by wanted.n, e.revision`,
    },
    forwards: {
      name: `${schema}.read`,
      text: `select ${COLUMNS} from ${s}.events e where stream = $1 and revision > $2 order by revision limit $3`,
    },
    backwards: {
      name: `${schema}.back`,
      text: `select ${COLUMNS} from ${s}.events e where stream = $1 and revision < coalesce($2, 2147483647) order by revision desc limit $3`,
    },
    // Transactions may commit out of order. Only what no open transaction can come before is read, so that a checkpoint never steps over an event.
    all: {
      name: `${schema}.all`,
      text: `select ${COLUMNS} from ${s}.events e
             where (xid, position) > ($1, $2) and xid < pg_snapshot_xmin(pg_current_snapshot()) order by xid, position limit $3`,
    },
    // What the feed hides behind an open transaction counts too.
    more: {
      name: `${schema}.more`,
      text: `select exists (
               select from unnest($3::text[]) as wanted(category)
               where exists (select from ${s}.events e where e.category = wanted.category and (e.xid, e.position) > ($1::xid8, $2::bigint))
             ) as more`,
    },
    // `limit 1` keeps the planner from reading all events to join a page of them.
    categories: {
      name: `${schema}.categories`,
      text: `select e.* from ${s}.next_places($1, $2, $4, $3) next
             cross join lateral (select ${COLUMNS} from ${s}.events e where e.xid = next.xid and e.position = next.position limit 1) e
             order by next.xid, next.position`,
    },
  };
};

export type PostgresEventStoreOptions = { database: Database; schema?: string };

/** The event store on PostgreSQL (design, decision 2). Makes its tables where they are missing. Throws `RestoredStore`. */
export const postgresEventStore = async ({
  database,
  schema = 'event_store',
}: PostgresEventStoreOptions): Promise<EventStore> => {
  const generation = await openGeneration(database, schema);
  const sql = statements(schema);

  const storedEvent = ({ xid, position, personId, personal, recordedAt, ...row }: Row): StoredEvent => ({
    ...row,
    ...(personId !== null && { personId }),
    ...(personal !== null && { personal }),
    position: positionOf(generation, { xid, position }),
    recordedAt,
  });

  const appendAll = async (writes: readonly Write[]): Promise<readonly AppendedRow[]> => {
    const values = [`[${writes.map(({ json }) => json).join()}]`, writes.flatMap(({ locked }) => locked)];
    try {
      return await database.query<AppendedRow>({ ...sql.append, values });
    } catch (error) {
      if (isAnswered(error)) throw error;
      throw new OutcomeUnknown('PostgreSQL did not answer: the events may or may not have been appended.', {
        cause: error,
      });
    }
  };

  const appendOne = inBatches({ send: appendAll, bytesOf: ({ json }) => json.length });

  const append = async ({ stream, expected, events, claims: { take, release } = noClaims }: Append) => {
    if (events.length === 0) throw new Error(`An append to ${stream} has no events.`);
    const result = await appendOne({
      json: JSON.stringify({ stream, expected, events, take, release }),
      locked: [stream, ...take, ...release],
    });
    switch (result.outcome) {
      case 'stale':
        throw new StaleStream(stream, expected);
      case 'taken':
        throw new ClaimTaken(result.claim, result.held_by);
      case 'appended':
        followers.wake();
        return {
          revision: result.last_revision,
          position: positionOf(generation, { xid: result.last_xid, position: result.last_position }),
        };
    }
  };

  const readAll = async (after: Position | undefined, { categories, limit }: FeedRange): Promise<StoredEvent[]> => {
    const { xid, position } = after === undefined ? START : transactionPositionOf(generation, after);
    const statement = categories
      ? { ...sql.categories, values: [xid, position, limit, categories] }
      : { ...sql.all, values: [xid, position, limit] };
    return (await database.query<Row>(statement)).map(storedEvent);
  };

  const followers = subscriptions(readAll);

  const readStart = inBatches<Start, StoredEvent[]>({
    send: async (starts) => {
      const values = [
        starts.map(({ stream }) => stream),
        starts.map(({ after }) => after),
        starts.map(({ limit }) => limit),
      ];
      const found: StoredEvent[][] = starts.map(() => []);
      for (const { n, ...row } of await database.query<Row & { n: number }>({ ...sql.starts, values }))
        found[n - 1]!.push(storedEvent(row));
      return found;
    },
  });

  return announcing({
    append,
    read: async (stream, { after, limit, backwards = false } = {}) => {
      if (!backwards && limit !== undefined && limit <= FEW) return readStart({ stream, after: after ?? 0, limit });
      const statement = backwards ? sql.backwards : sql.forwards;
      const values = [stream, after ?? (backwards ? null : 0), limit ?? null];
      return (await database.query<Row>({ ...statement, values })).map(storedEvent);
    },
    readAll,
    hasEventsAfter: async (after, categories) => {
      const { xid, position } = after === undefined ? START : transactionPositionOf(generation, after);
      const [row] = await database.query<{ more: boolean }>({ ...sql.more, values: [xid, position, categories] });
      return row!.more;
    },
    subscribe: followers.subscribe,
    close: followers.close,
  });
};
