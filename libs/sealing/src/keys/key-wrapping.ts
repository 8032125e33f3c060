import { createSecretKey, type KeyObject } from 'node:crypto';
import { decrypt, encrypt } from '../cipher.ts';
import { WrongSecretsKey } from '../errors.ts';
import { derivedKey } from '../secrets-key.ts';

/** Keys as they are stored: readable only with TENURE_SECRETS_KEY, and only as the key of whom they were made for. */
export const keyWrapping = (secretsKey: Buffer) => {
  const wrappingKey = derivedKey(secretsKey, 'wrapping');
  return {
    wrap: (key: KeyObject, owner: readonly string[]): Buffer => encrypt(wrappingKey, key.export(), owner),
    unwrap: (wrapped: Buffer, owner: readonly string[]): KeyObject => {
      try {
        return createSecretKey(decrypt(wrappingKey, wrapped, owner));
      } catch (error) {
        throw new WrongSecretsKey(`The key of ${owner.join(' ')}`, error);
      }
    },
  };
};
