import { openJson, sealJson } from '../sealed-json.ts';
import { derivedKey } from '../secrets-key.ts';

/** Seals values for one purpose with a key derived from TENURE_SECRETS_KEY, for secrets that live in a service's own tables. */
export type SecretBox = {
  /** `boundTo`: what a sealed value belongs to, so that it opens nowhere else. */
  seal: (value: unknown, boundTo: readonly string[]) => string;
  /** Throws `NotAuthentic` when the value was sealed for something else, or with another key. */
  open: (sealed: string, boundTo: readonly string[]) => unknown;
};

export const secretBox = (secretsKey: Buffer, purpose: string): SecretBox => {
  const key = derivedKey(secretsKey, `box/${purpose}`);
  return {
    seal: (value, boundTo) => sealJson(key, value, boundTo),
    open: (sealed, boundTo) => openJson(key, sealed, boundTo, `A sealed value of ${purpose}`),
  };
};
