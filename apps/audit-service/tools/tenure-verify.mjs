#!/usr/bin/env node
// Verifies an export of Tenure's audit offline. This file is all there is: it needs Node 20 or newer, no package and no network, and
// trusts nothing but the keys it is given. Formats: docs/reference/audit-export.md; C2SP tlog-tiles, tlog-checkpoint, signed-note,
// tlog-cosignature, tlog-proof, tlog-policy; RFC 6962; RFC 8785.
import { createHash, createPublicKey, verify } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  closeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { gunzipSync } from 'node:zlib';
import { createGunzip } from 'node:zlib';

const USAGE = `Usage: node tenure-verify.mjs EXPORT --key KEY [--key KEY …] [options]

  EXPORT               an export, .ndjson.gz or .ndjson
  --key KEY            a verifier key (NAME+ID+BASE64) that you trust: of the log, and of the anchor log
  --policy FILE        which witnesses must have cosigned (C2SP tlog-policy)
  --since OLD          an older export, proof or checkpoint that this export must follow from
  --consistency FILE   the answer of GET …/proof?from=SIZE, where the export has no proof from OLD
  --unpack DIR         writes the log as static tiles (C2SP tlog-tiles)
  --json               prints the result as JSON

Exit code: 0 verified, 1 refused, 2 wrong usage.`;

/** What is wrong, by a stable name, and at which entry where one is to blame. */
class Refused extends Error {
  constructor(name, message, index) {
    super(message);
    this.refusal = name;
    this.index = index;
  }
}
const refuse = (name, message, index) => {
  throw new Refused(name, message, index);
};

// ── RFC 8785 ────────────────────────────────────────────────────────────────────────────────────────────────────────
const canonicalText = (text) => {
  if (!text.isWellFormed()) throw new TypeError('a lone surrogate');
  return JSON.stringify(text);
};
const canonical = (value) => {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return canonicalText(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('a number out of range');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const names = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
  return `{${names.map((name) => `${canonicalText(name)}:${canonical(value[name])}`).join(',')}}`;
};
/** Reads JSON that is in canonical form: no name twice, no space, no carriage return, one way to write each number. */
const parseCanonical = (text) => {
  const value = JSON.parse(text);
  if (canonical(value) !== text) throw new SyntaxError('not in canonical form (RFC 8785)');
  return value;
};

// ── RFC 6962 ────────────────────────────────────────────────────────────────────────────────────────────────────────
const HASH = 32;
const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const leafHash = (leaf) => sha256(Buffer.of(0), leaf);
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);
const emptyRoot = sha256();

const isIncluded = (index, size, leaf, root, proof) => {
  if (index < 0 || index >= size) return false;
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
const isConsistent = (from, to, proof) => {
  if (from.size > to.size) return false;
  if (from.size === to.size) return proof.length === 0 && from.root.equals(to.root);
  if (from.size === 0) return proof.length === 0 && from.root.equals(emptyRoot);
  let [fn, sn] = [from.size - 1, to.size - 1];
  while (fn % 2 === 1) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  const [first, ...rest] = fn === 0 ? [from.root, ...proof] : proof;
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

// ── Tiles ───────────────────────────────────────────────────────────────────────────────────────────────────────────
const WIDTH = 256;
const widthOf = (size, level, n) => Math.max(0, Math.min(WIDTH, Math.floor(size / WIDTH ** level) - n * WIDTH));
const pathOf = (level, n, width) => {
  const digits = String(n).padStart(Math.ceil(String(n).length / 3) * 3, '0');
  const groups = digits.match(/\d{3}/g);
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${path}${width < WIDTH ? `.p/${width}` : ''}`;
};
const hashAt = (tile, at) => tile.subarray(at * HASH, (at + 1) * HASH);
const fold = (hashes) => {
  let level = Array.from({ length: hashes.length / HASH }, (_, at) => hashAt(hashes, at));
  while (level.length > 1)
    level = Array.from({ length: level.length / 2 }, (_, at) => nodeHash(level[2 * at], level[2 * at + 1]));
  return level[0];
};
/** MTH(D[start:end]) by the tiles that are there. Throws where one is missing. */
const rootBetween = (tiles, start, end) => {
  if (end === start) return emptyRoot;
  let [size, height] = [1, 0];
  while (size < end - start) [size, height] = [size * 2, height + 1];
  if (size === end - start) {
    const level = Math.floor(height / 8);
    const [count, first] = [2 ** (height % 8), (start / size) * 2 ** (height % 8)];
    const tile = tiles.get(`${level}/${Math.floor(first / WIDTH)}`);
    const at = (first % WIDTH) * HASH;
    if (!tile || tile.length < at + count * HASH)
      throw new RangeError(`tile ${level}/${Math.floor(first / WIDTH)} is missing`);
    return fold(tile.subarray(at, at + count * HASH));
  }
  return nodeHash(rootBetween(tiles, start, start + size / 2), rootBetween(tiles, start + size / 2, end));
};

// ── Signed notes ────────────────────────────────────────────────────────────────────────────────────────────────────
const [ED25519, COSIGNATURE] = [1, 4];
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const keyIdOf = (name, kind, publicKey) => sha256(`${name}\n`, Buffer.of(kind), publicKey).subarray(0, 4);
const base64Of = (text) => {
  const bytes = Buffer.from(text ?? '', 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
};
const keyOf = (text, kind) => {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(text ?? '') ?? [];
  const bytes = base64Of(encoded);
  if (bytes?.length !== 33 || bytes[0] !== kind) throw new Error(`not a verifier key of this kind: ${text}`);
  const publicKey = bytes.subarray(1);
  if (keyIdOf(name, kind, publicKey).toString('hex') !== id) throw new Error(`the id doesn't match the key: ${text}`);
  return { name, kind, id, publicKey };
};
const noteOf = (note) => {
  for (let at = 0; at < note.length; at++)
    if (note.charCodeAt(at) < 32 && note[at] !== '\n') throw new Error('control characters');
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n') || !note.isWellFormed()) throw new Error('no signatures');
  const signatures = note
    .slice(split + 2, -1)
    .split('\n')
    .map((line) => {
      const [, name, encoded] = /^— ([^\s+]+) (\S+)$/u.exec(line) ?? [];
      const bytes = base64Of(encoded);
      if (!bytes || bytes.length < 5) throw new Error('a malformed signature line');
      return { name, id: bytes.subarray(0, 4).toString('hex'), signature: bytes.subarray(4) };
    });
  return { text: note.slice(0, split + 1), signatures };
};
const checkpointOf = (note) => {
  const { text, signatures } = noteOf(note);
  const [, origin, size, encoded] = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([^\n]+)\n(?:[^\n]+\n)*$/.exec(text) ?? [];
  const root = base64Of(encoded);
  if (root?.length !== HASH || !Number.isSafeInteger(Number(size))) throw new Error('not a checkpoint');
  return { origin, size: Number(size), root, text, signatures };
};
const isSigned = ({ kind, publicKey }, text, signature) => {
  const key = createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki' });
  if (kind === ED25519) return signature.length === 64 && verify(null, Buffer.from(text), key, signature);
  if (signature.length !== 72) return false;
  const message = `cosignature/v1\ntime ${signature.readBigUInt64BE()}\n${text}`;
  return verify(null, Buffer.from(message), key, signature.subarray(8));
};
/** Keys among these that signed. A wrong signature under a known key is refused; unknown ones are ignored. */
const signersOf = ({ text, signatures }, keys, what) =>
  keys.filter((key) => {
    const own = signatures.filter(({ name, id }) => name === key.name && id === key.id);
    if (!own.every(({ signature }) => isSigned(key, text, signature)))
      refuse('signature', `The signature of ${key.name}+${key.id} on ${what} is wrong.`);
    return own.length > 0;
  });
const readCheckpoint = (note, what) => {
  try {
    return checkpointOf(note);
  } catch (error) {
    return refuse('checkpoint', `${what} can't be read: ${error.message}.`);
  }
};
const trusted = (note, keys, what) => {
  const checkpoint = readCheckpoint(note, what);
  const own = keys.filter(({ name }) => name === checkpoint.origin);
  if (own.length === 0) refuse('key', `${what} is of ${checkpoint.origin}, and no key was given for it.`);
  const signers = signersOf(checkpoint, own, what);
  if (signers.length === 0) refuse('signature', `${what} isn't signed by a key that was given.`);
  return { ...checkpoint, signers };
};
const proofHashes = (lines, what) =>
  lines.map((line) => {
    const hash = base64Of(line);
    return hash?.length === HASH ? hash : refuse('proof', `${what} holds something that isn't a hash.`);
  });

// ── C2SP tlog-policy ────────────────────────────────────────────────────────────────────────────────────────────────
const policyOf = (text) => {
  const [logs, witnesses, rules, grouped] = [[], [], new Map([['none', () => true]]), new Set(['none'])];
  let quorum;
  const define = (name, rule) => {
    if (name === undefined || rules.has(name)) throw new Error(`the name ${name} is taken or missing`);
    rules.set(name, rule);
  };
  const line = ([word, name, ...rest]) => {
    if (word === 'log') logs.push(keyOf(name, ED25519));
    else if (word === 'witness') {
      const key = keyOf(rest[0], COSIGNATURE);
      if (witnesses.some((other) => other.key.publicKey.equals(key.publicKey))) throw new Error('the key comes twice');
      define(name, (cosigned) => cosigned.has(name));
      witnesses.push({ name, key });
    } else if (word === 'group') {
      const [threshold, ...members] = rest;
      const parts = members.map((member) => {
        if (!rules.has(member) || grouped.has(member))
          throw new Error(`${member} isn't defined above, or is in a group`);
        grouped.add(member);
        return rules.get(member);
      });
      const least = threshold === 'all' ? parts.length : threshold === 'any' ? 1 : Number(threshold);
      if (!(Number.isInteger(least) && least >= 1 && least <= parts.length))
        throw new Error('expected all, any or a number');
      define(name, (cosigned) => parts.filter((isMet) => isMet(cosigned)).length >= least);
    } else if (word === 'quorum' && !quorum && rules.has(name)) quorum = rules.get(name);
    else throw new Error('expected log, witness, group, or one quorum of a name defined above');
  };
  for (const [at, raw] of text.split('\n').entries()) {
    const words = raw.split(/[ \t]+/).filter(Boolean);
    if (words.length === 0 || words[0].startsWith('#')) continue;
    try {
      line(words);
    } catch (error) {
      throw new Error(`line ${at + 1}: ${error.message}`, { cause: error });
    }
  }
  if (!quorum) throw new Error('there is no quorum line');
  return { logs, witnesses, quorum };
};

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────
const isGzip = (file) => {
  const fd = openSync(file, 'r');
  const magic = Buffer.alloc(2);
  readSync(fd, magic, 0, 2, 0);
  closeSync(fd);
  return magic[0] === 0x1f && magic[1] === 0x8b;
};
/** Lines as they are: only a newline ends one. */
const linesOf = async function* (file) {
  const source = createReadStream(file);
  const stream = isGzip(file) ? source.pipe(createGunzip()) : source;
  const decoder = new StringDecoder('utf8');
  let rest = '';
  try {
    for await (const chunk of stream) {
      const parts = (rest + decoder.write(chunk)).split('\n');
      rest = parts.pop();
      yield* parts;
    }
  } catch (error) {
    if (error instanceof Refused) throw error;
    refuse(
      error.code === 'Z_BUF_ERROR' ? 'truncated' : 'format',
      `The file can't be read to its end: ${error.message}.`,
    );
  }
  if (rest + decoder.end() !== '') refuse('truncated', 'The last line is cut.');
};

/** The checkpoint in an older export, a tlog-proof, a consistency proof, or by itself. */
const noteIn = (file) => {
  const bytes = readFileSync(file);
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString();
  if (text.startsWith('{')) {
    const line = text.split('\n').find((each) => each.includes('"kind":"checkpoint"'));
    if (line) return JSON.parse(line).note;
  }
  if (text.startsWith('c2sp.org/tlog-proof@v1\n') || text.startsWith('old '))
    return text.slice(text.indexOf('\n\n') + 2);
  return text;
};

// ── The export ──────────────────────────────────────────────────────────────────────────────────────────────────────
const isIndex = (value) => Number.isSafeInteger(value) && value >= 0;

/** The rules of one entry: its place, its leaf, and what the leaf says of the data beside it. */
const checkEntry = (entry, expected, isComplete) => {
  const { index } = entry;
  if (!isIndex(index)) refuse('format', 'An entry has no index.');
  if (isComplete ? index !== expected : index < expected) {
    if (index < expected)
      refuse('order', `Entry ${index} comes after entry ${expected - 1}: doubled or out of order.`, index);
    refuse('missing', `Entry ${expected} is missing: entry ${index} comes in its place.`, expected);
  }
  if (typeof entry.leaf !== 'string') refuse('format', `Entry ${index} has no leaf.`, index);
  const hash = leafHash(Buffer.from(entry.leaf));
  if (base64Of(entry.hash)?.equals(hash) !== true) refuse('leaf', `The leaf of entry ${index} was changed.`, index);
  let leaf;
  try {
    leaf = parseCanonical(entry.leaf);
  } catch (error) {
    refuse('leaf', `The leaf of entry ${index} is ${error.message}.`, index);
  }
  if (leaf.v !== 0 && leaf.v !== 1) refuse('leaf', `Entry ${index} has a leaf of an unknown version.`, index);
  if (sha256(canonical(entry.data ?? null)).toString('hex') !== leaf.data)
    refuse('data', `The data of entry ${index} (${leaf.stream}@${leaf.revision}) was changed.`, index);
  const sealed = entry.personal === undefined ? undefined : base64Of(entry.personal);
  if (entry.personal !== undefined && !sealed)
    refuse('personal', `The sealed data of entry ${index} isn't base64.`, index);
  const personal = sealed && sha256(sealed).toString('hex');
  if (personal !== leaf.personal)
    refuse('personal', `The sealed data of entry ${index} (${leaf.stream}@${leaf.revision}) was changed.`, index);
  return { leaf, hash };
};

/** What streams tell of what never came into the log: a revision that is left out, a time that goes back. */
const streamChecker = (first, noticed) => {
  const streams = new Map();
  return ({ stream, revision, recordedAt, v }, index) => {
    const known = streams.get(stream);
    if (known && revision > known.revision + 1)
      refuse(
        'stream-gap',
        `Entry ${index} is ${stream}@${revision}, and the one before was @${known.revision}: what lies between never came into the log.`,
        index,
      );
    if (!known && first === 0 && revision !== 1)
      refuse(
        'stream-gap',
        `Entry ${index} is ${stream}@${revision}, the first of its stream in a log from its beginning.`,
        index,
      );
    if (known && revision <= known.revision)
      noticed.push(
        `Entry ${index} gives ${stream}@${revision} again: the store was restored, or an event was changed.`,
      );
    if (known && recordedAt < known.recordedAt)
      noticed.push(
        `Entry ${index} of ${stream} was recorded before the one before it (${recordedAt} after ${known.recordedAt}).`,
      );
    streams.set(stream, { revision, recordedAt, v });
  };
};

/** Writes static tiles beside the reading, into a folder that gets its name once all is verified. */
const unpacker = (dir) => {
  const partial = `${dir}.partial`;
  if (existsSync(dir) || existsSync(partial)) throw new Error(`${existsSync(dir) ? dir : partial} exists already.`);
  const write = (path, bytes) => {
    const file = join(partial, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  };
  let bundle = [];
  return {
    leaf: (index, leaf, size) => {
      if (index % WIDTH === 0) bundle = [];
      const bytes = Buffer.from(leaf);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(bytes.length);
      bundle.push(length, bytes);
      const n = Math.floor(index / WIDTH);
      const width = widthOf(size, 0, n);
      if (bundle.length === 2 * width && index === n * WIDTH + width - 1)
        write(pathOf('entries', n, width), Buffer.concat(bundle));
    },
    finish: (note, tiles, size) => {
      write('checkpoint', note);
      for (const [name, hashes] of tiles) {
        const [level, n] = name.split('/').map(Number);
        write(pathOf(level, n, widthOf(size, level, n)), hashes);
      }
      renameSync(partial, dir);
    },
    drop: () => rmSync(partial, { recursive: true, force: true }),
  };
};

const LINES = new Set(['head', 'key', 'checkpoint', 'consistency', 'anchor', 'entry', 'tile', 'end']);

const readExport = async (file, { keys, unpack }) => {
  const found = { noticed: [], consistency: new Map(), tiles: new Map(), anchors: [], entries: 0, legacy: 0 };
  let [number, expected, checkStream, recorded] = [0, 0, undefined, []];
  const edges = new Map();
  for await (const line of linesOf(file)) {
    number++;
    if (found.isEnded) refuse('format', `Line ${number} comes after the end.`);
    let value;
    try {
      value = parseCanonical(line);
    } catch (error) {
      refuse(
        'format',
        `Line ${number} is ${error instanceof SyntaxError && error.message.startsWith('not in') ? error.message : 'not JSON'}${line.endsWith('\r') ? ': it ends in a carriage return' : ''}.`,
      );
    }
    if (!LINES.has(value?.kind)) refuse('format', `Line ${number} is of an unknown kind.`);
    if ((number === 1) !== (value.kind === 'head'))
      refuse('format', number === 1 ? 'The first line is no head.' : `Line ${number} is another head.`);
    const { kind, head = value } = { kind: value.kind, head: found.head };
    if (kind === 'head') {
      const { format, size, first, after, claims, filter } = head;
      if (format !== 'tenure-audit-export/1') refuse('format', `The format ${format} is unknown.`);
      if (![size, first, after].every(isIndex) || first > after || after > size)
        refuse('format', 'The range of the head is impossible.');
      if (claims !== 'complete' && claims !== 'inclusion') refuse('claims', `The head claims ${claims}.`);
      if (claims === 'complete' && Object.keys(filter ?? {}).length > 0)
        refuse('claims', 'A filtered export claims to be complete.');
      found.head = head;
      found.isComplete = claims === 'complete';
      expected = first;
      checkStream = found.isComplete ? streamChecker(first, found.noticed) : () => undefined;
    } else if (kind === 'checkpoint') {
      if (found.checkpoint) refuse('format', `Line ${number} is another checkpoint.`);
      found.note = value.note;
      found.checkpoint = trusted(String(value.note), keys, 'The checkpoint');
      if (found.checkpoint.origin !== head.origin)
        refuse('origin', `The checkpoint is of ${found.checkpoint.origin}, the export of ${head.origin}.`);
      if (found.checkpoint.size !== head.size)
        refuse('size', `The checkpoint is of ${found.checkpoint.size} entries, the export of ${head.size}.`);
    } else if (kind === 'consistency') {
      found.consistency.set(value.from, proofHashes(value.proof ?? [], `The consistency proof from ${value.from}`));
    } else if (kind === 'anchor') found.anchors.push(value);
    else if (kind === 'entry') {
      if (!found.checkpoint) refuse('format', 'An entry comes before the checkpoint.');
      const { leaf, hash } = checkEntry(value, expected, found.isComplete);
      const { index } = value;
      if (index < head.first || index >= head.after)
        refuse('order', `Entry ${index} lies outside the range of the export.`, index);
      checkStream(leaf, index);
      if (leaf.v === 0) found.legacy++;
      if (recorded.length === 0) recorded = [leaf.recordedAt, leaf.recordedAt];
      if (leaf.recordedAt < recorded[0]) recorded[0] = leaf.recordedAt;
      if (leaf.recordedAt > recorded[1]) recorded[1] = leaf.recordedAt;
      if (found.isComplete) {
        const name = `0/${Math.floor(index / WIDTH)}`;
        const tile = found.tiles.get(name) ?? Buffer.alloc(widthOf(head.size, 0, Math.floor(index / WIDTH)) * HASH);
        hash.copy(tile, (index % WIDTH) * HASH);
        found.tiles.set(name, tile);
        unpack?.leaf(index, value.leaf, head.size);
      } else if (
        !isIncluded(
          index,
          head.size,
          hash,
          found.checkpoint.root,
          proofHashes(value.proof ?? [], `The proof of entry ${index}`),
        )
      )
        refuse('inclusion', `Entry ${index} isn't in the log that was signed.`, index);
      expected = index + 1;
      found.entries++;
    } else if (kind === 'tile') {
      const [, level, path] = /^tile\/(\d+)\/(.*)$/.exec(value.path ?? '') ?? [];
      const n = Number((path ?? '').replace(/\.p\/.*$/, '').replaceAll(/[x/]/g, ''));
      const width = widthOf(head.size, Number(level), n);
      const hashes = base64Of(value.hashes);
      if (!isIndex(n) || width === 0 || pathOf(level, n, width) !== value.path || hashes?.length !== width * HASH)
        refuse('tile', `${value.path} isn't a tile of a log of ${head.size} entries.`);
      (Number(level) === 0 ? edges : found.tiles).set(`${Number(level)}/${n}`, hashes);
    } else if (kind === 'end') {
      if (value.entries !== found.entries)
        refuse('missing', `${found.entries} entries came, and the end counts ${value.entries}.`, expected);
      found.isEnded = true;
    }
  }
  if (!found.head) refuse('format', 'The file is empty.');
  if (!found.isEnded) refuse('truncated', `The export ends after line ${number}, without its last line.`, expected);
  if (!found.checkpoint) refuse('format', 'The export has no checkpoint.');
  if (found.isComplete && expected !== found.head.after)
    refuse('missing', `Entries from ${expected} on are missing.`, expected);
  if (found.entries !== found.head.entries)
    refuse('missing', `${found.entries} entries came, and the head counts ${found.head.entries}.`, expected);
  return { ...found, edges, recorded };
};

/** Holds entries and tiles against each other, level by level, up to the root that was signed. Names the least range that differs. */
const checkTree = ({ head, tiles, edges, checkpoint }) => {
  const { size, first, after } = head;
  for (const [name, given] of edges) {
    const start = Number(name.slice(2)) * WIDTH;
    const made = tiles.get(name);
    for (let index = Math.max(start, first); made && index < Math.min(start + given.length / HASH, after); index++)
      if (!hashAt(made, index - start).equals(hashAt(given, index - start)))
        refuse('leaf', `Entry ${index} isn't the one in its tile.`, index);
    tiles.set(name, given);
  }
  for (const [name, hashes] of tiles) {
    const [level, n] = name.split('/').map(Number);
    if (hashes.length !== WIDTH * HASH) continue;
    const above = tiles.get(`${level + 1}/${Math.floor(n / WIDTH)}`);
    if (!above)
      refuse(
        'tile',
        `${pathOf(level + 1, Math.floor(n / WIDTH), widthOf(size, level + 1, Math.floor(n / WIDTH)))} is missing.`,
      );
    const span = WIDTH ** (level + 1);
    if (!fold(hashes).equals(hashAt(above, n % WIDTH)))
      refuse(
        'tile',
        `${pathOf(level, n, WIDTH)} doesn't fit the one above: an entry from ${n * span} to ${(n + 1) * span - 1} was changed.`,
        n * span,
      );
  }
  let root;
  try {
    root = rootBetween(tiles, 0, size);
  } catch (error) {
    refuse('tile', `The root can't be made: ${error.message}.`);
  }
  if (!root.equals(checkpoint.root))
    refuse('root', 'Entries and tiles give another root than the one that was signed.');
};

const checkAnchors = ({ anchors, checkpoint, consistency }, { keys, policy }) => {
  const result = {};
  for (const { checkpoint: note, consistency: lines, proof } of anchors) {
    const anchored = trusted(String(note), keys, 'The anchored checkpoint');
    if (anchored.origin !== checkpoint.origin) refuse('anchor', 'The anchored checkpoint is of another log.');
    if (!isConsistent(anchored, checkpoint, proofHashes(lines ?? [], 'The proof of the anchored checkpoint')))
      refuse('anchor', 'The checkpoint of the export doesn’t follow from the one that was anchored.');
    const [, index, path, anchorNote] =
      /^c2sp\.org\/tlog-proof@v1\nindex (0|[1-9]\d{0,15})\n((?:[^\n]+\n)*)\n([^]*)$/.exec(String(proof)) ?? [];
    if (anchorNote === undefined) refuse('anchor', 'The proof of the anchor is malformed.');
    const anchorKeys = [...keys, ...(policy?.logs ?? [])];
    const unread = readCheckpoint(anchorNote, 'The checkpoint of the anchor log');
    if (!anchorKeys.some(({ name }) => name === unread.origin)) {
      if (policy) refuse('key', `The anchor log is ${unread.origin}, and no key was given for it.`);
      result.unchecked = unread.origin;
      continue;
    }
    const anchor = trusted(anchorNote, anchorKeys, 'The checkpoint of the anchor log');
    const hashes = proofHashes(path.split('\n').slice(0, -1), 'The proof of the anchor');
    if (!isIncluded(Number(index), anchor.size, leafHash(Buffer.from(anchored.text)), anchor.root, hashes))
      refuse('anchor', 'The anchor log doesn’t hold the checkpoint.');
    Object.assign(result, { size: anchored.size, origin: anchor.origin });
    if (!policy) continue;
    const cosigned = policy.witnesses.filter(({ key }) => signersOf(anchor, [key], 'the anchor log').length > 0);
    const times = cosigned.map(({ name, key }) => {
      const { signature } = anchor.signatures.find((each) => each.name === key.name && each.id === key.id);
      return { name, at: new Date(Number(signature.readBigUInt64BE()) * 1000).toISOString() };
    });
    if (!policy.quorum(new Set(cosigned.map(({ name }) => name))))
      refuse(
        'quorum',
        `Cosigned by ${cosigned.map(({ name }) => name).join(', ') || 'no witness of the policy'}: the policy asks for more.`,
      );
    result.witnesses = times;
  }
  if (policy && !result.origin) refuse('quorum', 'The export isn’t anchored, so no witness has seen it.');
  return { anchor: result, consistency };
};

const checkSince = (found, old, { keys, consistencyFile }) => {
  const before = trusted(old, keys, 'The older checkpoint');
  const { checkpoint, consistency, tiles } = found;
  if (before.origin !== checkpoint.origin) refuse('since', `The older checkpoint is of ${before.origin}.`);
  if (before.size > checkpoint.size)
    refuse(
      'since',
      `The log had ${before.size} entries and has ${checkpoint.size} now: entries were removed.`,
      checkpoint.size,
    );
  let proof = before.size === checkpoint.size ? [] : consistency.get(before.size);
  if (!proof && consistencyFile) {
    const text = readFileSync(consistencyFile, 'utf8');
    const lines = text.slice(0, text.indexOf('\n\n')).split('\n');
    if (lines[0] === `old ${before.size}`) proof = proofHashes(lines.slice(1), 'The consistency proof');
  }
  if (proof) {
    if (!isConsistent(before, checkpoint, proof))
      refuse('since', `The first ${before.size} entries aren't those that were signed before: the log was rewritten.`);
    return before.size;
  }
  let root;
  try {
    root = found.isComplete ? rootBetween(tiles, 0, before.size) : undefined;
  } catch {
    // A tile that this needs lies outside the export.
  }
  if (!root)
    refuse(
      'since',
      `The export has no proof from ${before.size}. Get it at /proof?from=${before.size}&to=${checkpoint.size} and give it with --consistency.`,
    );
  if (!root.equals(before.root))
    refuse('since', `The first ${before.size} entries aren't those that were signed before: the log was rewritten.`);
  return before.size;
};

const verifyExport = async ({ file, keys, policy, since, consistencyFile, unpackTo }) => {
  const unpack = unpackTo === undefined ? undefined : unpacker(unpackTo);
  try {
    const found = await readExport(file, { keys, unpack });
    if (found.isComplete) checkTree(found);
    const { anchor } = checkAnchors(found, { keys, policy });
    const follows = since === undefined ? undefined : checkSince(found, noteIn(since), { keys, consistencyFile });
    if (unpack) {
      if (!found.isComplete) refuse('unpack', 'A filtered export can’t be unpacked: it has no tiles.');
      unpack.finish(found.note, found.tiles, found.head.size);
    }
    const { head, checkpoint, recorded, entries, legacy, noticed, isComplete } = found;
    return {
      origin: head.origin,
      size: head.size,
      first: head.first,
      after: head.after,
      entries,
      claims: isComplete ? 'complete' : 'inclusion',
      filter: head.filter,
      recorded,
      signedBy: checkpoint.signers.map(({ name, id }) => `${name}+${id}`),
      legacy,
      anchor,
      follows,
      noticed,
    };
  } catch (error) {
    unpack?.drop();
    throw error;
  }
};

const report = (result) => {
  const { origin, size, first, after, entries, claims, filter, recorded, signedBy, legacy, anchor, follows, noticed } =
    result;
  const range = first === after ? 'no entry' : `every entry from ${first} to ${after - 1}, none left out`;
  return [
    `Verified: ${origin}, ${entries} entries of a log of ${size}.`,
    claims === 'complete'
      ? `Complete: ${range}.`
      : `Not complete: entries picked by ${JSON.stringify(filter)}. Each is in the log; others may be missing here.`,
    recorded.length > 0 && `Recorded from ${recorded[0]} to ${recorded[1]}.`,
    `Signed by ${signedBy.join(' and ')}.`,
    legacy > 0 && `${legacy} of them were taken in before there was a log: proof begins when they were.`,
    anchor.origin
      ? `Anchored in ${anchor.origin} up to entry ${anchor.size - 1}.`
      : anchor.unchecked
        ? `The anchor log ${anchor.unchecked} was not checked: no key was given for it.`
        : 'Not anchored.',
    anchor.witnesses &&
      `Cosigned by ${anchor.witnesses.map(({ name, at }) => `${name} at ${at}`).join(', ')}: enough for the policy.`,
    follows !== undefined && `Follows from the older checkpoint of ${follows} entries.`,
    ...noticed.map((text) => `Noticed: ${text}`),
  ].filter(Boolean);
};

const readArguments = (words) => {
  const options = { keys: [] };
  const names = {
    '--policy': 'policyFile',
    '--since': 'since',
    '--consistency': 'consistencyFile',
    '--unpack': 'unpackTo',
  };
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    const next = () => words[++at] ?? refuse('usage', `${word} needs a value.`);
    if (word === '--key') options.keys.push(keyOf(next(), ED25519));
    else if (word in names) options[names[word]] = next();
    else if (word === '--json') options.json = true;
    else if (word.startsWith('--') || options.file !== undefined) refuse('usage', `Unknown: ${word}`);
    else options.file = word;
  }
  if (options.file === undefined || options.keys.length === 0)
    refuse('usage', 'An export and at least one key are needed.');
  if (options.policyFile !== undefined) options.policy = policyOf(readFileSync(options.policyFile, 'utf8'));
  return options;
};

const main = async (words) => {
  const say = (text) => void process.stdout.write(`${text}\n`);
  let options;
  try {
    options = readArguments(words);
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${USAGE}\n`);
    return 2;
  }
  try {
    const result = await verifyExport(options);
    say(options.json ? JSON.stringify({ verified: true, ...result }) : report(result).join('\n'));
    return 0;
  } catch (error) {
    const [name, message] = error instanceof Refused ? [error.refusal, error.message] : ['error', error.message];
    say(
      options.json
        ? JSON.stringify({
            verified: false,
            refused: { name, message, ...(error.index !== undefined && { index: error.index }) },
          })
        : `Refused (${name}): ${message}`,
    );
    return 1;
  }
};

process.exitCode = await main(process.argv.slice(2));
