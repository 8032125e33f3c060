import type { Database } from '@tenure/database';
import { startPoller, type Lease, type Leases, type Poller } from '@tenure/eventing';
import { adoptLegacy } from './adopt-legacy.ts';
import { anchorCheckpoints } from './anchor.ts';
import { finishExports } from './exports.ts';
import type { Installation } from './installation.ts';
import { ANCHOR } from './log.migrations.ts';
import { signCheckpoint } from './sign.ts';
import { integrate, LogDamaged } from './tile-store.ts';

export type KeeperOptions = {
  database: Database;
  installation: Installation;
  /** A log isn't what was signed: it gets no further checkpoint until someone has looked. */
  onDamage: (error: LogDamaged) => void;
  /** A log is signed at most so often. */
  signEveryMs?: number;
  anchorEveryMs?: number;
};

type Grown = { log: string; size: number; legacy: number; signed: number | null; signed_at: string | null };

const SIGN_EVERY_MS = 10_000;
const ANCHOR_EVERY_MS = 60_000;

const isOlder = (at: string | null, ms: number) => at === null || Date.now() - Date.parse(at) >= ms;

/**
 * One pass over all logs: leaves for entries that have none, full tiles, checkpoints, the anchor log. Every step is a transaction and
 * follows from what is stored, so that a pass may be killed anywhere and run again, or twice at once. Returns whether there is more to do.
 */
export const keepLogs = async (options: KeeperOptions): Promise<boolean> => {
  const { database, installation, onDamage, signEveryMs = SIGN_EVERY_MS, anchorEveryMs = ANCHOR_EVERY_MS } = options;
  const { schema } = installation;

  const grownLogs = () =>
    database.query<Grown>(
      `select h.log, h.size, h.legacy, c.size as signed, c.signed_at from ${schema}.log_heads h
       left join lateral (
         select size, signed_at from ${schema}.log_checkpoints c where c.log = h.log order by size desc limit 1) c on true
       where h.size > 0 and h.size is distinct from c.size order by h.log`,
    );

  /** Writes full tiles as they fill, and signs when it is time. The first checkpoint is of what was there before the log. */
  const keep = async ({ log, size, legacy, signed, signed_at }: Grown) => {
    const until = signed === null && legacy > 0 ? legacy : size;
    while (await database.transaction((sql) => integrate(sql, { schema, log }, until)));
    if (!isOlder(signed_at, signEveryMs)) return;
    await database.transaction((sql) => signCheckpoint(sql, installation, log, until));
  };

  const isAnchorDue = async () => {
    const [head] = await database.query<{ size: number; signed: number | null; signed_at: string | null }>({
      text: `select h.size, c.size as signed, c.signed_at from ${schema}.log_heads h
             left join lateral (
               select size, signed_at from ${schema}.log_checkpoints c where c.log = h.log order by size desc limit 1) c on true
             where h.log = $1`,
      values: [ANCHOR],
    });
    return !head || (head.size === (head.signed ?? 0) && isOlder(head.signed_at, anchorEveryMs));
  };

  if ((await adoptLegacy(database, schema)) > 0) return true;
  for (const grown of await grownLogs())
    await keep(grown).catch((error: unknown) => {
      if (!(error instanceof LogDamaged)) throw error;
      onDamage(error);
    });
  const anchored = (await isAnchorDue()) ? await anchorCheckpoints(database, installation) : 0;
  await finishExports(database, schema);
  return anchored > 0;
};

export type LogKeeperOptions = KeeperOptions & {
  leases: Leases;
  /** After each pass: what takes its time elsewhere, such as witnesses. */
  afterwards?: () => Promise<void>;
  onFailure: (error: unknown) => void;
  everyMs?: number;
};

/** Keeps the logs in one process of all, for as long as it holds the lease. */
export const startLogKeeper = ({
  leases,
  afterwards,
  onFailure,
  everyMs = 1000,
  ...options
}: LogKeeperOptions): Poller => {
  const stopping = new AbortController();
  let lease: Lease | undefined;
  const isMine = async () => {
    if (lease && !lease.signal.aborted) return true;
    lease = await leases.acquire(`${options.installation.schema}.log`, stopping.signal).catch(() => undefined);
    return lease !== undefined;
  };
  const poller = startPoller({
    everyMs,
    run: async () => {
      if (!(await isMine())) return false;
      const more = await keepLogs(options);
      await afterwards?.();
      return more;
    },
    onFailure,
  });
  return {
    wake: poller.wake,
    stop: async () => {
      stopping.abort();
      await poller.stop();
      await lease?.release();
    },
  };
};
