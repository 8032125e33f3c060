import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
  consistencyProof,
  emptyRoot,
  inclusionProof,
  isConsistent,
  isIncluded,
  leafHash,
  nodeHash,
  rootOf,
  type Hash,
} from './merkle.ts';
import { bundleOf, foldHashes, hashesOf, subtreesOfTiles, tileOfPath, tilePath, tilesOf, tileWidth } from './tiles.ts';

const LARGEST = 70_000;
const leaves = Array.from({ length: LARGEST }, (_, index) => leafHash(Buffer.from(`leaf ${index}`)));

/** RFC 6962 §2.1 word by word, over the first leaves. Kept, since the sizes share most of their trees. */
const known = new Map<string, Hash>();
const mth = (start: number, end: number): Hash => {
  if (end === start) return createHash('sha256').digest();
  if (end - start === 1) return leaves[start]!;
  const name = `${start} ${end}`;
  const k = 2 ** Math.floor(Math.log2(end - start - 1));
  const hash = known.get(name) ?? nodeHash(mth(start, start + k), mth(start + k, end));
  known.set(name, hash);
  return hash;
};
const path = (m: number, start: number, end: number): Hash[] => {
  if (end - start === 1) return [];
  const k = 2 ** Math.floor(Math.log2(end - start - 1));
  return m < k
    ? [...path(m, start, start + k), mth(start + k, end)]
    : [...path(m - k, start + k, end), mth(start, start + k)];
};
const subproof = (m: number, start: number, end: number, whole: boolean): Hash[] => {
  if (m === end - start) return whole ? [] : [mth(start, end)];
  const k = 2 ** Math.floor(Math.log2(end - start - 1));
  return m <= k
    ? [...subproof(m, start, start + k, whole), mth(start + k, end)]
    : [...subproof(m - k, start + k, end, false), mth(start, start + k)];
};

/** Tiles made as C2SP tlog-tiles defines them: each level of the roots of full tiles below. */
const tilesOver = (size: number) => {
  const tiles = new Map<string, Buffer>();
  let level = leaves.slice(0, size);
  for (let height = 0; level.length > 0; height++) {
    const roots: Hash[] = [];
    for (let n = 0; n * 256 < level.length; n++) {
      const hashes = level.slice(n * 256, (n + 1) * 256);
      tiles.set(tilePath({ level: height, n, width: hashes.length }), Buffer.concat(hashes));
      if (hashes.length === 256) roots.push(foldHashes(hashes));
    }
    level = roots;
  }
  return tiles;
};
const treeOf = (size: number) => {
  const tiles = tilesOver(size);
  return subtreesOfTiles(size, async (tile) => tiles.get(tilePath(tile))!);
};

const sizes = [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000];

describe.each(sizes)('R84: a tree of %i leaves', (size) => {
  const subtrees = treeOf(size);
  const at = [...new Set([0, 1, 127, 254, 255, 256, 65_535, 65_536, size - 2, size - 1])].filter(
    (index) => index >= 0 && index < size,
  );

  it('has the root of RFC 6962', async () => {
    expect(await rootOf(subtrees, size)).toEqual(mth(0, size));
  });

  it('proves what it holds by the paths of RFC 6962, and nothing else', async () => {
    const root = await rootOf(subtrees, size);
    for (const index of at) {
      const proof = await inclusionProof(subtrees, index, size);
      expect(proof).toEqual(path(index, 0, size));
      const claim = { index, size, leaf: leaves[index]!, root };
      expect(isIncluded(claim, proof)).toBe(true);
      expect(isIncluded({ ...claim, leaf: leafHash(Buffer.from('other')) }, proof)).toBe(false);
      expect(isIncluded({ ...claim, index: index + 1 }, proof)).toBe(false);
      expect(isIncluded(claim, [...proof, root])).toBe(false);
      expect(isIncluded(claim, proof.slice(1))).toBe(proof.length === 0);
    }
  });

  it('proves that smaller trees are its beginning, by RFC 6962, and no others', async () => {
    const to = { size, root: await rootOf(subtrees, size) };
    for (const from of [...at, size]) {
      const proof = await consistencyProof(subtrees, from, size);
      if (from > 0) expect(proof).toEqual(subproof(from, 0, size, true));
      const old = { size: from, root: mth(0, from) };
      expect(isConsistent(old, to, proof)).toBe(true);
      const forged = { size: from, root: leafHash(Buffer.from('forged')) };
      expect(isConsistent(forged, to, proof)).toBe(false);
      if (proof.length > 0) expect(isConsistent(old, to, proof.slice(1))).toBe(false);
      expect(isConsistent(old, to, [...proof, old.root])).toBe(false);
    }
  });
});

describe('R84: trees of any size', () => {
  it('prove each leaf and each beginning', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 700 }), fc.nat(), fc.nat(), async (size, someIndex, someOld) => {
        const subtrees = treeOf(size);
        const root = await rootOf(subtrees, size);
        const index = someIndex % size;
        const proof = await inclusionProof(subtrees, index, size);
        expect(proof).toEqual(path(index, 0, size));
        expect(isIncluded({ index, size, leaf: leaves[index]!, root }, proof)).toBe(true);
        const old = someOld % (size + 1);
        const from = { size: old, root: mth(0, old) };
        expect(isConsistent(from, { size, root }, await consistencyProof(subtrees, old, size))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('begin with the hash of nothing', () => {
    expect(emptyRoot.toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });
});

describe('R84: tiles', () => {
  it('of 70,000 leaves are those of the example in tlog-tiles', () => {
    const names = [...tilesOf(70_000)];
    expect(names.filter(({ level }) => level === 0)).toHaveLength(274);
    expect(names.filter(({ width }) => width < 256).map(tilePath)).toEqual([
      'tile/0/273.p/112',
      'tile/1/001.p/17',
      'tile/2/000.p/1',
    ]);
    expect([...tilesOf(256)].map(tilePath)).toEqual(['tile/0/000', 'tile/1/000.p/1']);
    expect(tileWidth(70_000, 0, 274)).toBe(0);
  });

  it('have one name each', () => {
    const tile = { level: 3, n: 1_234_067, width: 256 };
    expect(tilePath(tile)).toBe('tile/3/x001/x234/067');
    expect(tileOfPath('tile/3/x001/x234/067')).toEqual(tile);
    expect(tileOfPath('tile/entries/000.p/7')).toEqual({ level: 'entries', n: 0, width: 7 });
    expect(tileOfPath('tile/0/x001/000')).toEqual({ level: 0, n: 1000, width: 256 });
    for (const wrong of [
      'tile/00/000',
      'tile/64/000',
      'tile/0/0',
      'tile/0/x000/000',
      'tile/0/001/000',
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/000.p/01',
      'tile/data/000',
      'tile/0/000/',
      'tile/0/x999/x999/x999/x999/x999/x999/999',
    ])
      expect([wrong, tileOfPath(wrong)]).toEqual([wrong, undefined]);
  });

  it('fail where one is too short for the tree', async () => {
    const subtrees = subtreesOfTiles(3, async () => Buffer.alloc(64));
    await expect(subtrees(0, 2)).rejects.toThrow('too few');
  });

  it('of entries hold each leaf behind its length', () => {
    expect(bundleOf([Buffer.from('ab'), Buffer.from(''), Buffer.alloc(258, 1)]).subarray(0, 8)).toEqual(
      Buffer.from([0, 2, 97, 98, 0, 0, 1, 2]),
    );
    expect(hashesOf(Buffer.alloc(64, 7))).toHaveLength(2);
  });
});
