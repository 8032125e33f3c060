import type { Sql } from '@tenure/database';
import { HASH_BYTES, leafHash, type Hash, type Subtrees } from './merkle.ts';
import { foldHashes, hashesOf, subtreesOfTiles, TILE_WIDTH, type ReadTile } from './tiles.ts';

export type LogTable = { schema: string; log: string };

export const sizeOf = async (sql: Sql, { schema, log }: LogTable): Promise<number> => {
  const [head] = await sql.query<{ size: number }>({
    text: `select size from ${schema}.log_heads where log = $1`,
    values: [log],
  });
  return head?.size ?? 0;
};

/** Leaves of [start, end), all of them. Throws where one is missing: a log has no gaps. */
export const readLeaves = async (
  sql: Sql,
  { schema, log }: LogTable,
  start: number,
  end: number,
): Promise<Buffer[]> => {
  const rows = await sql.query<{ index: number; leaf: Buffer }>({
    name: `${schema}.read_leaves`,
    text: `select index, leaf from ${schema}.log_leaves where log = $1 and index >= $2 and index < $3 order by index`,
    values: [log, start, end],
  });
  const gap = rows.findIndex(({ index }, at) => index !== start + at);
  if (gap >= 0 || rows.length !== end - start)
    throw new LogDamaged(log, `leaf ${start + (gap >= 0 ? gap : rows.length)} is missing`);
  return rows.map(({ leaf }) => leaf);
};

/** What was stored of a log isn't what it was when it was signed. */
export class LogDamaged extends Error {
  override readonly name = 'LogDamaged';
  constructor(
    readonly log: string,
    readonly problem: string,
  ) {
    super(`The log of ${log} is damaged: ${problem}.`);
  }
}

/** Reads tiles: full ones as they are stored, others made of leaves, or of the roots of the tiles below. */
export const tileReader =
  (sql: Sql, table: LogTable): ReadTile =>
  async ({ level, n, width }) => {
    const { schema, log } = table;
    const [full] = await sql.query<{ hashes: Buffer }>({
      name: `${schema}.read_tile`,
      text: `select hashes from ${schema}.log_tiles where log = $1 and level = $2 and n = $3`,
      values: [log, level, n],
    });
    if (full) return full.hashes.subarray(0, width * HASH_BYTES);
    const first = n * TILE_WIDTH;
    if (level === 0) return Buffer.concat((await readLeaves(sql, table, first, first + width)).map(leafHash));
    const below = await sql.query<{ root: Buffer }>({
      name: `${schema}.read_roots`,
      text: `select root from ${schema}.log_tiles where log = $1 and level = $2 and n >= $3 and n < $4 order by n`,
      values: [log, level - 1, first, first + width],
    });
    if (below.length !== width) throw new LogDamaged(log, `tiles of level ${level - 1} are missing`);
    return Buffer.concat(below.map(({ root }) => root));
  };

/** Subtrees of a log at a size whose full tiles are all written. */
export const subtreesOf = (sql: Sql, table: LogTable, size: number): Subtrees =>
  subtreesOfTiles(size, tileReader(sql, table));

/** Full tiles of leaves, as many as are written at once. */
const TILES_AT_ONCE = 16;

const tilesWritten = async (sql: Sql, { schema, log }: LogTable, level: number): Promise<number> => {
  const [row] = await sql.query<{ next: number }>({
    text: `select coalesce(max(n), -1) + 1 as next from ${schema}.log_tiles where log = $1 and level = $2`,
    values: [log, level],
  });
  return row!.next;
};

const writeTile = async (sql: Sql, { schema, log }: LogTable, level: number, n: number, hashes: readonly Hash[]) => {
  await sql.query({
    name: `${schema}.write_tile`,
    text: `insert into ${schema}.log_tiles (log, level, n, hashes, root) values ($1, $2, $3, $4, $5) on conflict do nothing`,
    values: [log, level, n, Buffer.concat(hashes), foldHashes(hashes)],
  });
};

/**
 * Writes full tiles that are missing up to a size, some at a time, in a transaction. What is done follows from what is there, so it may be
 * killed anywhere, and run twice at once. Returns whether tiles are still missing.
 */
export const integrate = async (sql: Sql, table: LogTable, size: number): Promise<boolean> => {
  const written = await tilesWritten(sql, table, 0);
  const wanted = Math.floor(size / TILE_WIDTH);
  const until = Math.min(wanted, written + TILES_AT_ONCE);
  if (written < until) {
    const leaves = await readLeaves(sql, table, written * TILE_WIDTH, until * TILE_WIDTH);
    for (let n = written; n < until; n++) {
      const from = (n - written) * TILE_WIDTH;
      await writeTile(sql, table, 0, n, leaves.slice(from, from + TILE_WIDTH).map(leafHash));
    }
  }
  for (let level = 1, below = until; (below = Math.floor(below / TILE_WIDTH)) > 0; level++) {
    const read = tileReader(sql, table);
    for (let n = await tilesWritten(sql, table, level); n < below; n++)
      await writeTile(sql, table, level, n, hashesOf(await read({ level, n, width: TILE_WIDTH })));
  }
  return until < wanted;
};
