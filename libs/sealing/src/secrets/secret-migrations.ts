import type { Migration } from '@tenure/database';

/**
 * Columns rather than one for all kinds: the gateway is granted `hmac` and nothing else that is secret (design, decision 13).
 * By HMAC alone, because an admin's key comes without a tenant.
 */
export const secretMigrations: readonly Migration[] = [
  {
    name: 'CreateSecrets1767225600000',
    up: `
      create table secrets (
        id uuid primary key,
        tenant_id text not null,
        kind text not null check (kind in ('credential', 'token', 'admin-key', 'password')),
        ciphertext text check ((ciphertext is not null) = (kind = 'credential')),
        hmac text check ((hmac is not null) = (kind in ('token', 'admin-key'))),
        hash text check ((hash is not null) = (kind = 'password')),
        hint text,
        created_at timestamptz not null default now()
      );
      create index secrets_by_hmac on secrets (hmac) where hmac is not null`,
  },
];
