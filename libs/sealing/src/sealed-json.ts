import type { KeyObject } from 'node:crypto';
import { decrypt, encrypt } from './cipher.ts';
import { NotAuthentic } from './errors.ts';

export const sealJson = (key: KeyObject, value: unknown, boundTo: readonly string[]): string =>
  encrypt(key, JSON.stringify(value), boundTo).toString('base64');

export const openJson = (key: KeyObject, sealed: string, boundTo: readonly string[], what: string): unknown => {
  let plaintext: Buffer;
  try {
    plaintext = decrypt(key, Buffer.from(sealed, 'base64'), boundTo);
  } catch (error) {
    throw new NotAuthentic(what, error);
  }
  return JSON.parse(plaintext.toString('utf8')) as unknown;
};
