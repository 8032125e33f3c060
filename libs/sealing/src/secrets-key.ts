import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

const BYTES = 32;
const BASE64_OF_32_BYTES = /^[A-Za-z0-9+/]{43}=$/;

/** The value of TENURE_SECRETS_KEY. The error never shows the value. */
export const parseSecretsKey = (base64: string | undefined): Buffer => {
  const text = base64?.trim() ?? '';
  if (!BASE64_OF_32_BYTES.test(text)) {
    const found = text === '' ? 'is not set' : `has ${text.length} characters and is not that`;
    throw new Error(
      `TENURE_SECRETS_KEY must be base64 of ${BYTES} bytes (44 characters); it ${found}. Make one with: openssl rand -base64 32`,
    );
  }
  return Buffer.from(text, 'base64');
};

/** One key for one use, so that what is learned about one says nothing about another. */
export const derivedKey = (
  secretsKey: Buffer,
  use: 'wrapping' | 'credentials' | 'pepper' | `box/${string}`,
): KeyObject => {
  if (secretsKey.length !== BYTES)
    throw new Error(`TENURE_SECRETS_KEY must be ${BYTES} bytes; these are ${secretsKey.length}.`);
  return createSecretKey(Buffer.from(hkdfSync('sha256', secretsKey, '', `tenure/${use}`, BYTES)));
};
