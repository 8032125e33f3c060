import { sign } from 'node:crypto';
import { ED25519, privateKeyOf, rawPublicKey, verifierKeyText, type Signer } from './note.ts';

/** A signer whose key is in this process: the 32 bytes of an Ed25519 seed. A KMS is another one. */
export const seedSigner = (seed: Buffer): Signer => {
  const key = privateKeyOf(seed);
  return { publicKey: rawPublicKey(key), sign: async (message) => sign(null, message, key) };
};

/** What verifies the checkpoints of a log. The key's name is the log's origin. */
export const verifierKeysOf = (origin: string, publicKeys: readonly Buffer[]): string[] =>
  publicKeys.map((publicKey) => verifierKeyText({ name: origin, kind: ED25519, publicKey }));
