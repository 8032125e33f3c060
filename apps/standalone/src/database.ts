import { setTimeout as sleep } from 'node:timers/promises';
import { claimOwnership, startEmbeddedPostgres } from '@tenure/database';
import { Misconfigured } from '@tenure/platform';
import type { Config } from './config.ts';

export type OwnedDatabase = {
  url: string;
  /** For people: where the data is. */
  where: string;
  /** The last thing to do. Stops the embedded server. */
  release: () => Promise<void>;
};

/** The server may take a moment to notice that a killed process is gone, and a supervisor restarts at once. */
const CLAIM_WITHIN_MS = 3000;

const claimSoon = async (url: string): ReturnType<typeof claimOwnership> => {
  for (const until = Date.now() + CLAIM_WITHIN_MS; ;) {
    const ownership = await claimOwnership(url);
    if (ownership !== 'already running' || Date.now() > until) return ownership;
    await sleep(200);
  }
};

/** The database that the environment names, else the embedded one; either way for this process alone. Throws `Misconfigured` where another one runs on it. */
export const openOwnDatabase = async (
  { DATABASE_URL, TENURE_DATA_DIR }: Config,
  say: (line: string) => void,
): Promise<OwnedDatabase> => {
  const embedded =
    DATABASE_URL === undefined ? await startEmbeddedPostgres({ dataDir: TENURE_DATA_DIR, log: say }) : undefined;
  const url = embedded?.url ?? DATABASE_URL!;
  const where = embedded ? TENURE_DATA_DIR : 'the database of DATABASE_URL';
  const ownership = await claimSoon(url);
  if (ownership === 'already running')
    throw new Misconfigured(
      `Tenure is already running on ${where}. Stop it first, or give this one a data folder of its own: TENURE_DATA_DIR=.data-2 TENURE_PORT=8081 npm start`,
    );
  return {
    url,
    where,
    release: async () => {
      await ownership.release();
      await embedded?.stop();
    },
  };
};
