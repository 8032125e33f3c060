import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

export const newKey = (): KeyObject => createSecretKey(randomBytes(32));

/** What a text is bound to. As JSON, so that no two lists of words read the same. */
const associated = (boundTo: readonly string[]) => Buffer.from(JSON.stringify(boundTo));

const IVS_AT_ONCE = 256;
let ivs = Buffer.alloc(0);

/** Drawn many at a time: asking for a few random bytes costs as much as sealing with them. None is given out twice. */
const newIv = (): Buffer => {
  if (ivs.length === 0) ivs = randomBytes(IV_BYTES * IVS_AT_ONCE);
  const iv = ivs.subarray(0, IV_BYTES);
  ivs = ivs.subarray(IV_BYTES);
  return iv;
};

/** iv | tag | ciphertext, with a random IV: a key seals far fewer than the 2³² texts that allows (NIST SP 800-38D §8.3). */
export const encrypt = (key: KeyObject, plaintext: string | Buffer, boundTo: readonly string[]): Buffer => {
  const iv = newIv();
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(associated(boundTo));
  const ciphertext = typeof plaintext === 'string' ? cipher.update(plaintext, 'utf8') : cipher.update(plaintext);
  cipher.final();
  return Buffer.concat([iv, cipher.getAuthTag(), ciphertext]);
};

/** Throws when anything differs from what was encrypted. */
export const decrypt = (key: KeyObject, sealed: Buffer, boundTo: readonly string[]): Buffer => {
  if (sealed.length < IV_BYTES + TAG_BYTES) throw new Error(`${sealed.length} bytes are too few.`);
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(associated(boundTo))
    .setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  const plaintext = decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES));
  decipher.final();
  return plaintext;
};
