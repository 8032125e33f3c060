import type { Sql } from '@tenure/database';
import { checkpointText } from './checkpoint.ts';
import { originOf, type Installation } from './installation.ts';
import { rootOf } from './merkle.ts';
import { noteText, signNote } from './note.ts';
import { LogDamaged, subtreesOf } from './tile-store.ts';

export type StoredCheckpoint = {
  size: number;
  root: Buffer;
  note: string;
  signed_at: string;
  anchor_index: number | null;
  cosignatures: string;
};

/** The newest checkpoint, or the newest up to a size. */
export const lastCheckpoint = async (
  sql: Sql,
  schema: string,
  log: string,
  { upTo, anchored = false }: { upTo?: number; anchored?: boolean } = {},
): Promise<StoredCheckpoint | undefined> => {
  const [row] = await sql.query<StoredCheckpoint>({
    text: `select size, root, note, signed_at, anchor_index, cosignatures from ${schema}.log_checkpoints
           where log = $1 and ($2::bigint is null or size <= $2) ${anchored ? 'and anchor_index is not null' : ''} order by size desc limit 1`,
    values: [log, upTo ?? null],
  });
  return row;
};

/** A checkpoint as others get it: with the cosignatures that witnesses gave. */
export const servedNote = ({ note, cosignatures }: Pick<StoredCheckpoint, 'note' | 'cosignatures'>) =>
  `${note}${cosignatures}`;

/**
 * Signs a log at a size whose full tiles are written. Never what isn't consistent with the last checkpoint (C2SP tlog-checkpoint): a log
 * that lost or changed leaves throws `LogDamaged`. Signing again gives the same checkpoint.
 */
export const signCheckpoint = async (
  sql: Sql,
  installation: Installation,
  log: string,
  size: number,
): Promise<void> => {
  const { schema, signers } = installation;
  const last = await lastCheckpoint(sql, schema, log);
  if (last) {
    if (last.size > size)
      throw new LogDamaged(log, `it has ${size} leaves, and a checkpoint of ${last.size} was signed`);
    const before = await rootOf(subtreesOf(sql, { schema, log }, last.size), last.size);
    if (!before.equals(last.root))
      throw new LogDamaged(log, `its first ${last.size} leaves aren't those that were signed`);
    if (last.size === size) return;
  }
  const root = await rootOf(subtreesOf(sql, { schema, log }, size), size);
  const origin = originOf(installation, log);
  const note = noteText(await signNote(checkpointText({ origin, size, root }), origin, signers));
  await sql.query({
    text: `insert into ${schema}.log_checkpoints (log, size, root, note) values ($1, $2, $3, $4) on conflict do nothing`,
    values: [log, size, root, note],
  });
};
