import type { Database } from '@tenure/database';
import type { EventStore } from './event-store.ts';
import type { Position } from './event.ts';

export type LooksOptions = {
  database: Database;
  schema: string;
  /** The follower's. */
  name: string;
  store: EventStore;
  categories: readonly string[];
};

/** Kept this often: what came since is all that the next start looks at again. */
const KEEP_EVERY_MS = 10_000;

const looksTable = (schema: string) =>
  `create table if not exists ${schema}.looks (follower text primary key, categories text not null, position text, looked_to text not null)`;

/**
 * How far a follower has looked behind its checkpoint without finding more, for a store that has no index and tells (`lookedTo`). Kept beside the
 * checkpoint, so that a follower of rare events doesn't read the whole log at each start. Disposable: without it the start is slower.
 */
export const looksOf = ({ database, schema, name, store, categories }: LooksOptions) => {
  const tells = store.lookedTo !== undefined;
  const kinds = categories.join();
  let known: string | undefined;
  let keptAt = 0;

  /** One that was kept for another checkpoint or other categories says nothing. */
  const read = async (position: Position | undefined): Promise<string | undefined> => {
    if (!tells) return undefined;
    const [row] = await database.query<{ looked_to: string }>({
      text: `select looked_to from ${schema}.looks where follower = $1 and categories = $2 and position is not distinct from $3`,
      values: [name, kinds, position ?? null],
    });
    return row?.looked_to;
  };

  const makeTable = () =>
    database.transaction(async (sql) => {
      await sql.query({ text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))', values: [`looks ${schema}`] });
      await sql.query(looksTable(schema));
    });
  let made: Promise<unknown> | undefined;
  const ready = async () => {
    made ??= makeTable().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    await made;
  };

  return {
    /** What the store may skip, for reads behind the position that was opened or a later one. */
    known: () => known,
    open: async (position: Position | undefined) => {
      if (!tells) return;
      await ready();
      known = await read(position);
    },
    read: async (position: Position | undefined) => {
      if (tells) await ready();
      return read(position);
    },
    /** To be called when the follower has nothing to do at a position. */
    keep: async (position: Position | undefined) => {
      if (!tells || Date.now() - keptAt < KEEP_EVERY_MS) return;
      const now = store.lookedTo!(position, categories);
      if (now === undefined || now === known) return;
      keptAt = Date.now();
      await database.query({
        text: `insert into ${schema}.looks as l (follower, categories, position, looked_to) values ($1, $2, $3, $4)
               on conflict (follower) do update
               set categories = excluded.categories, position = excluded.position, looked_to = excluded.looked_to`,
        values: [name, kinds, position ?? null, now],
      });
      known = now;
    },
  };
};
