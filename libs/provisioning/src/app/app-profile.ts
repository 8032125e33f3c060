import { createHash } from 'node:crypto';
import { instantColumn, type Database, type Migration, type Sql } from '@tenure/database';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { AppConfig } from './app-config.ts';

/** What was found out about an app by using it: facts of the connector's own, no values and no ids of people. */
export type Learned = Readonly<Record<string, string | number | boolean>>;

/** Shared by replicas, kept over restarts, and void once the app is reached in another way. */
@Entity({ schema: 'provisioning', name: 'app_profile' })
export class AppProfile {
  @PrimaryColumn('text', { name: 'tenant_id' }) tenantId!: string;
  @PrimaryColumn('text', { name: 'app_id' }) appId!: string;
  /** Of the address and the settings that it was learned with. */
  @Column('text') connection!: string;
  @Column('jsonb') learned!: Learned;
  @Column('timestamptz', { name: 'learned_at', transformer: instantColumn }) learnedAt!: string;
}

export const appProfileEntities = [AppProfile];

export const appProfileMigrations: readonly Migration[] = [
  {
    name: 'CreateAppProfile1796083500000',
    up: `
      create table app_profile (
        tenant_id text not null,
        app_id text not null,
        connection text not null,
        learned jsonb not null,
        learned_at timestamptz not null default now(),
        primary key (tenant_id, app_id)
      )`,
  },
];

type Reached = Pick<AppConfig, 'tenantId' | 'id' | 'endpoint' | 'connection'>;

const connectionOf = ({ endpoint, connection }: Reached): string =>
  createHash('sha256')
    .update(JSON.stringify([endpoint?.url ?? null, connection]))
    .digest('hex');

export type AppProfiles = ReturnType<typeof appProfiles>;

export const appProfiles = (database: Database) => ({
  /** Nothing, where it was learned of the app as it was reached before. */
  find: async (app: Reached): Promise<Learned | undefined> => {
    const { tenantId, id: appId } = app;
    const profile = await database.repository(AppProfile).findOneBy({ tenantId, appId });
    return profile?.connection === connectionOf(app) ? profile.learned : undefined;
  },

  /** Beside what others learned of it. */
  learn: async (app: Reached, learned: Learned): Promise<void> => {
    await database.query({
      text: `insert into provisioning.app_profile as p (tenant_id, app_id, connection, learned) values ($1, $2, $3, $4)
             on conflict (tenant_id, app_id) do update set
               learned = case when p.connection = excluded.connection then p.learned || excluded.learned else excluded.learned end,
               connection = excluded.connection, learned_at = now()`,
      values: [app.tenantId, app.id, connectionOf(app), JSON.stringify(learned)],
    });
  },
});

/** With the app's configuration goes what was learned of it. */
export const forgetProfile = async (sql: Sql, { tenantId, appId }: { tenantId: string; appId: string }) => {
  await sql.query({
    text: `delete from provisioning.app_profile where tenant_id = $1 and app_id = $2`,
    values: [tenantId, appId],
  });
};
