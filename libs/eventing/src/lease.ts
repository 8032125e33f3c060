import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Sql } from '@tenure/database';
import { withResolvers } from './with-resolvers.ts';

export type Lease = {
  /** Aborted when the lease is gone: the connection that held it broke, or it was released. */
  signal: AbortSignal;
  release: () => Promise<void>;
};

export type Leases = {
  /** Waits until this process alone holds `name` in the database. */
  acquire: (name: string, signal: AbortSignal) => Promise<Lease>;
  /** Holds `name` together with other processes, until the leases are closed; after a lost connection again. Nobody holds it alone meanwhile (`tryAlone`). */
  share: (name: string) => Promise<void>;
  close: () => Promise<void>;
};

/** Whether nobody shares `name`; then nobody can until the transaction ends. */
export const tryAlone = async (sql: Sql, name: string): Promise<boolean> => {
  const [row] = await sql.query<{ locked: boolean }>({
    text: 'select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as locked',
    values: [name],
  });
  return row!.locked;
};

const RETRY_MS = 500;
const PING_MS = 2000;

/** One connection and what it holds; gone when it breaks. */
type Session = { sql: Promise<Sql>; end: () => void; ended: Promise<void> };

/** Session advisory locks, all on one connection: they write nothing, so a held lease hides no event (design, decision 2). */
export const openLeases = (database: Database): Leases => {
  /** An advisory lock is re-entrant within a session, so this process must know what it holds. */
  const held = new Map<string, AbortController>();
  const shared = new Set<string>();
  let session: Session | undefined;
  let closed = false;
  let isReopening = false;

  const lose = (lost: Session) => {
    if (session !== lost) return;
    session = undefined;
    for (const lease of held.values()) lease.abort();
    held.clear();
    if (shared.size > 0) void reopen();
  };

  const open = (): Session => {
    const { promise: sql, resolve, reject } = withResolvers<Sql>();
    const { promise: asked, resolve: end } = withResolvers();
    sql.catch(() => undefined);
    const opened: Session = {
      sql,
      end,
      ended: database
        .session(async (connection) => {
          const one = oneAtATime(connection);
          for (const name of shared) await one.query(sharing(name));
          resolve(one);
          await untilBroken(one, asked);
          // Before the connection is closed, which takes long where nobody answers.
          lose(opened);
        })
        .catch(reject)
        .finally(() => lose(opened)),
    };
    return opened;
  };
  const connected = () => (session ??= open()).sql;

  const reopen = async () => {
    if (isReopening) return;
    isReopening = true;
    while (
      !closed &&
      !(await connected().then(
        () => true,
        () => false,
      ))
    )
      await sleep(RETRY_MS, undefined, { ref: false });
    isReopening = false;
  };

  const tryOnce = async (name: string): Promise<Lease | undefined> => {
    if (held.has(name)) return undefined;
    const lease = new AbortController();
    held.set(name, lease);
    try {
      const sql = await connected();
      const [row] = await sql.query<{ locked: boolean }>({
        text: 'select pg_try_advisory_lock(hashtextextended($1, 0)) as locked',
        values: [name],
      });
      if (!row?.locked) {
        held.delete(name);
        return undefined;
      }
      return { signal: lease.signal, release: () => release(sql, name, lease) };
    } catch {
      held.delete(name);
      return undefined;
    }
  };

  const release = async (sql: Sql, name: string, lease: AbortController) => {
    if (lease.signal.aborted) return;
    lease.abort();
    await sql
      .query({ text: 'select pg_advisory_unlock(hashtextextended($1, 0))', values: [name] })
      .catch(() => undefined);
    held.delete(name);
  };

  return {
    acquire: async (name, signal) => {
      for (;;) {
        signal.throwIfAborted();
        if (closed) throw new Error('The leases were closed.');
        const lease = await tryOnce(name);
        if (lease) return lease;
        await sleep(RETRY_MS, undefined, { signal });
      }
    },
    share: async (name) => {
      if (shared.has(name)) return;
      shared.add(name);
      await (await connected()).query(sharing(name));
    },
    close: async () => {
      closed = true;
      const last = session;
      if (!last) return;
      lose(last);
      last.end();
      await Promise.race([last.ended, sleep(PING_MS, undefined, { ref: false })]);
    },
  };
};

const untilBroken = async (sql: Sql, asked: Promise<void>) => {
  let isOver = false;
  void asked.then(() => (isOver = true));
  for (let alive = true; alive && !isOver;) {
    await Promise.race([asked, sleep(PING_MS, undefined, { ref: false })]);
    alive =
      isOver ||
      (await sql.query('select 1').then(
        () => true,
        () => false,
      ));
  }
};

const sharing = (name: string) => ({ text: 'select pg_advisory_lock_shared(hashtextextended($1, 0))', values: [name] });

/** A connection runs one statement at a time; several leases share it. */
const oneAtATime = ({ query }: Sql): Sql => {
  let last: Promise<unknown> = Promise.resolve();
  return {
    query: <Row>(statement: Parameters<Sql['query']>[0]) => {
      const result = last.then(() => query<Row>(statement));
      last = result.catch(() => undefined);
      return result;
    },
  };
};
