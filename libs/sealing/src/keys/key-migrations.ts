import type { Migration } from '@tenure/database';

/** `wrapped` is iv | tag | key, encrypted with a key derived from TENURE_SECRETS_KEY. Columns rather than rows per purpose: readers are granted columns. */
export const keyMigrations: readonly Migration[] = [
  {
    name: 'CreateKeys1767225600000',
    up: `
      create table person_keys (
        tenant_id text not null,
        person_id text not null,
        wrapped bytea,
        destroyed_at timestamptz,
        primary key (tenant_id, person_id),
        -- A destroyed key leaves a tombstone: nobody takes its absence for a loss, or makes it again.
        check ((wrapped is null) = (destroyed_at is not null))
      );
      create table tenant_keys (
        tenant_id text primary key,
        transport bytea not null,
        claims bytea not null
      )`,
  },
  {
    // When a key was last made, or asked to be made: what nothing was sealed with is removed afterwards.
    name: 'DateKeys1767225600001',
    up: `
      alter table person_keys add column created_at timestamptz not null default now();
      create index person_keys_created_at on person_keys (created_at, tenant_id, person_id) where wrapped is not null`,
  },
];
