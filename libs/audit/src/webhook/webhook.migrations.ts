import type { Migration } from '@tenure/database';

export const webhookMigrations: readonly Migration[] = [
  {
    name: 'CreateWebhooks1796083200000',
    up: `
      create table webhooks (
        id text primary key,
        tenant_id text not null,
        url text not null,
        events text[] not null,
        enabled boolean not null,
        personal boolean not null,
        sealed_secret text not null,
        version int not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        paused_until timestamptz,
        failing_since timestamptz
      );
      create index webhooks_of_tenant on webhooks (tenant_id, created_at, id);

      create table webhook_deliveries (
        id text not null,
        webhook_id text not null references webhooks (id) on delete cascade,
        tenant_id text not null,
        type text not null,
        payload jsonb not null,
        fact jsonb,
        state text not null default 'pending',
        attempts int not null default 0,
        created_at timestamptz not null default now(),
        next_attempt_at timestamptz not null default now(),
        lease_until timestamptz,
        ended_at timestamptz,
        last_status int,
        last_error text,
        primary key (webhook_id, id)
      );
      create index webhook_deliveries_due on webhook_deliveries (webhook_id, next_attempt_at) where state = 'pending';
      create index webhook_deliveries_newest on webhook_deliveries (webhook_id, created_at desc, id desc);
      create index webhook_deliveries_ended on webhook_deliveries (ended_at) where ended_at is not null`,
  },
];
