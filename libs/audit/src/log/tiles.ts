import { HASH_BYTES, nodeHash, type Hash, type Subtrees } from './merkle.ts';

/** C2SP tlog-tiles: hashes are kept 256 at a time, the roots of full tiles being the hashes of the level above. */
export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;
const HIGHEST_LEVEL = 63;

export type TileKind = number | 'entries';
/** `width` is 256 of a full tile. */
export type TileName = { level: TileKind; n: number; width: number };

/** How many hashes tile `n` of a level has in a tree of `size` leaves; 0 = there is no such tile. */
export const tileWidth = (size: number, level: number, n: number): number =>
  Math.max(0, Math.min(TILE_WIDTH, Math.floor(size / TILE_WIDTH ** level) - n * TILE_WIDTH));

/** `1234067` is `x001/x234/067`. */
const pathOfIndex = (n: number): string => {
  const groups: string[] = [];
  for (let left = n, last = true; last || left > 0; left = Math.floor(left / 1000), last = false)
    groups.unshift(`${last ? '' : 'x'}${String(left % 1000).padStart(3, '0')}`);
  return groups.join('/');
};

export const tilePath = ({ level, n, width }: TileName): string =>
  `tile/${level}/${pathOfIndex(n)}${width === TILE_WIDTH ? '' : `.p/${width}`}`;

const NAME = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/)*)(\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** The tile of a path, `undefined` unless it is spelled exactly as the specification does. */
export const tileOfPath = (path: string): TileName | undefined => {
  const match = NAME.exec(path);
  if (!match) return undefined;
  const [, kind, upper, last, partial] = match;
  const level = kind === 'entries' ? kind : Number(kind);
  const n = Number(`${upper!.replaceAll(/[x/]/g, '')}${last}`);
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  if (!Number.isSafeInteger(n) || (level !== 'entries' && level > HIGHEST_LEVEL)) return undefined;
  if (partial !== undefined && width >= TILE_WIDTH) return undefined;
  const tile: TileName = { level, n, width };
  // One name per tile: no leading group of zeroes.
  return tilePath(tile) === path ? tile : undefined;
};

/** Names of all tiles of hashes in a tree of `size` leaves, from a level upwards. */
export const tilesOf = function* (size: number, fromLevel = 0): Generator<TileName & { level: number }> {
  for (let level = fromLevel; tileWidth(size, level, 0) > 0; level++)
    for (let n = 0, width; (width = tileWidth(size, level, n)) > 0; n++) yield { level, n, width };
};

export const hashesOf = (tile: Buffer): Hash[] =>
  Array.from({ length: tile.length / HASH_BYTES }, (_, at) => tile.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));

/** The root of a power of two of hashes that stand next to each other. */
export const foldHashes = (hashes: readonly Hash[]): Hash => {
  let level = hashes;
  while (level.length > 1)
    level = Array.from({ length: level.length / 2 }, (_, at) => nodeHash(level[2 * at]!, level[2 * at + 1]!));
  return level[0]!;
};

export type ReadTile = (tile: TileName & { level: number }) => Promise<Buffer>;

/** Subtrees of a tree of `size` leaves by its tiles. Each tile is read once. */
export const subtreesOfTiles = (size: number, read: ReadTile): Subtrees => {
  const tiles = new Map<string, Promise<Buffer>>();
  const tileOf = (level: number, n: number) => {
    const tile = { level, n, width: tileWidth(size, level, n) };
    const path = tilePath(tile);
    const known = tiles.get(path) ?? read(tile);
    tiles.set(path, known);
    return known;
  };
  return async (height, index) => {
    const level = Math.floor(height / TILE_HEIGHT);
    const count = 2 ** (height % TILE_HEIGHT);
    const first = index * count;
    const n = Math.floor(first / TILE_WIDTH);
    const at = first % TILE_WIDTH;
    const tile = await tileOf(level, n);
    if (tile.length < (at + count) * HASH_BYTES)
      throw new Error(`Tile ${level}/${n} of a log has ${tile.length} bytes: too few for a tree of ${size} leaves.`);
    return foldHashes(hashesOf(tile.subarray(at * HASH_BYTES, (at + count) * HASH_BYTES)));
  };
};

/** The longest leaf that a bundle can hold. */
export const LONGEST_LEAF = 65_535;

/** An entry bundle: each leaf behind its length as a big-endian uint16. */
export const bundleOf = (leaves: readonly Uint8Array[]): Buffer =>
  Buffer.concat(
    leaves.flatMap((leaf) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(leaf.length);
      return [length, leaf];
    }),
  );
