import { createHash } from 'node:crypto';

/** SHA-256, 32 bytes. */
export type Hash = Buffer;
export const HASH_BYTES = 32;

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);
const sha256 = (...parts: readonly Uint8Array[]): Hash => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** RFC 6962 §2.1: the hash of an empty tree is that of no bytes. */
export const emptyRoot: Hash = sha256();
export const leafHash = (leaf: Uint8Array): Hash => sha256(LEAF, leaf);
export const nodeHash = (left: Uint8Array, right: Uint8Array): Hash => sha256(NODE, left, right);

/** Returns the hash of the complete subtree of 2^height leaves that is `index`-th of its height. */
export type Subtrees = (height: number, index: number) => Promise<Hash>;

/** The largest power of two below `n`, and its exponent. Sizes go beyond 2^32, so no bit operators. */
const splitOf = (n: number): { size: number; height: number } => {
  let [size, height] = [1, 0];
  while (size * 2 < n) [size, height] = [size * 2, height + 1];
  return { size, height };
};

/** MTH(D[start:end]), RFC 6962 §2.1. `start` is a multiple of the smallest power of two that isn't below `end - start`. */
const hashOfRange = async (subtrees: Subtrees, start: number, end: number): Promise<Hash> => {
  const n = end - start;
  if (n === 0) return emptyRoot;
  if (n === 1) return subtrees(0, start);
  const { size, height } = splitOf(n);
  if (size * 2 === n) return subtrees(height + 1, start / n);
  return nodeHash(await subtrees(height, start / size), await hashOfRange(subtrees, start + size, end));
};

export const rootOf = (subtrees: Subtrees, size: number): Promise<Hash> => hashOfRange(subtrees, 0, size);

/** PATH(index, D[size]), RFC 6962 §2.1.1: from the leaf's sibling up to the root's child. */
export const inclusionProof = async (subtrees: Subtrees, index: number, size: number): Promise<Hash[]> => {
  const proof: Hash[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + splitOf(end - start).size;
    if (index < middle) {
      proof.push(await hashOfRange(subtrees, middle, end));
      end = middle;
    } else {
      proof.push(await hashOfRange(subtrees, start, middle));
      start = middle;
    }
  }
  return proof.reverse();
};

/** PROOF(from, D[to]), RFC 6962 §2.1.2. Empty from size 0, and between equal sizes. */
export const consistencyProof = async (subtrees: Subtrees, from: number, to: number): Promise<Hash[]> => {
  if (from === 0 || from === to) return [];
  const proof: Hash[] = [];
  let [start, end] = [0, to];
  while (end !== from) {
    const middle = start + splitOf(end - start).size;
    if (from <= middle) {
      proof.push(await hashOfRange(subtrees, middle, end));
      end = middle;
    } else {
      proof.push(await hashOfRange(subtrees, start, middle));
      start = middle;
    }
  }
  // The old tree itself is known to who asks; a part of it isn't.
  if (start > 0) proof.push(await hashOfRange(subtrees, start, end));
  return proof.reverse();
};

type Inclusion = { index: number; size: number; leaf: Hash; root: Hash };

/** RFC 9162 §2.1.3.2, which takes the proofs of RFC 6962. */
export const isIncluded = ({ index, size, leaf, root }: Inclusion, proof: readonly Hash[]): boolean => {
  if (!(index >= 0 && index < size)) return false;
  let [fn, sn, hash] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else hash = nodeHash(hash, sibling);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && hash.equals(root);
};

type Tree = { size: number; root: Hash };

/** RFC 9162 §2.1.4.2. */
export const isConsistent = (from: Tree, to: Tree, proof: readonly Hash[]): boolean => {
  if (from.size > to.size) return false;
  if (from.size === to.size) return proof.length === 0 && from.root.equals(to.root);
  if (from.size === 0) return proof.length === 0 && from.root.equals(emptyRoot);
  let [fn, sn] = [from.size - 1, to.size - 1];
  while (fn % 2 === 1) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  const hashes = fn === 0 ? [from.root, ...proof] : proof;
  const [first, ...rest] = hashes;
  if (!first) return false;
  let [fr, sr] = [first, first];
  for (const hash of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [nodeHash(hash, fr), nodeHash(hash, sr)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else sr = nodeHash(sr, hash);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && fr.equals(from.root) && sr.equals(to.root);
};
