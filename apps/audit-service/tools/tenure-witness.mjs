#!/usr/bin/env node
// A witness of transparency logs (C2SP tlog-witness): cosigns checkpoints of the logs that it is told to trust, each only where it
// follows from the one before. This file is all there is: it needs Node 20 or newer and no package.
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';
import { createServer } from 'node:http';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const USAGE = `Usage: node tenure-witness.mjs --name NAME --log KEY [--log KEY …] [options]

  --name NAME   what the witness is called: a URL without its scheme, such as witness.example/w1
  --log KEY     a verifier key (NAME+ID+BASE64) of a log to witness; its name is the log's origin
  --dir DIR     where its key and what it has seen are kept (default: witness)
  --port PORT   where it listens (default: 8099)
  --host HOST   on which address (default: 127.0.0.1)`;

const HASH = 32;
const [ED25519, COSIGNATURE] = [1, 4];
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const LARGEST_BODY = 64 * 1024;
const MOST_PROOF_LINES = 63;

const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const emptyRoot = sha256();
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);
const base64Of = (text) => {
  const bytes = Buffer.from(text ?? '', 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
};
const keyIdOf = (name, kind, publicKey) => sha256(`${name}\n`, Buffer.of(kind), publicKey).subarray(0, 4);
const keyText = (name, kind, publicKey) =>
  `${name}+${keyIdOf(name, kind, publicKey).toString('hex')}+${Buffer.concat([Buffer.of(kind), publicKey]).toString('base64')}`;
const logKeyOf = (text) => {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(text ?? '') ?? [];
  const bytes = base64Of(encoded);
  if (bytes?.length !== 33 || bytes[0] !== ED25519 || keyIdOf(name, ED25519, bytes.subarray(1)).toString('hex') !== id)
    throw new Error(`Not a verifier key of a log: ${text}`);
  const key = createPublicKey({ key: Buffer.concat([SPKI, bytes.subarray(1)]), format: 'der', type: 'spki' });
  return { name, id, key };
};

/** RFC 9162 §2.1.4.2, which takes the proofs of RFC 6962. */
const isConsistent = (from, to, proof) => {
  if (from.size === 0) return proof.length === 0;
  if (from.size === to.size) return proof.length === 0;
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

/** What a client sent: the old size, the proof, the checkpoint. `undefined` where the form isn't kept. */
const readRequest = (body) => {
  const [, old, lines, text, signatures] =
    /^old (0|[1-9]\d{0,15})\n((?:[A-Za-z0-9+/=]+\n)*)\n((?:[^\n]+\n){3,})\n((?:— [^\n]+\n)+)$/.exec(body) ?? [];
  if (old === undefined || !body.isWellFormed() || body.split('').some((each) => each < ' ' && each !== '\n'))
    return undefined;
  const proof = lines.split('\n').slice(0, -1).map(base64Of);
  const [origin, digits, encoded] = text.split('\n');
  const root = base64Of(encoded);
  const size = Number(digits);
  const isRead =
    proof.length <= MOST_PROOF_LINES &&
    proof.every((hash) => hash?.length === HASH) &&
    root?.length === HASH &&
    /^(0|[1-9]\d{0,15})$/.test(digits) &&
    Number.isSafeInteger(size) &&
    Number.isSafeInteger(Number(old));
  const signed = signatures
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [, name, value] = /^— ([^\s+]+) (\S+)$/u.exec(line) ?? [];
      const bytes = base64Of(value);
      return bytes && bytes.length > 4
        ? { name, id: bytes.subarray(0, 4).toString('hex'), signature: bytes.subarray(4) }
        : undefined;
    });
  if (!isRead || signed.includes(undefined)) return undefined;
  return { old: Number(old), proof, origin, size, root, text, signed };
};

/** Writes a file whole, on the disk, or not at all. */
const writeDurably = (dir, name, text, mode = 0o644) => {
  const file = join(dir, name);
  const fd = openSync(`${file}.new`, 'w', mode);
  writeSync(fd, text);
  fsyncSync(fd);
  closeSync(fd);
  renameSync(`${file}.new`, file);
  const folder = openSync(dir, 'r');
  fsyncSync(folder);
  closeSync(folder);
};
const readIfThere = (file) => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
};

const openWitness = ({ name, logs, dir }) => {
  mkdirSync(dir, { recursive: true });
  let seed = readIfThere(join(dir, 'key'))?.trim();
  if (seed === undefined) writeDurably(dir, 'key', `${(seed = randomBytes(32).toString('base64'))}\n`, 0o600);
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8, Buffer.from(seed, 'base64')]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(SPKI.length);
  const stateFile = (origin) => `seen-${sha256(origin).toString('hex')}`;

  const seen = (origin) => {
    const stored = readIfThere(join(dir, stateFile(origin)));
    if (stored === undefined) return { size: 0, root: emptyRoot };
    const { size, root } = JSON.parse(stored);
    return { size, root: Buffer.from(root, 'base64') };
  };

  const cosignature = (text) => {
    const time = BigInt(Math.floor(Date.now() / 1000));
    const stamp = Buffer.alloc(8);
    stamp.writeBigUInt64BE(time);
    const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${time}\n${text}`), privateKey);
    return `— ${name} ${Buffer.concat([keyIdOf(name, COSIGNATURE, publicKey), stamp, signature]).toString('base64')}\n`;
  };

  /** One call from beginning to end without waiting for anything, so two never overtake each other between the look and the write. */
  const addCheckpoint = (body) => {
    const request = readRequest(body);
    if (!request) return { status: 400 };
    const { old, proof, origin, size, root, text, signed } = request;
    const keys = logs.filter((key) => key.name === origin);
    if (keys.length === 0) return { status: 404 };
    const isBy = (key) =>
      signed.some(
        (each) =>
          each.name === key.name && each.id === key.id && verify(null, Buffer.from(text), key.key, each.signature),
      );
    if (!keys.some(isBy)) return { status: 403 };
    if (old > size) return { status: 400 };
    const last = seen(origin);
    if (old !== last.size) return { status: 409, type: 'text/x.tlog.size', body: `${last.size}\n` };
    if (old === size && !root.equals(last.root))
      return { status: 409, type: 'text/x.tlog.size', body: `${last.size}\n` };
    if (old === 0 && size === 0 && !root.equals(emptyRoot)) return { status: 422 };
    if (!isConsistent(last, { size, root }, proof)) return { status: 422 };
    writeDurably(
      dir,
      stateFile(origin),
      JSON.stringify({ origin, size, root: root.toString('base64'), checkpoint: text }),
    );
    return { status: 200, type: 'text/plain; charset=utf-8', body: cosignature(text), cosigned: `${origin} ${size}` };
  };
  return { addCheckpoint, key: keyText(name, COSIGNATURE, publicKey) };
};

const readBody = async (request) => {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > LARGEST_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
};

const readArguments = (words) => {
  const options = { logs: [], dir: 'witness', port: '8099', host: '127.0.0.1' };
  for (let at = 0; at < words.length; at += 2) {
    const [word, value] = [words[at], words[at + 1]];
    const name = /^--(name|log|dir|port|host)$/.exec(word)?.[1];
    if (name === undefined || value === undefined) throw new Error(`Unknown or without a value: ${word}`);
    if (name === 'log') options.logs.push(logKeyOf(value));
    else options[name] = value;
  }
  if (!options.name || /[\s+]/u.test(options.name)) throw new Error('--name is needed, without spaces and plus signs.');
  if (options.logs.length === 0) throw new Error('At least one --log is needed.');
  return options;
};

const main = (words) => {
  let options;
  try {
    options = readArguments(words);
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${USAGE}\n`);
    process.exit(2);
  }
  // Whoever read its output may be gone: it goes on witnessing.
  process.stdout.on('error', () => undefined);
  const say = (text) => void process.stdout.write(`${text}\n`);
  const witness = openWitness(options);
  const handle = async (request, response) => {
    const answer = ({ status, type = 'text/plain; charset=utf-8', body = '' }) =>
      response.writeHead(status, { 'content-type': type }).end(body);
    if (request.url === '/' && request.method === 'GET') return answer({ status: 200, body: `${witness.key}\n` });
    if (request.url !== '/add-checkpoint') return answer({ status: 404 });
    if (request.method !== 'POST') return answer({ status: 405 });
    try {
      const body = await readBody(request);
      const result = body === undefined ? { status: 413 } : witness.addCheckpoint(body);
      if (result.cosigned) say(`Cosigned ${result.cosigned}`);
      else say(`Refused with ${result.status}`);
      return answer(result);
    } catch (error) {
      process.stderr.write(`${error.stack}\n`);
      return answer({ status: 500 });
    }
  };
  const server = createServer((request, response) => void handle(request, response));
  server.listen(Number(options.port), options.host, () => {
    say(`Witness ${options.name} listens at http://${options.host}:${server.address().port}`);
    say(`Its key, for the policy of the log and of verifiers:\n${witness.key}`);
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.close(() => process.exit(0)));
};

main(process.argv.slice(2));
