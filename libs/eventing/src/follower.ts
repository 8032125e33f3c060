import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Sql } from '@tenure/database';
import type { EventStore } from './event-store.ts';
import { ForeignPosition } from './event-store.ts';
import type { Position, StoredEvent } from './event.ts';
import type { Leases } from './lease.ts';
import { looksOf } from './looks.ts';
import { inBatchSpan, SpanKind } from './trace.ts';
import { withResolvers } from './with-resolvers.ts';

/** What a follower tells its operator: whether it is behind, by the age of the oldest event that it has not handled, and what it failed on. */
export type FollowerStatus = { name: string; caughtUp: boolean; lastEventAt?: string; lagMs: number; failing?: string };

export type Follower = {
  readonly name: string;
  /** Resolves once the follower has reached the end of the feed for the first time; rejects when it can't go on at all. */
  readonly caughtUp: Promise<void>;
  status: () => FollowerStatus;
  /** Whether no event waits behind its checkpoint: asked of the store and the database, so it holds whichever replica follows. */
  isSettled: () => Promise<boolean>;
  position: () => Promise<Position | undefined>;
  stop: () => Promise<void>;
};

export type FollowerOptions<Prepared = undefined> = {
  name: string;
  /** Holds the checkpoint, in `{schema}.checkpoints`. */
  database: Database;
  schema: string;
  store: EventStore;
  leases: Leases;
  categories: readonly string[];
  /** Handles a batch, in order, in the transaction that moves the checkpoint. May run again after a crash. Absent: all is done in `before`. */
  handle?: (sql: Sql, events: readonly StoredEvent[], prepared: Prepared) => Promise<void>;
  /** What `handle` is given beside the batch: made while the batch before it is handled, so it must not depend on that one. */
  prepare?: (events: readonly StoredEvent[]) => Promise<Prepared>;
  /** What a transaction must not wait for (Kafka, HTTP), done before it. May run again. */
  before?: (events: readonly StoredEvent[]) => Promise<void>;
  batchSize?: number;
  synchronousCommit?: 'on' | 'off';
  /** How long to let events gather once one is announced: a follower that ran for each event would compete with the writers. */
  lingerMs?: number;
  onFailure?: (error: unknown) => void;
};

type Batch<Prepared> = { events: readonly StoredEvent[]; prepared: Prepared | undefined };

const BATCH = 500;
const LINGER_MS = 10;
/** What was announced and is not shown yet: the feed of PostgreSQL hides it behind an open transaction. */
const SHORTEST_WAIT_MS = 10;
/** After a batch: what this process appends is announced, so a look can wait. (Looking after 10 ms each create was followed by two looks at nothing.) */
const WAIT_AFTER_BATCH_MS = 80;
/** What another process appends is seen after this at the latest. */
const LONGEST_WAIT_MS = 500;
const LONGEST_BACK_OFF_MS = 5000;

/** The table of checkpoints of a service's schema. */
export const checkpointsTable = (schema: string) =>
  `create table if not exists ${schema}.checkpoints (follower text primary key, position text not null, updated_at timestamptz not null default now())`;

export const readCheckpoint = async (sql: Sql, schema: string, follower: string): Promise<Position | undefined> => {
  const [row] = await sql.query<{ position: Position }>({
    text: `select position from ${schema}.checkpoints where follower = $1`,
    values: [follower],
  });
  return row?.position;
};

/**
 * Reads the feed from its checkpoint, batch by batch, and moves the checkpoint in the transaction that handled the batch.
 * One process follows at a time (a lease); the compare-and-set on the checkpoint keeps it right even where a lease was lost unnoticed.
 */
export const startFollower = <Prepared = undefined>(options: FollowerOptions<Prepared>): Follower => {
  const {
    name,
    database,
    schema,
    store,
    leases,
    categories,
    handle,
    prepare,
    before,
    batchSize = BATCH,
    synchronousCommit = 'on',
    lingerMs = LINGER_MS,
    onFailure,
  } = options;
  const stopping = new AbortController();
  const span = {
    name: `follow ${name}`,
    kind: SpanKind.CONSUMER,
    attributes: {
      'messaging.system': 'tenure',
      'messaging.operation.name': 'follow',
      'messaging.operation.type': 'process',
      'messaging.consumer.group.name': name,
    },
  };
  const status: Omit<FollowerStatus, 'lagMs'> = { name, caughtUp: false };
  /** When the oldest event that is not handled was recorded: what fails grows older. */
  let behindSince: number | undefined;
  const first = withResolvers();
  first.promise.catch(() => undefined);

  const save = async (sql: Sql, from: Position | undefined, to: Position) => {
    const moved = await sql.query({
      name: `${schema}.save_checkpoint`,
      text: `insert into ${schema}.checkpoints as c (follower, position) values ($1, $2)
             on conflict (follower) do update set position = excluded.position, updated_at = now() where c.position = $3 returning 1`,
      values: [name, to, from ?? null],
    });
    if (moved.length === 0) throw new Error(`The checkpoint of ${name} was moved by another follower.`);
  };

  const looks = looksOf({ database, schema, name, store, categories });

  const read = async (position: Position | undefined): Promise<Batch<Prepared>> => {
    const events = await store.readAll(position, { categories, limit: batchSize, lookedTo: looks.known() });
    return { events, prepared: events.length > 0 ? await prepare?.(events) : undefined };
  };

  const handleBatch = async (
    position: Position | undefined,
    { events, prepared }: Batch<Prepared>,
  ): Promise<Position> => {
    const { position: end, recordedAt } = events.at(-1)!;
    status.lastEventAt = recordedAt;
    behindSince = Date.parse(events[0]!.recordedAt);
    await inBatchSpan(span, events, async () => {
      await before?.(events);
      if (!handle) return save(database, position, end);
      await database.transaction(
        async (sql) => {
          await handle(sql, events, prepared as Prepared);
          await save(sql, position, end);
        },
        { synchronousCommit },
      );
    });
    delete status.failing;
    return end;
  };

  /** Follows from the stored checkpoint, which nobody else moves while the lease is held. */
  const follow = async (signal: AbortSignal) => {
    const news = newsOf(store, categories, lingerMs, signal);
    try {
      let position = await readCheckpoint(database, schema, name);
      await looks.open(position);
      let reading = read(position);
      for (let idle = SHORTEST_WAIT_MS, announced = false; ;) {
        const batch = await reading;
        signal.throwIfAborted();
        const { length } = batch.events;
        // A full batch has more behind it: it is read and prepared while this one is handled.
        if (length === batchSize) reading = read(batch.events.at(-1)!.position);
        reading.catch(() => undefined);
        if (length > 0) position = await handleBatch(position, batch);
        if (length < batchSize) await looks.keep(position);
        if (length === batchSize) {
          status.caughtUp = false;
          continue;
        }
        status.caughtUp = true;
        behindSince = undefined;
        first.resolve();
        idle = length > 0 ? WAIT_AFTER_BATCH_MS : announced ? SHORTEST_WAIT_MS : Math.min(LONGEST_WAIT_MS, idle * 2);
        announced = await news.wait(idle);
        signal.throwIfAborted();
        reading = read(position);
      }
    } finally {
      news.end();
    }
  };

  const run = async () => {
    for (let failures = 0; !stopping.signal.aborted;) {
      const lease = await leases.acquire(`${schema}.${name}`, stopping.signal).catch(() => undefined);
      // Stopped, or the leases were closed: nobody follows here any more. (Asked again, closed leases refuse at once, for ever.)
      if (!lease) return;
      const startedAt = Date.now();
      await whileNeither(stopping.signal, lease.signal, (signal) =>
        follow(signal).catch((error: unknown) => {
          if (error instanceof ForeignPosition) first.reject(error);
          if (signal.aborted) return;
          status.failing = error instanceof Error ? error.message : String(error);
          onFailure?.(error);
        }),
      );
      // Whoever has it now tells how far behind it is.
      if (lease.signal.aborted) behindSince = undefined;
      await lease.release();
      failures = Date.now() - startedAt > LONGEST_BACK_OFF_MS ? 1 : failures + 1;
      await sleep(Math.min(LONGEST_BACK_OFF_MS, 100 * 2 ** failures), undefined, { signal: stopping.signal }).catch(
        () => undefined,
      );
    }
  };
  const running = run();

  const position = () => readCheckpoint(database, schema, name);
  return {
    name,
    caughtUp: first.promise,
    status: () => ({ ...status, lagMs: behindSince === undefined ? 0 : Math.max(0, Date.now() - behindSince) }),
    isSettled: async () => {
      const after = await position();
      return !(await store.hasEventsAfter(after, categories, await looks.read(after)));
    },
    position,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
};

/** Runs `work` with a signal that either of two aborts. (`AbortSignal.any` of Node 20 can be collected before it fires.) */
const whileNeither = async (a: AbortSignal, b: AbortSignal, work: (signal: AbortSignal) => Promise<void>) => {
  const either = new AbortController();
  const abort = () => either.abort();
  for (const signal of [a, b]) {
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
  }
  try {
    await work(either.signal);
  } finally {
    for (const signal of [a, b]) signal.removeEventListener('abort', abort);
  }
};

/** Waits until this process appended something, or for a while; tells which. */
const newsOf = (store: EventStore, categories: readonly string[], lingerMs: number, signal: AbortSignal) => {
  let heard = false;
  let wake: () => void = () => undefined;
  const hear = () => {
    heard = true;
    wake();
  };
  const end = store.onAppend(categories, hear);
  signal.addEventListener('abort', hear);
  return {
    wait: async (ms: number): Promise<boolean> => {
      if (!heard && !signal.aborted) {
        const waited = new AbortController();
        wake = () => waited.abort();
        await sleep(ms, undefined, { signal: waited.signal }).catch(() => undefined);
        wake = () => undefined;
      }
      const announced = heard;
      if (announced && !signal.aborted) await sleep(lingerMs);
      heard = false;
      return announced;
    },
    end: () => {
      end();
      signal.removeEventListener('abort', hear);
    },
  };
};
