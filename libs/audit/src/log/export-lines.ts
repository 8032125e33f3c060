import type { Database } from '@tenure/database';
import { decoder, ERASED, type AnyDefinition, type Sealer } from '@tenure/eventing';
import type { Fact } from '@tenure/messaging';
import { KeyMissing } from '@tenure/sealing';
import { canonicalJson } from './canonical-json.ts';
import { tlogProof } from './checkpoint.ts';
import { isFiltered, type FinishedExport } from './exports.ts';
import { originOf, type Installation } from './installation.ts';
import { ANCHOR } from './log.migrations.ts';
import { consistencyProof, inclusionProof, leafHash, type Hash } from './merkle.ts';
import { lastCheckpoint, servedNote } from './sign.ts';
import { verifierKeysOf } from './signing-keys.ts';
import { subtreesOf, tileReader } from './tile-store.ts';
import { TILE_WIDTH, tilePath, tilesOf } from './tiles.ts';

export const EXPORT_FORMAT = 'tenure-audit-export/1';

export type ExportOptions = {
  database: Database;
  installation: Installation;
  sealer: Sealer;
  /** Definitions whose `personal` is opened where values are asked for. */
  events: readonly AnyDefinition[];
};

type EntryRow = { index: number; leaf: Buffer; fact: Fact };

const PAGE = 500;
const base64 = (hashes: readonly Hash[]) => hashes.map((hash) => hash.toString('base64'));

/** Lines of an export, each RFC 8785 JSON (docs/reference/audit-export.md). */
export const exportLines = async function* (
  { database, installation, sealer, events }: ExportOptions,
  row: FinishedExport,
): AsyncGenerator<string> {
  const { schema } = installation;
  const { tenant_id: log, request, checkpoint: size, first, after } = row;
  const table = { schema, log };
  const origin = originOf(installation, log);
  const decode = decoder(sealer, events);
  const isPicked = isFiltered(request);
  const line = (value: object) => `${canonicalJson(value)}\n`;

  const signed = (await lastCheckpoint(database, schema, log, { upTo: size }))!;
  const [head] = await database.query<{ legacy: number }>({
    text: `select legacy from ${schema}.log_heads where log = $1`,
    values: [log],
  });
  yield line({
    kind: 'head',
    format: EXPORT_FORMAT,
    tenant: log,
    origin,
    size,
    first,
    after,
    entries: row.entries,
    claims: isPicked ? 'inclusion' : 'complete',
    period: { from: request.from, to: request.to },
    filter: { user: request.user, app: request.app },
    proofBegins: head!.legacy,
    requestedAt: row.requested_at,
  });

  const publicKeys = (
    await database.query<{ public_key: Buffer }>(
      `select public_key from ${schema}.log_keys order by first_used_at desc`,
    )
  ).map(({ public_key }) => public_key);
  for (const vkey of verifierKeysOf(origin, publicKeys)) yield line({ kind: 'key', of: 'log', vkey });
  for (const vkey of verifierKeysOf(originOf(installation, ANCHOR), publicKeys))
    yield line({ kind: 'key', of: 'anchor', vkey });
  yield line({ kind: 'checkpoint', note: servedNote(signed) });
  yield* consistencyLines();
  yield* anchorLines();
  let entries = 0;
  for await (const entry of entryLines()) {
    entries++;
    yield entry;
  }
  if (!isPicked) yield* tileLines();
  yield line({ kind: 'end', entries });

  /** From the checkpoints of earlier exports, and from the sizes that were asked for. */
  async function* consistencyLines() {
    const earlier = await database.query<{ checkpoint: number }>({
      text: `select distinct checkpoint from ${schema}.log_exports where tenant_id = $1 and checkpoint < $2 order by checkpoint desc limit 100`,
      values: [log, size],
    });
    const sizes = new Set([...request.since, ...earlier.map(({ checkpoint }) => checkpoint)]);
    const subtrees = subtreesOf(database, table, size);
    for (const from of [...sizes].filter((at) => at > 0 && at <= size).sort((a, b) => a - b))
      yield line({ kind: 'consistency', from, to: size, proof: base64(await consistencyProof(subtrees, from, size)) });
  }

  /** The newest checkpoint up to this one that the anchor log holds, and the proof of it. */
  async function* anchorLines() {
    const anchored = await lastCheckpoint(database, schema, log, { upTo: size, anchored: true });
    const anchor = await lastCheckpoint(database, schema, ANCHOR);
    if (!anchored || !anchor || anchored.anchor_index! >= anchor.size) return;
    const index = anchored.anchor_index!;
    const proof = await inclusionProof(subtreesOf(database, { schema, log: ANCHOR }, anchor.size), index, anchor.size);
    yield line({
      kind: 'anchor',
      checkpoint: anchored.note,
      consistency: base64(await consistencyProof(subtreesOf(database, table, size), anchored.size, size)),
      proof: tlogProof(index, proof, servedNote(anchor)),
    });
  }

  async function* entryLines() {
    for (let next = first; next < after;) {
      const rows = await database.query<EntryRow>({
        text: `select l.index, l.leaf, e.fact from ${schema}.log_leaves l join ${schema}.ledger e on e.seq = l.seq
               where l.log = $1 and l.index >= $2 and l.index < $3
                 and ($4::text is null or e.user_id = $4) and ($5::text is null or e.app_id = $5)
               order by l.index limit ${PAGE}`,
        values: [log, next, after, request.user ?? null, request.app ?? null],
      });
      // Of this page only, so that tiles don't pile up.
      const subtrees = subtreesOf(database, table, size);
      for (const { index, leaf, fact } of rows)
        yield line({
          kind: 'entry',
          index,
          leaf: leaf.toString(),
          hash: leafHash(leaf).toString('base64'),
          data: fact.data,
          personal: fact.personal,
          ...(request.values && (await valuesOf(fact))),
          ...(isPicked && { proof: base64(await inclusionProof(subtrees, index, size)) }),
        });
      next = rows.length < PAGE ? after : rows.at(-1)!.index + 1;
    }
  }

  /** What is sealed, in clear, where the person's key still exists. Not proved: that is said of the sealed bytes. */
  async function valuesOf(fact: Fact): Promise<{ values?: unknown; erased?: true }> {
    if (fact.personal === undefined) return {};
    try {
      const { event } = await decode(fact);
      if (!event || !('personal' in event)) return {};
      return event.personal === ERASED ? { erased: true } : { values: event.personal };
    } catch (error) {
      if (error instanceof KeyMissing) return {};
      throw error;
    }
  }

  /** Tiles that can't be made of the entries: all above the leaves, and those of leaves that the range only touches or doesn't reach. */
  async function* tileLines() {
    const read = tileReader(database, table);
    for (const tile of tilesOf(size)) {
      const [start, end] = [tile.n * TILE_WIDTH, tile.n * TILE_WIDTH + tile.width];
      const isMade = first <= start && end <= after;
      const isTouched = start < after && first < end;
      const isLast = end === size && tile.width < TILE_WIDTH;
      if (tile.level === 0 && (isMade || !(isTouched || isLast))) continue;
      const hashes = await read(tile);
      yield line({ kind: 'tile', path: tilePath(tile), hashes: hashes.toString('base64') });
    }
  }
};
