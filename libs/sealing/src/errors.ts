import type { DataSubject } from '@tenure/eventing';

const nameOf = ({ tenantId, personId }: DataSubject) => `${personId} of tenant ${tenantId}`;

/** There never was a key, which is a bug or a database that lost rows. Never read as `erased`: that would hide the loss. */
export class KeyMissing extends Error {
  override readonly name = 'KeyMissing';
  constructor(of: DataSubject | { tenantId: string }) {
    super(
      'personId' in of
        ? `There is no key of the person ${nameOf(of)}.`
        : `There are no keys of the tenant ${of.tenantId}.`,
    );
  }
}

/** The person was erased; nothing is sealed for them any more. */
export class KeyDestroyed extends Error {
  override readonly name = 'KeyDestroyed';
  constructor(person: DataSubject) {
    super(`The key of the person ${nameOf(person)} was destroyed.`);
  }
}

/** The text was altered, cut short, sealed with another key, or belongs to another place than the one it was found at. */
export class NotAuthentic extends Error {
  override readonly name = 'NotAuthentic';
  constructor(what: string, cause?: unknown) {
    super(`${what} cannot be opened: it was altered, or was sealed for another place or with another key.`, { cause });
  }
}

/** The environment's key is not the one that the stored keys and secrets are encrypted with. */
export class WrongSecretsKey extends Error {
  override readonly name = 'WrongSecretsKey';
  constructor(what: string, cause?: unknown) {
    super(
      `${what} cannot be decrypted: TENURE_SECRETS_KEY is not the key that this database was written with, or the row was altered.`,
      { cause },
    );
  }
}
