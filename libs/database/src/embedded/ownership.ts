import pg from 'pg';
import { DatabaseUnreachable } from '../unreachable.ts';

export type Ownership = {
  release: () => Promise<void>;
  /** Resolves when the connection that holds the claim broke without `release`: another process may own the data from now on. */
  lost: Promise<void>;
};

/** Any number, always the same. */
const LOCK = 7_365_203_318;

/**
 * Who owns a database is who holds a session advisory lock on it. `postmaster.pid` can't tell: an embedded server outlives a killed
 * process, so that a second start and a restart look the same (design, stack). Only an owner may stop an adopted server.
 */
export const claimOwnership = async (url: string): Promise<Ownership | 'already running'> => {
  const connection = new pg.Client({ connectionString: url, application_name: 'tenure owner', keepAlive: true });
  const lost = new Promise<void>((resolve) => connection.once('end', resolve));
  connection.on('error', () => {});
  await connection.connect().catch((error: unknown) => {
    throw new DatabaseUnreachable(url, error);
  });
  const { rows } = await connection.query<{ owned: boolean }>('select pg_try_advisory_lock($1) as owned', [LOCK]);
  if (rows[0]?.owned) return { release: () => connection.end(), lost };
  await connection.end();
  return 'already running';
};
