import type { Migration } from '@tenure/database';
import { instantColumn } from '@tenure/database';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Proposal } from './confidence.ts';
import type { Counts } from './policy.ts';

export const phases = ['listing', 'missing', 'rereading', 'matching', 'ending', 'done'] as const;
export type Phase = (typeof phases)[number];

/** One look at an app as a whole (R88): the job's own state, which a crash leaves behind for the next worker. */
@Entity({ schema: 'provisioning', name: 'reconciliations' })
export class ReconciliationRun {
  @PrimaryColumn('text') id!: string;
  @Column('text', { name: 'tenant_id' }) tenantId!: string;
  @Column('text', { name: 'app_id' }) appId!: string;
  @Column('boolean', { name: 'dry_run' }) dryRun!: boolean;
  @Column('text') phase!: Phase;
  /** Where the app's list goes on. */
  @Column('text', { nullable: true }) cursor!: string | null;
  @Column('jsonb') counts!: Counts;
  @Column('boolean') complete!: boolean;
  @Column('boolean') suspicious!: boolean;
  /** Answers in a row that were none. */
  @Column('int') failures!: number;
  /** How often the list was begun again because its cursor had expired. */
  @Column('int') restarts!: number;
  /** By the tenant's clock, for the schedule. */
  @Column('timestamptz', { transformer: instantColumn, name: 'started_at' }) startedAt!: string;
}

/** An account of the app that is linked to nobody (R61). Nothing is ever done to it but by adopting it. */
@Entity({ schema: 'provisioning', name: 'foreign_accounts' })
export class ForeignAccount {
  @PrimaryColumn('text', { name: 'run_id' }) runId!: string;
  @PrimaryColumn('text', { name: 'remote_id' }) remoteId!: string;
  @Column('text', { name: 'tenant_id' }) tenantId!: string;
  @Column('text', { name: 'app_id' }) appId!: string;
  /** Whose account the mark in the app names. */
  @Column('text', { name: 'marked_user_id', nullable: true }) markedUserId!: string | null;
  /** Label and values as the app shows them, bound to the row. */
  @Column('text') sealed!: string;
  /** Null until people were looked for. */
  @Column('jsonb', { nullable: true }) proposals!: Proposal[] | null;
  /** Of the likeliest; 0 where there is none. */
  @Column('real') confidence!: number;
  @Column('boolean') ambiguous!: boolean;
}

export const reconciliationEntities = [ReconciliationRun, ForeignAccount];

/** `seen`: what a run has met, 16 bytes for each account. `rereads`: accounts that are read once more before anything is said of them. */
export const reconciliationMigrations: readonly Migration[] = [
  {
    name: 'CreateReconciliations1796083300000',
    up: `
      alter table jobs add column result jsonb;
      create table reconciliations (
        id text primary key,
        tenant_id text not null,
        app_id text not null,
        dry_run boolean not null,
        phase text not null default 'listing',
        cursor text,
        counts jsonb not null,
        complete boolean not null default false,
        suspicious boolean not null default false,
        failures int not null default 0,
        restarts int not null default 0,
        lease_token text,
        started_at timestamptz not null
      );
      create index reconciliations_of_app on reconciliations (tenant_id, app_id, started_at);
      create unique index reconciliations_open on reconciliations (tenant_id, app_id) where phase <> 'done';
      create table reconciliation_seen (
        run_id text not null,
        hash bytea not null,
        primary key (run_id, hash)
      );
      create table reconciliation_rereads (
        run_id text not null,
        account_id text not null,
        differs boolean not null,
        revision int not null,
        not_before timestamptz not null,
        gone_at timestamptz,
        tries int not null default 0,
        primary key (run_id, account_id)
      );
      create table foreign_accounts (
        run_id text not null,
        remote_id text not null,
        tenant_id text not null,
        app_id text not null,
        marked_user_id text,
        sealed text not null,
        proposals jsonb,
        confidence real not null default 0,
        ambiguous boolean not null default false,
        primary key (run_id, remote_id)
      );
      create index foreign_accounts_of_app on foreign_accounts (tenant_id, app_id)`,
  },
];
