import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { checkpointText } from '../../../libs/audit/src/log/checkpoint.ts';
import { consistencyProof, inclusionProof, leafHash, rootOf } from '../../../libs/audit/src/log/merkle.ts';
import { ED25519, noteText, signNote, verifierKeyText } from '../../../libs/audit/src/log/note.ts';
import { seedSigner } from '../../../libs/audit/src/log/signing-keys.ts';
import { bundleOf, foldHashes, subtreesOfTiles, tilePath } from '../../../libs/audit/src/log/tiles.ts';

const folder = mkdtempSync(join(tmpdir(), 'tenure-second-opinion-'));
afterAll(() => rmSync(folder, { recursive: true }));

const program = join(folder, 'second-opinion');
/** Needs Go, and its modules from the module cache or the proxy. */
const { status } = spawnSync('go', ['build', '-o', program, '.'], { cwd: join(import.meta.dirname) });
const describeWithGo = status === 0 ? describe : describe.skip;

const SIZES = [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000];
const leaf = (index) => Buffer.from(`leaf ${index}`);
const hashes = Array.from({ length: SIZES.at(-1) }, (_, index) => leafHash(leaf(index)));

const tilesOver = (size) => {
  const tiles = new Map();
  let below = hashes.slice(0, size);
  for (let level = 0; below.length > 0; level++) {
    const roots = [];
    for (let n = 0; n * 256 < below.length; n++) {
      const part = below.slice(n * 256, (n + 1) * 256);
      tiles.set(tilePath({ level, n, width: part.length }), Buffer.concat(part));
      if (part.length === 256) roots.push(foldHashes(part));
    }
    below = roots;
  }
  return tiles;
};
const largest = new Map();
for (const [path, bytes] of tilesOver(SIZES.at(-1))) largest.set(path.replace(/\.p\/\d+$/, ''), bytes);
/** A smaller tree has the beginnings of the same tiles. */
const treeOf = (size) =>
  subtreesOfTiles(size, async ({ width, ...tile }) =>
    largest.get(tilePath({ ...tile, width: 256 })).subarray(0, width * 32),
  );
const base64 = (list) => list.map((hash) => hash.toString('base64'));

const ask = (...words) => {
  const { status: code, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  return { code, said: `${stdout}${stderr}`.trim() };
};

describeWithGo('R84: what Go says of our trees (needs Go)', () => {
  it('is that roots and proofs of all sizes equal its own', async () => {
    const trees = [];
    for (const size of SIZES) {
      const subtrees = treeOf(size);
      const at = [0, 1, 254, 255, 256, 257, 32_768, 65_534, 65_535, 65_536, size - 1].filter(
        (index, place, all) => index >= 0 && index < size && all.indexOf(index) === place,
      );
      trees.push({
        size,
        root: (await rootOf(subtrees, size)).toString('base64'),
        inclusion: await Promise.all(
          at.map(async (index) => ({ index, proof: base64(await inclusionProof(subtrees, index, size)) })),
        ),
        consistency: await Promise.all(
          at
            .filter((from) => from > 0)
            .map(async (from) => ({
              from,
              root: (await rootOf(treeOf(from), from)).toString('base64'),
              proof: base64(await consistencyProof(subtrees, from, size)),
            })),
        ),
      });
    }
    const file = join(folder, 'proofs.json');
    writeFileSync(file, JSON.stringify({ trees }));
    expect(ask('proofs', file)).toEqual({ code: 0, said: expect.stringMatching(/^9 trees, \d{2,} proofs$/) });
    trees[6].inclusion[2].proof[3] = trees[6].root;
    writeFileSync(file, JSON.stringify({ trees }));
    expect(ask('proofs', file).code).toBe(1);
  }, 120_000);

  it('is that signed static tiles of 70,000 entries are a log, and that one flipped bit is none', async () => {
    const dir = join(folder, 'tiles');
    const origin = 'tenure.example/audit/v1/tenants/acme';
    const size = SIZES.at(-1);
    const write = (path, bytes) => {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), bytes);
    };
    for (const [path, bytes] of tilesOver(size)) write(path, bytes);
    for (let n = 0; n * 256 < size; n++) {
      const width = Math.min(256, size - n * 256);
      write(
        tilePath({ level: 'entries', n, width }),
        bundleOf(Array.from({ length: width }, (_, at) => leaf(n * 256 + at))),
      );
    }
    const signer = seedSigner(createHash('sha256').update('a key').digest());
    const root = await rootOf(treeOf(size), size);
    write('checkpoint', noteText(await signNote(checkpointText({ origin, size, root }), origin, [signer])));
    const key = verifierKeyText({ name: origin, kind: ED25519, publicKey: signer.publicKey });
    expect(ask('tiles', dir, key)).toEqual({ code: 0, said: `70000 entries of ${origin}` });

    for (const path of ['tile/0/100', 'tile/1/000', 'tile/entries/007', 'checkpoint']) {
      const before = readFileSync(join(dir, path));
      const flipped = Buffer.from(before);
      flipped[40] ^= 1;
      write(path, flipped);
      expect([path, ask('tiles', dir, key).code]).toEqual([path, 1]);
      write(path, before);
    }
  }, 120_000);
});
