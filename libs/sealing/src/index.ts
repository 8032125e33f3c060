export * from './errors.ts';
export { parseSecretsKey } from './secrets-key.ts';
export { keyRing, type KeyRing, type KeyRingOptions, type TenantKeyPurpose } from './keys/key-ring.ts';
export { keyMigrations } from './keys/key-migrations.ts';
export { unusedKeys, type UnusedKeys } from './keys/unused-keys.ts';
export { grantReadKeys, type ReadableKeys } from './keys/key-grants.ts';
export { sealer } from './sealer.ts';
export { messageSealer, type MessageSealer } from './message-sealer.ts';
export {
  referenceTo,
  secretStore,
  type Credential,
  type SecretKind,
  type SecretReference,
  type SecretStore,
  type SecretStoreOptions,
  type StoredSecret,
} from './secrets/secret-store.ts';
export { secretBox, type SecretBox } from './secrets/secret-box.ts';
export { secretMigrations } from './secrets/secret-migrations.ts';
export { grantReadTokens } from './secrets/secret-grants.ts';
export { generateToken, tokenHashing, type TokenHashing } from './secrets/tokens.ts';
