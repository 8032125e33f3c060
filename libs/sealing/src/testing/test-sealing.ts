import { migrate, type Database } from '@tenure/database';
import type { Sealer } from '@tenure/eventing';
import { keyMigrations } from '../keys/key-migrations.ts';
import { keyRing, type KeyRing, type KeyRingOptions } from '../keys/key-ring.ts';
import { messageSealer, type MessageSealer } from '../message-sealer.ts';
import { sealer } from '../sealer.ts';
import { secretMigrations } from '../secrets/secret-migrations.ts';
import { secretStore, type SecretStore } from '../secrets/secret-store.ts';

/** 32 bytes for tests. */
export const testSecretsKey = Buffer.alloc(32, 'secrets key of tests');

export type TestSealing = { keys: KeyRing; sealer: Sealer; messages: MessageSealer; secrets: SecretStore };

/** Everything of this package over one database, whose schemas `keys` and `secrets` it makes. */
export const testSealing = async (database: Database, options: Partial<KeyRingOptions> = {}): Promise<TestSealing> => {
  await migrate(database, { schema: 'keys', migrations: keyMigrations });
  await migrate(database, { schema: 'secrets', migrations: secretMigrations });
  const keys = keyRing({ database, secretsKey: testSecretsKey, ...options });
  return {
    keys,
    sealer: sealer(keys),
    messages: messageSealer(keys),
    secrets: secretStore({ database, secretsKey: testSecretsKey }),
  };
};
