import type { Sql } from '@tenure/database';
import type { Fact } from '@tenure/messaging';
import { leafOf } from './leaf.ts';
import { emptyRoot, HASH_BYTES, leafHash, nodeHash, type Hash } from './merkle.ts';
import { TILE_WIDTH } from './tiles.ts';

export type LogCheck = {
  leaves: number;
  /** Entries whose row, leaf or tile isn't what it was when it was taken in: `acme #12`. */
  altered: string[];
  /** Entries and leaves that are gone, or that no head counts. */
  lost: string[];
  /** Signed checkpoints that the log no longer has: `acme 512`. */
  broken: string[];
};

type Row = { index: number; leaf: Buffer; seq: number | null; hash: string | null; fact: Fact | null };

const PAGE = 1000;

/** The roots of complete subtrees, largest first, from which the root of a growing log is made. */
const growingTree = () => {
  const subtrees: { height: number; hash: Hash }[] = [];
  return {
    add: (hash: Hash) => {
      let added = { height: 0, hash };
      while (subtrees.at(-1)?.height === added.height)
        added = { height: added.height + 1, hash: nodeHash(subtrees.pop()!.hash, added.hash) };
      subtrees.push(added);
    },
    root: (): Hash =>
      subtrees.length === 0
        ? emptyRoot
        : subtrees.map(({ hash }) => hash).reduceRight((right, left) => nodeHash(left, right)),
  };
};

/** Makes each log anew of its entries and holds it against leaves, tiles and signed checkpoints. Names what differs by its index. */
export const checkLog = async (sql: Sql, schema: string, mostNames: number): Promise<LogCheck> => {
  const found: LogCheck = { leaves: 0, altered: [], lost: [], broken: [] };
  const note = (list: string[], name: string) => void (list.length < mostNames && list.push(name));

  const tileHash = async (log: string, n: number) => {
    const [tile] = await sql.query<{ hashes: Buffer }>({
      text: `select hashes from ${schema}.log_tiles where log = $1 and level = 0 and n = $2`,
      values: [log, n],
    });
    return tile?.hashes;
  };

  const isAsTaken = ({ leaf, seq, hash, fact }: Row) => {
    if (seq === null) return true;
    if (!fact || hash === null) return false;
    const text = leaf.toString();
    return leafOf(fact, text.includes('"v":0}') ? { seq, hash } : undefined) === text;
  };

  const checkOne = async (log: string, size: number) => {
    const checkpoints = await sql.query<{ size: number; root: Buffer }>({
      text: `select size, root from ${schema}.log_checkpoints where log = $1 order by size`,
      values: [log],
    });
    const signed = new Map(checkpoints.map((checkpoint) => [checkpoint.size, checkpoint.root]));
    const tree = growingTree();
    let tile: Buffer | undefined;
    let next = 0;
    for (let isLast = false; !isLast;) {
      const rows = await sql.query<Row>({
        text: `select l.index, l.leaf, l.seq, e.hash, e.fact from ${schema}.log_leaves l left join ${schema}.ledger e on e.seq = l.seq
               where l.log = $1 and l.index >= $2 order by l.index limit ${PAGE}`,
        values: [log, next],
      });
      isLast = rows.length < PAGE;
      for (const row of rows) {
        for (; next < row.index; next++) note(found.lost, `${log} #${next}`);
        if (next % TILE_WIDTH === 0) tile = await tileHash(log, next / TILE_WIDTH);
        const hash = leafHash(row.leaf);
        const at = (row.index % TILE_WIDTH) * HASH_BYTES;
        const isInTile = tile === undefined || tile.subarray(at, at + HASH_BYTES).equals(hash);
        if (!isInTile || !isAsTaken(row)) note(found.altered, `${log} #${row.index}`);
        if (row.index >= size) note(found.lost, `${log} #${row.index}`);
        tree.add(hash);
        next = row.index + 1;
        found.leaves++;
        const root = signed.get(next);
        if (root && !root.equals(tree.root())) note(found.broken, `${log} ${next}`);
      }
    }
    for (let index = next; index < size && index < next + mostNames; index++) note(found.lost, `${log} #${index}`);
    for (const signedSize of signed.keys()) if (signedSize > next) note(found.broken, `${log} ${signedSize}`);
  };

  const heads = await sql.query<{ log: string; size: number }>(
    `select log, size from ${schema}.log_heads order by log`,
  );
  for (const { log, size } of heads) await checkOne(log, size);
  return found;
};
