import type { Migration } from '@tenure/database';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Cause } from '../people/to-evaluate.ts';

/** `looking`: the app is read as a whole first; `provisioning`: everybody is evaluated, and what follows is delivered. */
export type CyclePhase = 'looking' | 'provisioning' | 'done';

/** An initial cycle (R63) beside its job. */
@Entity({ schema: 'provisioning', name: 'cycles' })
export class Cycle {
  /** The job's. */
  @PrimaryColumn('text') id!: string;
  @Column('text', { name: 'tenant_id' }) tenantId!: string;
  @Column('text', { name: 'app_id' }) appId!: string;
  @Column('text') phase!: CyclePhase;
  /** The reconciliation that reads the app; null where none was asked for, or none could begin yet. */
  @Column('text', { name: 'run_id', nullable: true }) runId!: string | null;
  /** Everybody is marked for it once the app was read. */
  @Column('jsonb') cause!: Cause;
}

export const cycleEntities = [Cycle];

/** `cycle_accounts`: what was there at the start, so that the end can tell what was made and what stayed as it was. */
export const cycleMigrations: readonly Migration[] = [
  {
    name: 'CreateCycles1796083400000',
    up: `
      create table cycles (
        id text primary key,
        tenant_id text not null,
        app_id text not null,
        phase text not null,
        run_id text,
        cause jsonb not null
      );
      create index cycles_open on cycles (id) where phase <> 'done';
      create table cycle_accounts (
        cycle_id text not null,
        account_id text not null,
        linked boolean not null,
        sent text not null,
        primary key (cycle_id, account_id)
      )`,
  },
];
