import { setTimeout as sleep } from 'node:timers/promises';
import { inBatches, unnested, type Database, type Sql } from '@tenure/database';
import { decoder, type Decoded, type Recorded, type Sealer } from './codec.ts';
import type { DomainEvent } from './define-event.ts';
import type { EventStore } from './event-store.ts';
import type { Position, StoredEvent, StreamName } from './event.ts';
import { checkpointsTable, readCheckpoint, startFollower, type Follower } from './follower.ts';
import type { Leases } from './lease.ts';
import { isOutage } from './failure.ts';
import { parkedStreams, parkedStreamsTable, StreamGap, type ParkedStream } from './parked-streams.ts';
import { startPoller } from './poller.ts';
import { Rejected } from './rejected.ts';
import { droppingOldVersions, dropViewIn, lockOfView, useView } from './view-versions.ts';
import type { Gap, View } from './view.ts';

/** building: only the follower writes · warm: inline writers too · serving: may be read (design, decision 7). */
export type ViewState = 'building' | 'warm' | 'serving';

export type ViewRuntime = {
  /** Applies a writer's own events before it answers. Never throws: what fails here, the follower repairs. */
  applyInline: (stored: readonly Recorded[], events: readonly DomainEvent[]) => Promise<void>;
  /** Brings one stream up to date from the store, for who must read the view at the revision just loaded. */
  catchUp: (stream: StreamName) => Promise<void>;
  state: () => Promise<ViewState>;
  follower: Follower;
  /** Streams that can't be applied; all others go on. */
  parked: {
    list: () => Promise<ParkedStream[]>;
    count: () => Promise<number>;
    /** Tries a stream, or all of them, once more. Answers which can't be applied still. */
    replay: (stream?: StreamName) => Promise<{ applied: number; left: StreamName[] }>;
  };
  /** Resolves once the view may be read. */
  serving: Promise<void>;
  stop: () => Promise<void>;
};

export type ViewRuntimeOptions = {
  view: View;
  database: Database;
  /** Holds the checkpoint and the state of the view: survives the view's own schema. */
  schema: string;
  store: EventStore;
  sealer: Sealer;
  leases: Leases;
  onFailure?: (error: unknown) => void;
  /** A stream can't be applied and waits by itself. */
  onParked?: (stream: StreamName, error: unknown) => void;
  /** Parked streams are looked at this often, to try those that are due. */
  replayEveryMs?: number;
};

/** What a follower may hand to the view, and the streams that can't be read with why. */
type Readable = { decoded: readonly Decoded[]; broken: ReadonlyMap<StreamName, unknown> };

const REPLAY_EVERY_MS = 5000;
const STATE_SEEN_FOR_MS = 500;
/** Warm long enough for every writer to have seen it. */
const ALL_WRITERS_WARM_MS = 2 * STATE_SEEN_FOR_MS;

const viewsTable = (schema: string) =>
  `create table if not exists ${schema}.views (name text primary key, state text not null, warm_since timestamptz, warm_position text)`;

/** Makes the view's schema where it is missing, and the tables that say how far it is. Run by one process at a time. */
export const prepareView = async (database: Database, schema: string, view: View) => {
  await database.transaction(async (sql) => {
    await sql.query({ text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))', values: [lockOfView(view.name)] });
    await sql.query(`create schema if not exists ${schema}`);
    await sql.query(checkpointsTable(schema));
    await sql.query(viewsTable(schema));
    await sql.query(parkedStreamsTable(schema));
    const made = await sql.query({
      text: `insert into ${schema}.views (name, state) values ($1, 'building') on conflict do nothing returning 1`,
      values: [view.name],
    });
    if (made.length > 0) await createView(sql, view);
  });
};

const createView = async (sql: Sql, view: View) => {
  await sql.query(`create schema ${view.name}`);
  await sql.query(`create table ${view.name}.heads (stream text primary key, revision int not null)`);
  await view.create(sql);
};

/** Drops a view and what is known of it; `prepareView` and its follower build it again. Only while no service writes it. */
export const dropView = async (database: Database, schema: string, view: Pick<View, 'name'>) => {
  await database.transaction((sql) => dropViewIn(sql, schema, view.name));
};

/** Follows the store for one view and lets writers apply their own events inline. */
export const startView = async (options: ViewRuntimeOptions): Promise<ViewRuntime> => {
  const { view, database, schema, store, sealer, leases, onFailure, onParked } = options;
  await useView(leases, view.name);
  await prepareView(database, schema, view);
  const decode = decoder(sealer, view.events);

  const parked = parkedStreams(schema, view.name);

  const applyAll = async (sql: Sql, events: readonly Decoded[]): Promise<void> => {
    for (const gap of await view.apply(sql, events)) await fill(sql, gap, events);
  };

  /** A writer died between append and apply: the missing events come from the stream first. */
  const fill = async (sql: Sql, { stream, head }: Gap, events: readonly Decoded[]) => {
    const upTo = Math.max(...events.filter((event) => event.stream === stream).map(({ revision }) => revision));
    const missing = await store.read(stream, { after: head, limit: upTo - head });
    const gaps = await view.apply(sql, await Promise.all(missing.map((stored) => decode(stored))));
    if (gaps.length > 0) throw new StreamGap(view.name, stream);
  };

  /** Writers that answer at the same time share a statement; each stream's events go in order of revision, whoever wrote them. */
  const applyTogether = inBatches<readonly Decoded[], readonly Gap[]>({
    send: async (batches) => {
      const gaps = await view.apply(
        database,
        batches.length === 1 ? batches[0]! : batches.flat().sort((one, other) => one.revision - other.revision),
      );
      return batches.map((events) => gaps.filter(({ stream }) => events.some((event) => event.stream === stream)));
    },
    failsForOne: () => true,
  });

  /** Each stream up to the first of its events that can't be read. */
  const decodeAll = async (events: readonly StoredEvent[]): Promise<Readable> => {
    const broken = new Map<StreamName, unknown>();
    const read = await Promise.all(
      events.map((stored) =>
        decode(stored).catch((error: unknown) => {
          if (isOutage(error)) throw error;
          if (!broken.has(stored.stream)) broken.set(stored.stream, error);
          return undefined;
        }),
      ),
    );
    return { decoded: read.filter((event) => event !== undefined && !broken.has(event.stream)) as Decoded[], broken };
  };

  const tryApplying = async (sql: Sql, events: readonly Decoded[]): Promise<{ error: unknown } | undefined> => {
    await sql.query('savepoint applying');
    try {
      await applyAll(sql, events);
      await sql.query('release savepoint applying');
      return undefined;
    } catch (error) {
      if (isOutage(error)) throw error;
      await sql.query('rollback to savepoint applying');
      return { error };
    }
  };

  const parkStream = async (sql: Sql, stream: StreamName, error: unknown) => {
    await parked.park(sql, stream, error);
    onParked?.(stream, error);
  };

  /** A stream that can't be applied is parked in the transaction that moves the checkpoint past it; the others go on. */
  const applyOrPark = async (sql: Sql, _events: readonly StoredEvent[], { decoded, broken }: Readable) => {
    const streams = [...new Set([...decoded.map(({ stream }) => stream), ...broken.keys()])];
    if (streams.length === 0) return;
    const known = await parked.among(sql, streams);
    for (const [stream, error] of broken) if (!known.has(stream)) await parkStream(sql, stream, error);
    const fresh = decoded.filter(({ stream }) => !known.has(stream));
    if (fresh.length === 0 || !(await tryApplying(sql, fresh))) return;
    for (const stream of new Set(fresh.map((event) => event.stream))) {
      const failure = await tryApplying(
        sql,
        fresh.filter((event) => event.stream === stream),
      );
      if (failure) await parkStream(sql, stream, failure.error);
    }
  };

  /** Applies what the store has of a stream behind the view's head; says how many events that were. Throws what stands in the way. */
  const applyRest = async (stream: StreamName): Promise<number> => {
    const [row] = await database.query<{ revision: number }>({
      text: `select revision from ${view.name}.heads where stream = $1`,
      values: [stream],
    });
    const missing = await store.read(stream, { after: row?.revision ?? 0 });
    if (missing.length === 0) return 0;
    const decoded = await Promise.all(missing.map((stored) => decode(stored)));
    await database.transaction((sql) => applyAll(sql, decoded), { synchronousCommit: 'off' });
    return missing.length;
  };

  const replayOne = async (stream: StreamName): Promise<boolean> => {
    try {
      await applyRest(stream);
      await parked.release(database, stream);
      // What was appended meanwhile, and the follower left out because the stream was still parked.
      await applyRest(stream);
      return true;
    } catch (error) {
      if (isOutage(error)) throw error;
      await parked.park(database, stream, error);
      return false;
    }
  };

  const replay = async (streams: readonly StreamName[]) => {
    const left: StreamName[] = [];
    for (const stream of streams) if (!(await replayOne(stream))) left.push(stream);
    return { applied: streams.length - left.length, left };
  };

  const replaying = startPoller({
    everyMs: options.replayEveryMs ?? REPLAY_EVERY_MS,
    run: async () => {
      await replay(await parked.due(database));
      return false;
    },
    onFailure: (error) => onFailure?.(error),
  });

  const follower = startFollower({
    name: view.name,
    database,
    schema,
    store,
    leases,
    categories: view.categories,
    synchronousCommit: 'off',
    // Writers apply their own events: the follower only repairs, and moves the checkpoint.
    lingerMs: 100,
    prepare: async (events) => decodeAll(await unapplied(database, view, events)),
    handle: applyOrPark,
    ...(onFailure && { onFailure }),
  });

  let seen: { state: ViewState; at: number } | undefined;
  const state = async (): Promise<ViewState> => {
    if (seen?.state === 'serving' || (seen && Date.now() - seen.at < STATE_SEEN_FOR_MS)) return seen.state;
    const [row] = await database.query<{ state: ViewState }>({
      text: `select state from ${schema}.views where name = $1`,
      values: [view.name],
    });
    seen = { state: row?.state ?? 'building', at: Date.now() };
    return seen.state;
  };

  const stopping = new AbortController();
  const serving = promote({ ...options, follower, state, signal: stopping.signal });
  serving.catch(() => undefined);
  const oldVersions = serving
    .then(() => droppingOldVersions({ database, schema, view, onFailure, signal: stopping.signal }))
    .catch(() => undefined);

  return {
    follower,
    state,
    serving,
    applyInline: async (stored, events) => {
      if (stored.length === 0) return;
      try {
        if ((await state()) === 'building') return;
        const decoded = stored.map(({ data: _data, personal: _personal, ...envelope }, index) => ({
          ...envelope,
          event: events[index],
        }));
        const gaps = await applyTogether(decoded);
        if (gaps.length === 0) return;
        const waiting = await parked.among(
          database,
          gaps.map(({ stream }) => stream),
        );
        const rest = decoded.filter(({ stream }) => !waiting.has(stream));
        if (rest.length > 0) await database.transaction((sql) => applyAll(sql, rest), { synchronousCommit: 'off' });
      } catch (error) {
        onFailure?.(error);
      }
    },
    catchUp: async (stream) => {
      try {
        await applyRest(stream);
      } catch (error) {
        if (isOutage(error)) throw error;
        onFailure?.(error);
        throw new Rejected(
          'conflict',
          'stream/parked',
          'A stored event of this resource can’t be read, so it can’t be changed until an operator has replayed it.',
        );
      }
    },
    parked: {
      list: () => parked.list(database),
      count: () => parked.count(database),
      replay: async (stream) => {
        const streams = (await parked.list(database)).map((each) => each.stream);
        return replay(stream === undefined ? streams : streams.filter((each) => each === stream));
      },
    },
    stop: async () => {
      stopping.abort();
      await Promise.all([follower.stop(), oldVersions, replaying.stop()]);
    },
  };
};

/** What the view has not seen: of a running system most was applied by its writer, and need not be opened again. */
const unapplied = async (sql: Sql, { name }: View, events: readonly StoredEvent[]): Promise<readonly StoredEvent[]> => {
  const streams = [...new Set(events.map(({ stream }) => stream))];
  const rows = await sql.query<{ stream: StreamName; revision: number }>({
    name: `${name}.heads-seen`,
    text: `select h.stream, h.revision from ${unnested('text')} as seen (stream) cross join lateral (select * from ${name}.heads where stream = seen.stream limit 1) h`,
    values: [streams],
  });
  const heads = new Map(rows.map(({ stream, revision }) => [stream, revision]));
  return events.filter(({ stream, revision }) => revision > (heads.get(stream) ?? 0));
};

type Promotion = ViewRuntimeOptions & { follower: Follower; state: () => Promise<ViewState>; signal: AbortSignal };

/** building → warm once caught up → serving once the follower has passed where the last writer went warm. Any replica may take a step. */
const promote = async ({ view, database, schema, store, follower, state, signal }: Promotion) => {
  await Promise.race([follower.caughtUp, servedByAnother(state, signal)]);
  await finish(database, schema, view);
  for (let warmAt: Position | undefined; (await state()) !== 'serving';) {
    await sleep(STATE_SEEN_FOR_MS / 5, undefined, { signal });
    const [row] = await database.query<{ warm: boolean }>({
      text: `select warm_since < now() - make_interval(secs => $2) as warm from ${schema}.views where name = $1`,
      values: [view.name, ALL_WRITERS_WARM_MS / 1000],
    });
    const nothingYet = (await store.readAll(undefined, { categories: view.categories, limit: 1 })).length === 0;
    if (!nothingYet && !row?.warm) continue;
    warmAt ??= await readCheckpoint(database, schema, view.name);
    if (!(await follower.isSettled()) && warmAt === (await follower.position())) continue;
    await database.query({
      text: `update ${schema}.views set state = 'serving' where name = $1 and state = 'warm'`,
      values: [view.name],
    });
  }
};

/**
 * building → warm. What is made for readers takes its time where the view is large, and is made by one process; each statement by itself,
 * for as long as one runs the feed of PostgreSQL hides new events behind it (design, decision 2).
 */
const finish = (database: Database, schema: string, view: View) =>
  database.session(
    async (sql) => {
      await sql.query({
        text: 'select pg_advisory_lock(hashtextextended($1, 0))',
        values: [`finish view ${view.name}`],
      });
      const building = await sql.query({
        text: `select 1 from ${schema}.views where name = $1 and state = 'building'`,
        values: [view.name],
      });
      if (building.length === 0) return;
      for (const statement of view.finish ?? []) await sql.query(statement);
      await sql.query({
        text: `update ${schema}.views set state = 'warm', warm_since = now() where name = $1`,
        values: [view.name],
      });
    },
    { unhurried: true },
  );

const servedByAnother = async (state: () => Promise<ViewState>, signal: AbortSignal) => {
  while ((await state()) === 'building') await sleep(STATE_SEEN_FOR_MS, undefined, { signal });
};
