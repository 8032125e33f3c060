import { createHash, createPrivateKey, createPublicKey, verify, type KeyObject } from 'node:crypto';

/** C2SP signed-note: kinds of keys by their identifier bytes. */
export const ED25519 = 0x01;
export const COSIGNATURE = 0x04;
export type KeyKind = typeof ED25519 | typeof COSIGNATURE;

/** `publicKey` is the 32 bytes of RFC 8032. */
export type VerifierKey = { name: string; kind: KeyKind; publicKey: Buffer };
export type NoteSignature = { name: string; keyId: Buffer; signature: Buffer };
export type Note = { text: string; signatures: NoteSignature[] };

/** Makes signatures with one key. The key itself may be elsewhere, in a KMS. */
export type Signer = { publicKey: Buffer; sign: (message: Buffer) => Promise<Buffer> };

const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

const publicKeyOf = (raw: Buffer): KeyObject =>
  createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });

/** The private key of a 32-byte seed (RFC 8032). */
export const privateKeyOf = (seed: Buffer): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });

export const rawPublicKey = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(SPKI.length);

export const isSigned = (publicKey: Buffer, message: Buffer, signature: Buffer): boolean =>
  signature.length === 64 && verify(null, message, publicKeyOf(publicKey), signature);

/** The first four bytes of SHA-256(name || 0x0A || kind || public key). */
export const keyIdOf = ({ name, kind, publicKey }: VerifierKey): Buffer =>
  createHash('sha256').update(`${name}\n`).update(Buffer.of(kind)).update(publicKey).digest().subarray(0, 4);

/** As Go's `note` writes them: `name+id+base64(kind || public key)`. */
export const verifierKeyText = (key: VerifierKey): string =>
  `${key.name}+${keyIdOf(key).toString('hex')}+${Buffer.concat([Buffer.of(key.kind), key.publicKey]).toString('base64')}`;

const isBase64 = (text: string): boolean => Buffer.from(text, 'base64').toString('base64') === text;

export const verifierKeyOf = (text: string): VerifierKey => {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(text) ?? [];
  const bytes = encoded !== undefined && isBase64(encoded) ? Buffer.from(encoded, 'base64') : Buffer.alloc(0);
  const kind = bytes[0];
  if (name === undefined || bytes.length !== 33 || (kind !== ED25519 && kind !== COSIGNATURE))
    throw new Error(`Not a verifier key (NAME+ID+KEY): ${text}`);
  const key: VerifierKey = { name, kind, publicKey: bytes.subarray(1) };
  if (keyIdOf(key).toString('hex') !== id) throw new Error(`The id of this verifier key doesn't match it: ${text}`);
  return key;
};

export const signatureLine = ({ name, keyId, signature }: NoteSignature): string =>
  `— ${name} ${Buffer.concat([keyId, signature]).toString('base64')}\n`;

export const noteText = ({ text, signatures }: Note): string => `${text}\n${signatures.map(signatureLine).join('')}`;

const signatureOf = (line: string): NoteSignature => {
  const [, name, encoded] = /^— ([^\s+]+) (\S+)$/u.exec(line) ?? [];
  const bytes = encoded !== undefined && isBase64(encoded) ? Buffer.from(encoded, 'base64') : Buffer.alloc(0);
  if (name === undefined || bytes.length < 5) throw new Error('A signature line of the note is malformed.');
  return { name, keyId: bytes.subarray(0, 4), signature: bytes.subarray(4) };
};

/** Signature lines alone, as a witness answers with. */
export const signaturesOf = (lines: string): NoteSignature[] => {
  if (!lines.endsWith('\n')) throw new Error('The last signature line is not ended.');
  return lines.slice(0, -1).split('\n').map(signatureOf);
};

/** Reads a note without trusting it. Throws where the form of C2SP signed-note is not kept. */
export const parseNote = (note: string): Note => {
  if (note.split('').some((character) => character < ' ' && character !== '\n'))
    throw new Error('The note holds control characters.');
  if (!note.isWellFormed()) throw new Error('The note is not UTF-8.');
  const split = note.lastIndexOf('\n\n');
  if (split < 0) throw new Error('The note has no signatures.');
  return { text: note.slice(0, split + 1), signatures: signaturesOf(note.slice(split + 2)) };
};

/** Signs a text as `name`, with each signer in turn. */
export const signNote = async (text: string, name: string, signers: readonly Signer[]): Promise<Note> => ({
  text,
  signatures: await Promise.all(
    signers.map(async ({ publicKey, sign }) => ({
      name,
      keyId: keyIdOf({ name, kind: ED25519, publicKey }),
      signature: await sign(Buffer.from(text)),
    })),
  ),
});

const isBy = (key: VerifierKey, { name, keyId }: NoteSignature) => name === key.name && keyId.equals(keyIdOf(key));

/** Which of the keys signed the note. Throws where a signature under a known key is wrong; unknown keys are ignored. */
export const signersOf = (note: Note, keys: readonly VerifierKey[]): VerifierKey[] =>
  keys.filter((key) => {
    const signatures = note.signatures.filter((signature) => isBy(key, signature));
    for (const { signature } of signatures)
      if (!isSignedBy(key, note.text, signature)) throw new Error(`The signature of ${key.name} is wrong.`);
    return signatures.length > 0;
  });

const isSignedBy = ({ kind, publicKey }: VerifierKey, text: string, signature: Buffer): boolean => {
  switch (kind) {
    case ED25519:
      return isSigned(publicKey, Buffer.from(text), signature);
    case COSIGNATURE:
      return (
        signature.length === 72 &&
        isSigned(publicKey, cosignedMessage(signature.readBigUInt64BE(), text), signature.subarray(8))
      );
  }
};

/** C2SP tlog-cosignature, Ed25519: what a witness signs at a time in seconds. */
export const cosignedMessage = (time: bigint, text: string): Buffer =>
  Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);
