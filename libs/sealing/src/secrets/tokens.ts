import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Rejected } from '@tenure/eventing';
import { derivedKey } from '../secrets-key.ts';

export const TOKEN_PREFIX = 'tenure_';
const SHORTEST = 16;

/** 256 random bits, safe in URLs and headers; the prefix is what scanners for leaked secrets look for. */
export const generateToken = () => `${TOKEN_PREFIX}${randomBytes(32).toString('base64url')}`;

export const checkTokenLength = (token: string) => {
  if (token.length < SHORTEST)
    throw new Rejected(
      'invalid',
      'token/too-short',
      `A token must have at least ${SHORTEST} characters; this one has ${token.length}.`,
    );
};

export type TokenHashing = {
  /** HMAC-SHA-256 with a pepper that no database holds: a stolen table can't be searched for chosen tokens. */
  tokenHmac: (token: string) => string;
  /** In constant time. */
  tokenMatches: (storedHmac: string, token: string) => boolean;
};

const MOST_KNOWN = 1000;

const isSame = (one: Buffer, other: Buffer): boolean => one.length === other.length && timingSafeEqual(one, other);

export const tokenHashing = (secretsKey: Buffer): TokenHashing => {
  const pepper = derivedKey(secretsKey, 'pepper');
  const tokenHmac = (token: string) => createHmac('sha256', pepper).update(token).digest('base64url');
  /** Which token an HMAC was seen to be of: a client sends the same one all day, and the HMAC is a good part of what a read costs. */
  const known = new Map<string, Buffer>();
  return {
    tokenHmac,
    tokenMatches: (storedHmac, token) => {
      const matching = known.get(storedHmac);
      if (matching !== undefined && isSame(matching, Buffer.from(token))) return true;
      const matches = isSame(Buffer.from(storedHmac), Buffer.from(tokenHmac(token)));
      if (matches) {
        if (known.size >= MOST_KNOWN) known.clear();
        known.set(storedHmac, Buffer.from(token));
      }
      return matches;
    },
  };
};
