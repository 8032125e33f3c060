import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Sql } from '@tenure/database';
import { tryAlone, type Leases } from './lease.ts';

/** Held by who makes or drops a view, until its transaction ends. */
export const lockOfView = (name: string) => `view ${name}`;
const useOfView = (name: string) => `use of view ${name}`;

/** For who writes or reads a view: as long as this process lives, nobody drops it for a newer version. */
export const useView = (leases: Leases, name: string): Promise<void> => leases.share(useOfView(name));

/** Drops a view and what is known of it, in the transaction of `sql`. */
export const dropViewIn = async (sql: Sql, schema: string, name: string): Promise<void> => {
  await sql.query(`drop schema if exists ${name} cascade`);
  await sql.query({ text: `delete from ${schema}.views where name = $1`, values: [name] });
  await sql.query({ text: `delete from ${schema}.checkpoints where follower = $1`, values: [name] });
  await sql.query({ text: `delete from ${schema}.parked_streams where view = $1`, values: [name] });
};

export type Versions = { database: Database; schema: string; view: { name: string } };

const partsOf = (name: string) => {
  const [, base, number] = /^(\w+_v)(\d+)$/.exec(name) ?? [];
  return base === undefined ? undefined : { base, number: Number(number) };
};

const isOlder = (name: string, than: string): boolean => {
  const [one, other] = [partsOf(name), partsOf(than)];
  return one !== undefined && other !== undefined && one.base === other.base && one.number < other.number;
};

/** Who reads it without `useView`, such as a person, is waited for this long; then it is tried again later. */
const LOCK_TIMEOUT = '2s';

const dropUnused = ({ database, schema }: Versions, name: string): Promise<boolean> =>
  database.transaction(async (sql) => {
    await sql.query(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
    await sql.query({ text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))', values: [lockOfView(name)] });
    if (!(await tryAlone(sql, useOfView(name)))) return false;
    await dropViewIn(sql, schema, name);
    return true;
  });

/** Drops the older versions of a view that serves, except those that a process still uses: of a deployment that is not through (design, decision 7). */
export const dropOldVersions = async (versions: Versions): Promise<string[]> => {
  const { database, schema, view } = versions;
  const known = await database.query<{ name: string; state: string }>(`select name, state from ${schema}.views`);
  if (!known.some(({ name, state }) => name === view.name && state === 'serving')) return [];
  const dropped: string[] = [];
  for (const { name } of known) if (isOlder(name, view.name) && (await dropUnused(versions, name))) dropped.push(name);
  return dropped;
};

const LOOK_EVERY_MS = 600_000;

/** Looks again and again: a replica of the old version may end later, or start once more. */
export const droppingOldVersions = async ({
  onFailure,
  signal,
  ...versions
}: Versions & { onFailure: ((error: unknown) => void) | undefined; signal: AbortSignal }): Promise<void> => {
  while (!signal.aborted) {
    await dropOldVersions(versions).catch((error: unknown) => onFailure?.(error));
    await sleep(LOOK_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
};
