import { randomUUID } from 'node:crypto';
import type { Database, Sql } from '@tenure/database';
import type { Instant } from '@tenure/eventing';
import type { AppConfig } from '../app/app-config.ts';
import { problemOf } from '../app/connection.commands.ts';
import type { Connector, EntitlementSource, Failure, Outcome, Page } from '../connector/index.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { findApp } from '../app/find-apps.ts';
import { markGone, noteSeen } from './catalogue.ts';

const REFRESH = 'refreshEntitlements';

/** What jobs that count for themselves need beside the columns of all. */
export const refreshColumns = `
  alter table jobs add column done int, add column problem text, add column lease_until timestamptz;
  create index jobs_open on jobs (started_at) where ended_at is null`;

/** Why a refresh failed, in a word; beside it what the app said, redacted by the connector. */
export type RefreshProblem = 'unauthorized' | 'unreachable' | 'refused';

/** What the app said of a refresh that failed. */
export const refreshReasonColumn = `alter table jobs add column reason text`;

/** The one that runs already, or a new one. */
export const startRefresh = async (
  sql: Sql,
  { tenantId, appId }: { tenantId: string; appId: string },
): Promise<string> => {
  const [running] = await sql.query<{ id: string }>({
    text: `select id from ${PROVISIONING}.jobs where tenant_id = $1 and app_id = $2 and kind = '${REFRESH}' and ended_at is null`,
    values: [tenantId, appId],
  });
  if (running) return running.id;
  const id = randomUUID();
  await sql.query({
    text: `insert into ${PROVISIONING}.jobs (tenant_id, id, app_id, kind, total, done) values ($1, $2, $3, '${REFRESH}', 0, 0)`,
    values: [tenantId, id, appId],
  });
  return id;
};

/** When the app was last seen in whole. */
export const refreshedAt = async (sql: Sql, tenantId: string, appId: string): Promise<Instant | undefined> => {
  const [row] = await sql.query<{ at: Instant | null }>({
    text: `select max(ended_at) as at from ${PROVISIONING}.jobs where tenant_id = $1 and app_id = $2 and kind = '${REFRESH}' and problem is null and cancelled_at is null`,
    values: [tenantId, appId],
  });
  return row?.at ?? undefined;
};

export type LastRefresh = {
  jobId: string;
  state: 'running' | 'done' | 'failed';
  at: Instant;
  problem?: RefreshProblem;
  /** What the app said. */
  reason?: string;
};

/** The last one that was asked for, and why it failed where it did. */
export const lastRefresh = async (sql: Sql, tenantId: string, appId: string): Promise<LastRefresh | undefined> => {
  const [row] = await sql.query<{
    id: string;
    at: Instant;
    ended: boolean;
    problem: RefreshProblem | null;
    reason: string | null;
  }>({
    text: `select id, coalesce(ended_at, started_at) as at, ended_at is not null as ended, problem, reason from ${PROVISIONING}.jobs
           where tenant_id = $1 and app_id = $2 and kind = '${REFRESH}' order by started_at desc limit 1`,
    values: [tenantId, appId],
  });
  if (!row) return undefined;
  const { id, at, ended, problem, reason } = row;
  return {
    jobId: id,
    state: !ended ? 'running' : problem === null ? 'done' : 'failed',
    at,
    ...(problem !== null && { problem }),
    ...(reason !== null && { reason }),
  };
};

/** With the app's configuration, what was imported by it goes too (R51). */
export const forgetEntitlements = (
  database: Database,
  { tenantId, appId }: { tenantId: string; appId: string },
): Promise<void> =>
  database.transaction(async (sql) => {
    await sql.query({
      text: `delete from ${PROVISIONING}.jobs where tenant_id = $1 and app_id = $2 and kind = '${REFRESH}'`,
      values: [tenantId, appId],
    });
    await sql.query({
      text: `delete from ${PROVISIONING}.entitlements where tenant_id = $1 and app_id = $2`,
      values: [tenantId, appId],
    });
  });

type Job = { id: string; tenantId: string; appId: string };

export type RefresherNeeds = {
  database: Database;
  connectorFor: (app: AppConfig) => Promise<Connector>;
  onUnauthorized: (app: AppConfig) => Promise<void>;
};

/** Outlasts a call. Whose lease ran out is begun again by another. */
const LEASE_S = 60;

/** Imports what apps have, one page at a time (R58). */
export const refresher = ({ database, connectorFor, onUnauthorized }: RefresherNeeds) => {
  const claim = async (): Promise<Job | undefined> => {
    const [job] = await database.query<Job>({
      name: 'provisioning.claim_refresh',
      text: `update ${PROVISIONING}.jobs set lease_until = now() + make_interval(secs => $1), done = 0
             where (tenant_id, id) = (select tenant_id, id from ${PROVISIONING}.jobs
               where kind = '${REFRESH}' and ended_at is null and (lease_until is null or lease_until <= now()) order by started_at limit 1 for update skip locked)
             returning id, tenant_id as "tenantId", app_id as "appId"`,
      values: [LEASE_S],
    });
    return job;
  };

  /** Says whether the job is still wanted: neither cancelled nor gone with its app's configuration. */
  const progress = async ({ tenantId, id }: Job, seen: number): Promise<boolean> => {
    const held = await database.query({
      text: `update ${PROVISIONING}.jobs set done = done + $3, total = greatest(total, done + $3), lease_until = now() + make_interval(secs => $4)
             where tenant_id = $1 and id = $2 and ended_at is null returning 1`,
      values: [tenantId, id, seen, LEASE_S],
    });
    return held.length > 0;
  };

  const end = async (
    sql: Sql,
    { tenantId, id }: Job,
    problem: RefreshProblem | null,
    reason: string | null = null,
  ): Promise<boolean> => {
    const ended = await sql.query({
      text: `update ${PROVISIONING}.jobs set ended_at = now(), problem = $3, reason = $4, total = coalesce(done, 0) where tenant_id = $1 and id = $2 and ended_at is null returning 1`,
      values: [tenantId, id, problem, reason],
    });
    return ended.length > 0;
  };

  const stopFor = async (job: Job, app: AppConfig, failure: Failure): Promise<void> => {
    if (failure.kind === 'unauthorized') await onUnauthorized(app);
    await end(database, job, problemOf(failure), failure.reason);
  };

  /** One list of the app; one that it doesn't have after all is empty. */
  const importSource = async (
    job: Job,
    connector: Connector,
    source: EntitlementSource,
  ): Promise<'done' | 'unwanted' | Failure> => {
    for (let cursor: string | undefined; ;) {
      const page: Outcome<Page<{ id: string; displayName: string }>> = await connector.entitlements(source.id, cursor);
      if (page.kind === 'gone' || (page.kind === 'refused' && page.status === 403)) return 'done';
      if (page.kind !== 'ok') return page;
      const { items, next } = page.value;
      if (!(await progress(job, items.length))) return 'unwanted';
      await noteSeen(
        database,
        job,
        job.id,
        items.map(({ id, displayName }) => ({
          kind: source.kind,
          // Groups are named in rules by what people call them; other values are what accounts hold.
          value: source.kind === 'group' ? displayName : id,
          displayName,
        })),
      );
      cursor = next;
      if (cursor === undefined) return 'done';
    }
  };

  /** Begins at the start of the app's list, also where another was cut off in the middle of it. */
  const importAll = async (job: Job): Promise<void> => {
    const app = await findApp(database, job.tenantId, job.appId);
    if (!app) return void (await end(database, job, 'unreachable'));
    const connector = await connectorFor(app);
    const described = await connector.describe();
    if (described.kind !== 'ok') return stopFor(job, app, described);
    for (const source of described.value.sources) {
      const outcome = await importSource(job, connector, source);
      if (outcome === 'unwanted') return;
      if (outcome !== 'done') return stopFor(job, app, outcome);
    }
    await database.transaction(async (sql) => {
      // One that was cancelled has not seen everything.
      if (await end(sql, job, null)) await markGone(sql, job, job.id);
    });
  };

  return {
    /** Says whether there was anything to import. */
    run: async (): Promise<boolean> => {
      const job = await claim();
      if (job) await importAll(job);
      return job !== undefined;
    },
  };
};
