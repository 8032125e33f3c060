import { instant, invalidCursor, listReply } from '@tenure/contracts';
import type { Database } from '@tenure/database';
import { Rejected } from '@tenure/eventing';
import { z } from 'zod';
import { tlogProof } from './checkpoint.ts';
import { originOf, type Installation } from './installation.ts';
import { ANCHOR } from './log.migrations.ts';
import { consistencyProof, inclusionProof } from './merkle.ts';
import { lastCheckpoint, servedNote, type StoredCheckpoint } from './sign.ts';
import { verifierKeysOf } from './signing-keys.ts';
import { readLeaves, subtreesOf, tileReader } from './tile-store.ts';
import { bundleOf, TILE_WIDTH, tileOfPath, tileWidth } from './tiles.ts';

const size = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const checkpointsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(20).optional(),
});
export type CheckpointsQuery = z.output<typeof checkpointsQuery>;

export const checkpointsReply = listReply(
  z.object({ size: z.int(), root: z.string(), signedAt: instant, note: z.string(), anchorIndex: z.int().optional() }),
);

/** An entry, by its id or its index, or two sizes; without anything, the newest entry. */
export const proofQuery = z
  .strictObject({
    entry: z.string().min(1).max(200).optional(),
    index: size.optional(),
    size: size.optional(),
    from: size.optional(),
    to: size.optional(),
  })
  .refine(
    ({ entry, index, size: at, from, to }) => {
      const isOfEntry = (entry === undefined || index === undefined) && from === undefined && to === undefined;
      const isOfSizes = from !== undefined && entry === undefined && index === undefined && at === undefined;
      return isOfEntry || isOfSizes;
    },
    { error: 'Give entry (an id) or index, with or without size; or from, with or without to.', path: ['entry'] },
  );
export type ProofQuery = z.output<typeof proofQuery>;

export const logReply = z.object({
  origin: z.string(),
  /** Verifier keys, C2SP signed-note, newest first. Whoever verifies takes them from elsewhere. */
  keys: z.array(z.string()),
  size: z.int(),
  /** Entries below this index were taken in before there was a log. */
  proofBegins: z.int(),
  anchor: z.object({ origin: z.string(), keys: z.array(z.string()) }),
});

const unknownTile = () => new Rejected('not-found', 'log/tile-not-found', 'The log has no such tile.');
const noCheckpoint = () =>
  new Rejected(
    'not-found',
    'log/checkpoint-not-found',
    'The log has no checkpoint of this size. List them at /checkpoints.',
  );

/** What a log shows of itself. `log` is a tenant, or `ANCHOR`. */
export const logQueries = (database: Database, installation: Installation) => {
  const { schema } = installation;
  const keys = async (): Promise<Buffer[]> => {
    const rows = await database.query<{ public_key: Buffer }>(
      `select public_key from ${schema}.log_keys order by first_used_at desc`,
    );
    return rows.map(({ public_key }) => public_key);
  };

  const signed = async (log: string, upTo?: number): Promise<StoredCheckpoint> => {
    const found = await lastCheckpoint(database, schema, log, upTo === undefined ? {} : { upTo });
    if (!found || (upTo !== undefined && found.size !== upTo)) throw noCheckpoint();
    return found;
  };

  const indexOf = async (log: string, entry: string): Promise<number> => {
    const [row] = await database.query<{ index: number }>({
      text: `select l.index from ${schema}.ledger e join ${schema}.log_leaves l on l.seq = e.seq
             where e.id = $2 and e.tenant_id = $1 order by e.seq limit 1`,
      values: [log, entry],
    });
    if (!row) throw new Rejected('not-found', 'log/entry-not-found', 'The log has no such entry.');
    return row.index;
  };

  const proveEntry = async (log: string, { entry, index, size: at }: ProofQuery) => {
    const checkpoint = await signed(log, at);
    const found = index ?? (entry === undefined ? checkpoint.size - 1 : await indexOf(log, entry));
    if (found >= checkpoint.size)
      throw new Rejected(
        'not-found',
        'log/entry-not-found',
        `No entry ${found} in the first ${checkpoint.size} of the log.`,
      );
    const subtrees = subtreesOf(database, { schema, log }, checkpoint.size);
    return tlogProof(found, await inclusionProof(subtrees, found, checkpoint.size), servedNote(checkpoint));
  };

  /** As a witness is sent it (C2SP tlog-witness): the old size, the proof, and the checkpoint that follows. */
  const proveConsistency = async (log: string, { from, to }: ProofQuery) => {
    const checkpoint = await signed(log, to);
    if (from! > checkpoint.size)
      throw new Rejected('invalid', 'log/sizes', 'from must not be larger than the checkpoint.', [
        { field: 'from', message: `must be at most ${checkpoint.size}` },
      ]);
    const proof = await consistencyProof(
      subtreesOf(database, { schema, log }, checkpoint.size),
      from!,
      checkpoint.size,
    );
    return `old ${from}\n${proof.map((hash) => `${hash.toString('base64')}\n`).join('')}\n${servedNote(checkpoint)}`;
  };

  return {
    log: async (log: string) => {
      const [head] = await database.query<{ size: number; legacy: number }>({
        text: `select size, legacy from ${schema}.log_heads where log = $1`,
        values: [log],
      });
      const publicKeys = await keys();
      const [origin, anchor] = [originOf(installation, log), originOf(installation, ANCHOR)];
      return {
        origin,
        keys: verifierKeysOf(origin, publicKeys),
        size: head?.size ?? 0,
        proofBegins: head?.legacy ?? 0,
        anchor: { origin: anchor, keys: verifierKeysOf(anchor, publicKeys) },
      };
    },

    checkpoint: async (log: string): Promise<string> => servedNote(await signed(log)),

    /** Newest first. */
    checkpoints: async (log: string, { limit, cursor }: CheckpointsQuery) => {
      if (cursor !== undefined && !/^\d{1,16}$/.test(cursor)) throw invalidCursor();
      const rows = await database.query<StoredCheckpoint>({
        text: `select size, root, note, signed_at, anchor_index, cosignatures from ${schema}.log_checkpoints
               where log = $1 and ($2::bigint is null or size < $2) order by size desc limit $3`,
        values: [log, cursor ?? null, limit + 1],
      });
      const items = rows.slice(0, limit).map((row) => ({
        size: row.size,
        root: row.root.toString('base64'),
        signedAt: row.signed_at,
        note: servedNote(row),
        ...(row.anchor_index !== null && { anchorIndex: row.anchor_index }),
      }));
      return { items, ...(rows.length > limit && { nextCursor: String(items.at(-1)!.size) }) };
    },

    /** Bytes of a tile or bundle, as far as the log is signed. */
    tile: async (log: string, path: string): Promise<Buffer> => {
      const tile = tileOfPath(path);
      const checkpoint = tile && (await lastCheckpoint(database, schema, log));
      if (!tile || !checkpoint) throw unknownTile();
      const { level, n, width } = tile;
      if (tileWidth(checkpoint.size, level === 'entries' ? 0 : level, n) < width) throw unknownTile();
      if (level !== 'entries') return tileReader(database, { schema, log })({ level, n, width });
      return bundleOf(await readLeaves(database, { schema, log }, n * TILE_WIDTH, n * TILE_WIDTH + width));
    },

    proof: (log: string, query: ProofQuery): Promise<string> =>
      query.from === undefined ? proveEntry(log, query) : proveConsistency(log, query),
  };
};
export type LogQueries = ReturnType<typeof logQueries>;
