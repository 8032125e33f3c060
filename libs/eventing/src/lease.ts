import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Sql } from '@tenure/database';

export type Lease = {
  /** Aborted when the lease is gone: the connection that held it broke, or it was released. */
  signal: AbortSignal;
  release: () => Promise<void>;
};

export type Leases = {
  /** Waits until this process alone holds `name` in the database. */
  acquire: (name: string, signal: AbortSignal) => Promise<Lease>;
  close: () => Promise<void>;
};

const RETRY_MS = 500;
const PING_MS = 2000;

/** Session advisory locks, all on one connection: they write nothing, so a held lease hides no event (design, decision 2). */
export const openLeases = (database: Database): Leases => {
  type Keeper = { sql: Sql; lost: AbortController };
  let keeper: Promise<Keeper> | undefined;
  const closed = new AbortController();
  /** An advisory lock is re-entrant within a session, so this process must know what it holds. */
  const held = new Set<string>();

  const keep = () =>
    new Promise<Keeper>((resolve, reject) => {
      const lost = new AbortController();
      database
        .session(async (sql) => {
          await new Promise<void>((end) => {
            closed.signal.addEventListener('abort', () => end());
            lost.signal.addEventListener('abort', () => end());
            resolve({ sql, lost });
            void ping(sql, lost);
          });
        })
        .catch(reject)
        .finally(() => {
          lost.abort();
          keeper = undefined;
        });
    });

  const ping = async (sql: Sql, lost: AbortController) => {
    while (!lost.signal.aborted && !closed.signal.aborted) {
      await sleep(PING_MS, undefined, { signal: AbortSignal.any([lost.signal, closed.signal]), ref: false }).catch(() => undefined);
      if (!closed.signal.aborted) await sql.query('select 1').catch(() => lost.abort());
    }
  };

  const tryOnce = async (name: string): Promise<Lease | undefined> => {
    const { sql, lost } = await (keeper ??= keep());
    const [row] = await sql.query<{ locked: boolean }>({ text: 'select pg_try_advisory_lock(hashtextextended($1, 0)) as locked', values: [name] });
    if (!row?.locked) return undefined;
    const released = new AbortController();
    return {
      signal: AbortSignal.any([lost.signal, closed.signal, released.signal]),
      release: async () => {
        if (released.signal.aborted) return;
        released.abort();
        await sql.query({ text: 'select pg_advisory_unlock(hashtextextended($1, 0))', values: [name] }).catch(() => undefined);
      },
    };
  };

  return {
    acquire: async (name, signal) => {
      for (;;) {
        signal.throwIfAborted();
        const lease = held.has(name) ? undefined : await tryOnce(name).catch(() => undefined);
        if (lease) {
          held.add(name);
          lease.signal.addEventListener('abort', () => held.delete(name));
          return lease;
        }
        await sleep(RETRY_MS, undefined, { signal });
      }
    },
    close: async () => {
      closed.abort();
      await keeper?.catch(() => undefined);
    },
  };
};
