import { randomUUID } from 'node:crypto';
import { instant, isPeriod, listPageQuery, notAPeriod, pagesByInstant, type ListPage } from '@tenure/contracts';
import type { Database, Sql } from '@tenure/database';
import { Rejected } from '@tenure/eventing';
import { z } from 'zod';
import { PROVISIONING, startMarking, type Cause } from '../people/to-evaluate.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import { startRefresh, type RefreshProblem } from '../entitlement/refresh.ts';
import { jobStates, type JobReply } from './app.bodies.ts';

/** Long work, in real time. */
export const jobsTable = `
  create table jobs (
    tenant_id text not null,
    id text not null,
    app_id text not null,
    kind text not null,
    total int not null,
    started_at timestamptz not null default now(),
    ended_at timestamptz,
    primary key (tenant_id, id)
  )`;

/** `causation_id`: of the event whose marks it waits for, so that cancelling it takes back these alone. */
export const jobColumns = `
  alter table jobs add column cancelled_at timestamptz, add column causation_id text;
  create index jobs_in_order on jobs (tenant_id, started_at, id);
  create index jobs_of_app on jobs (tenant_id, app_id) where ended_at is null`;

/** Ends when nobody waits any more. The other kinds end by themselves. */
const REAPPLY = 'reapplyRules';
export type JobKind = typeof REAPPLY;

type Row = {
  id: string;
  kind: string;
  app_id: string;
  total: number;
  started_at: string;
  ended_at: string | null;
  cancelled_at: string | null;
  done: number | null;
  problem: RefreshProblem | null;
  reason: string | null;
  result: Omit<NonNullable<JobReply['result']>, 'problem' | 'reason'> | null;
};

const waitingFor = (tenant: string, app: string) => `(
    select user_id from ${PROVISIONING}.to_evaluate where tenant_id = ${tenant} and app_id in ('', ${app})
    union select p.id from ${PROVISIONING}.markings m join ${PROVISIONING}.people p on p.tenant_id = m.tenant_id and not p.erased and p.id > m.after_id
      where m.tenant_id = ${tenant} and m.app_id = ${app} and m.kind = 'everyone'
    union select c.user_id from ${PROVISIONING_VIEW}.work w join ${PROVISIONING_VIEW}.accounts c on c.tenant_id = w.tenant_id and c.id = w.account_id
      where w.tenant_id = ${tenant} and w.app_id = ${app})`;

/** How many people are yet to be evaluated for the app, or have something to be delivered. */
export const waitingIn = async (sql: Sql, tenantId: string, appId: string): Promise<number> => {
  const [row] = await sql.query<{ waiting: number }>({
    text: `select count(*) as waiting from ${waitingFor('$1', '$2')} waiting`,
    values: [tenantId, appId],
  });
  return row!.waiting;
};

/** Marks everybody and keeps the count, in one transaction: by the time the job can be read, it has something to do. */
export const startJob = (
  database: Database,
  job: { tenantId: string; appId: string; kind: JobKind; cause: Cause },
): Promise<JobReply> =>
  database.transaction(async (sql) => {
    await startMarking(sql, { tenantId: job.tenantId, appId: job.appId, whom: { kind: 'everyone' }, cause: job.cause });
    const [row] = await sql.query<Row>({
      text: `insert into ${PROVISIONING}.jobs (tenant_id, id, app_id, kind, causation_id, total)
             select $1, $2, $3, $4, $5, count(*) from ${PROVISIONING}.people where tenant_id = $1 and not erased returning *`,
      values: [job.tenantId, randomUUID(), job.appId, job.kind, job.cause.causationId],
    });
    return shown(row!, row!.total);
  });

/** Imports what the app has (R58); whoever asks twice is told of the same job. */
export const startRefreshJob = async (sql: Sql, app: { tenantId: string; appId: string }): Promise<JobReply> =>
  findJob(sql, app.tenantId, await startRefresh(sql, app));

/** A person is done when they are evaluated and their account has nothing to deliver. */
const waitingOf = async (sql: Sql, tenantId: string, row: Row): Promise<number> => {
  if (row.done !== null) return row.total - row.done;
  if (row.ended_at !== null) return 0;
  return Math.min(await waitingIn(sql, tenantId, row.app_id), row.total);
};

export const findJob = async (sql: Sql, tenantId: string, id: string): Promise<JobReply> => {
  await endReapplications(sql, tenantId);
  const [row] = await sql.query<Row>({
    text: `select * from ${PROVISIONING}.jobs where tenant_id = $1 and id = $2`,
    values: [tenantId, id],
  });
  if (!row) throw new Rejected('not-found', 'job/not-found', 'There is no such job.');
  return shown(row, await waitingOf(sql, tenantId, row));
};

/** Ends the reapplications that nobody waits for any more: now and then, and of a tenant whose jobs are looked at. */
export const endReapplications = async (sql: Sql, tenantId?: string): Promise<void> => {
  await sql.query({
    name: 'provisioning.end_reapplications',
    text: `update ${PROVISIONING}.jobs j set ended_at = clock_timestamp()
           where j.ended_at is null and j.kind = $1 and ($2::text is null or j.tenant_id = $2) and not exists (select from ${waitingFor('j.tenant_id', 'j.app_id')} waiting)`,
    values: [REAPPLY, tenantId ?? null],
  });
};

/** `GET /jobs`; from and to bound when a job was started. */
export const jobListQuery = z
  .strictObject({
    ...listPageQuery,
    state: z.enum(jobStates, { error: `Must be one of ${jobStates.join(', ')}.` }).optional(),
    app: z.string().max(512).optional(),
    from: instant.optional(),
    to: instant.optional(),
  })
  .refine(isPeriod, notAPeriod);
export type JobListQuery = z.output<typeof jobListQuery>;

const STARTED = `date_trunc('milliseconds', started_at)`;
const STATE = `case when problem is not null then 'failed' when cancelled_at is not null then 'cancelled' when ended_at is null then 'running' else 'done' end`;

/** Newest first. */
export const listJobs = async (
  sql: Sql,
  tenantId: string,
  { state, app, from, to, ...page }: JobListQuery,
): Promise<ListPage<JobReply>> => {
  const { limit, after } = pagesByInstant.behind(page);
  await endReapplications(sql, tenantId);
  const rows = await sql.query<Row>({
    text: `select *, ${STARTED} as started_at from ${PROVISIONING}.jobs
           where tenant_id = $1 and ($2::text is null or ${STATE} = $2) and ($3::text is null or app_id = $3)
             and ($4::timestamptz is null or ${STARTED} >= $4) and ($5::timestamptz is null or ${STARTED} <= $5)
             and ($6::timestamptz is null or (${STARTED}, id) < ($6, $7))
           order by ${STARTED} desc, id desc limit $8`,
    values: [
      tenantId,
      state ?? null,
      app ?? null,
      from ?? null,
      to ?? null,
      after?.[0] ?? null,
      after?.[1] ?? null,
      limit + 1,
    ],
  });
  const waiting = new Map<string, number>();
  for (const row of rows.slice(0, limit)) waiting.set(row.id, await waitingOf(sql, tenantId, row));
  return pagesByInstant.of(
    rows,
    limit,
    (row) => shown(row, waiting.get(row.id)!),
    ({ started_at, id }) => [started_at, id],
  );
};

/** By app: what is under way. */
export const runningJobs = async (
  sql: Sql,
  tenantId: string,
  appIds: readonly string[],
): Promise<ReadonlyMap<string, { id: string; kind: string; startedAt: string }[]>> => {
  const rows = await sql.query<{ app_id: string; id: string; kind: string; startedAt: string }>({
    name: 'provisioning.running_jobs',
    text: `select app_id, id, kind, started_at as "startedAt" from ${PROVISIONING}.jobs
           where tenant_id = $1 and app_id = any($2) and ended_at is null order by started_at, id`,
    values: [tenantId, appIds],
  });
  const known = new Map<string, { id: string; kind: string; startedAt: string }[]>();
  for (const { app_id, ...job } of rows) known.set(app_id, [...(known.get(app_id) ?? []), job]);
  return known;
};

/** What only a kind of job has, given up with it. Those that do their work step by step look whether they have ended. */
export type Cancelling = (sql: Sql, job: { tenantId: string; id: string; appId: string }) => Promise<void>;

/** Nobody who waits only for the job is evaluated any more; what is planned already is delivered. */
export const forgetMarks: Cancelling = async (sql, { tenantId, id, appId }) => {
  for (const table of ['markings', 'to_evaluate'])
    await sql.query({
      text: `delete from ${PROVISIONING}.${table} t using ${PROVISIONING}.jobs j
             where j.tenant_id = $1 and j.id = $2 and t.tenant_id = $1 and t.app_id = $3 and t.causation_id = j.causation_id`,
      values: [tenantId, id, appId],
    });
};

export const cancelJob = async (
  database: Database,
  tenantId: string,
  id: string,
  { mayCancel, cancelling }: { mayCancel: (kind: string) => boolean; cancelling: Readonly<Record<string, Cancelling>> },
): Promise<JobReply> => {
  await database.transaction(async (sql) => {
    const [row] = await sql.query<Row>({
      text: `select * from ${PROVISIONING}.jobs where tenant_id = $1 and id = $2 for update`,
      values: [tenantId, id],
    });
    if (!row) throw new Rejected('not-found', 'job/not-found', 'There is no such job.');
    if (!mayCancel(row.kind))
      throw new Rejected('forbidden', 'key/role', 'Requires the role super_admin to cancel this job.');
    if (row.ended_at !== null) throw new Rejected('conflict', 'job/ended', 'The job has ended already.');
    const waiting = await waitingOf(sql, tenantId, row);
    await sql.query({
      text: `update ${PROVISIONING}.jobs set ended_at = clock_timestamp(), cancelled_at = clock_timestamp(), done = $3 where tenant_id = $1 and id = $2`,
      values: [tenantId, id, row.total - waiting],
    });
    await cancelling[row.kind]?.(sql, { tenantId, id, appId: row.app_id });
  });
  return findJob(database, tenantId, id);
};

const stateOf = ({ problem, cancelled_at, ended_at }: Row): JobReply['state'] => {
  if (problem !== null) return 'failed';
  if (cancelled_at !== null) return 'cancelled';
  return ended_at === null ? 'running' : 'done';
};

/** Shorter than this tells nothing of how fast it goes. */
const LEAST_ELAPSED_MS = 1000;

/** As fast as it was until now; nothing where that can't be told, such as at the very end of the count. */
const estimate = (startedAt: string, done: number, total: number): Pick<JobReply, 'estimatedEnd'> => {
  const now = Date.now();
  const elapsed = now - Date.parse(startedAt);
  if (done <= 0 || done >= total || elapsed < LEAST_ELAPSED_MS) return {};
  return { estimatedEnd: new Date(now + (elapsed * (total - done)) / done).toISOString() };
};

const shown = (row: Row, waiting: number): JobReply => {
  const { id, kind, app_id, total, started_at, ended_at, problem, reason, result } = row;
  const done = total - waiting;
  return {
    id,
    kind,
    ...(app_id !== '' && { appId: app_id }),
    state: stateOf(row),
    done,
    total,
    startedAt: started_at,
    ...(ended_at !== null && { endedAt: ended_at }),
    ...((problem !== null || result !== null) && {
      result: { ...(problem !== null && { problem }), ...(reason !== null && { reason }), ...result },
    }),
    ...(ended_at === null && estimate(started_at, done, total)),
  };
};
