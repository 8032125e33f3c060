import { randomUUID } from 'node:crypto';
import type { Database, Sql } from '@tenure/database';
import { Rejected, type Actor, type Caller } from '@tenure/eventing';
import type { JobReply } from '../app/app.bodies.ts';
import { findJob } from '../app/jobs.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import type { ActOnFilter, QueueActionName } from './queue.bodies.ts';
import type { QueueNeed } from './queue.kinds.ts';
import { matchingItems, type May } from './queue.queries.ts';

/** The kind of job that acts on all items which matched a filter when it was started. */
export const QUEUE_JOB = 'queueAction';

/** `act` says who asked for what; items are ids and versions as they then were. */
export const queueJobTables = `
  alter table jobs add column act jsonb;
  create table queue_job_items (
    job_id text not null,
    n int not null,
    item_id text not null,
    version int not null,
    state text not null default 'waiting',
    code text,
    primary key (job_id, n)
  )`;

type StoredAct = { action: QueueActionName; actor: Actor; correlationId: string; may: readonly QueueNeed[] };
type Item = { n: number; id: string; version: number };

const needs: readonly QueueNeed[] = ['admin', 'super_admin', 'app_admin'];
const LEASE_S = 60;
const AT_ONCE = 20;
const MOST_FAILURES_SHOWN = 100;

/** Refuses where more or less matches than was seen. */
export const startQueueJob = async (
  database: Database,
  { tenantId, actor, correlationId }: Caller,
  { filter, expectedCount, action }: ActOnFilter,
  may: May,
): Promise<JobReply> => {
  const id = randomUUID();
  await database.transaction(async (sql) => {
    const items = await matchingItems(sql, tenantId, filter);
    if (items.length !== expectedCount)
      throw new Rejected(
        'conflict',
        'queue/count-changed',
        `${items.length} items match now, not ${expectedCount}. Look at them again before you act.`,
      );
    const act: StoredAct = { action, actor, correlationId, may: needs.filter(may) };
    await sql.query({
      text: `insert into ${PROVISIONING}.jobs (tenant_id, id, app_id, kind, total, done, act) values ($1, $2, $3, '${QUEUE_JOB}', $4, 0, $5)`,
      values: [tenantId, id, filter.app ?? '', items.length, JSON.stringify(act)],
    });
    await sql.query({
      text: `insert into ${PROVISIONING}.queue_job_items (job_id, n, item_id, version)
             select $1, row_number() over (), * from unnest($2::text[], $3::int[])`,
      values: [id, items.map((item) => item.id), items.map(({ version }) => version)],
    });
  });
  return findJob(database, tenantId, id);
};

/** What becomes of each item; a refusal is its code. */
export type ActOn = (
  caller: Caller,
  may: May,
  action: QueueActionName,
  items: readonly { id: string; version: number }[],
) => Promise<{ id: string; code?: string }[]>;

type Job = { id: string; tenantId: string; act: StoredAct };

/** Acts on a few items at a time. A crash in between leaves them to the next worker, which finds what was done at another version. */
export const queueJobWorker = (database: Database, actOn: ActOn) => {
  const claim = async (): Promise<Job | undefined> => {
    const [job] = await database.query<Job>({
      name: 'provisioning.claim_queue_job',
      text: `update ${PROVISIONING}.jobs set lease_until = now() + make_interval(secs => $1)
             where (tenant_id, id) = (select tenant_id, id from ${PROVISIONING}.jobs
               where kind = '${QUEUE_JOB}' and ended_at is null and (lease_until is null or lease_until <= now()) order by started_at limit 1 for update skip locked)
             returning id, tenant_id as "tenantId", act`,
      values: [LEASE_S],
    });
    return job;
  };

  const next = ({ id }: Job) =>
    database.query<Item>({
      name: 'provisioning.next_queue_items',
      text: `select n, item_id as id, version from ${PROVISIONING}.queue_job_items where job_id = $1 and state = 'waiting' order by n limit ${AT_ONCE}`,
      values: [id],
    });

  /** Says whether the job is still wanted. */
  const note = (job: Job, items: readonly Item[], acted: readonly { code?: string }[]): Promise<boolean> =>
    database.transaction(async (sql) => {
      const open = await sql.query({
        text: `update ${PROVISIONING}.jobs set done = done + $3, lease_until = now() + make_interval(secs => $4)
               where tenant_id = $1 and id = $2 and ended_at is null returning 1`,
        values: [job.tenantId, job.id, items.length, LEASE_S],
      });
      await sql.query({
        text: `update ${PROVISIONING}.queue_job_items i set state = case when a.code is null then 'done' else 'failed' end, code = a.code
               from unnest($2::int[], $3::text[]) as a (n, code) where i.job_id = $1 and i.n = a.n`,
        values: [job.id, items.map(({ n }) => n), acted.map(({ code }) => code ?? null)],
      });
      // What was done while it was cancelled is counted all the same.
      if (open.length === 0) await summarize(sql, job);
      return open.length > 0;
    });

  const end = (job: Job) =>
    database.transaction(async (sql) => {
      await sql.query({
        text: `update ${PROVISIONING}.jobs set ended_at = clock_timestamp() where tenant_id = $1 and id = $2 and ended_at is null`,
        values: [job.tenantId, job.id],
      });
      await summarize(sql, job);
    });

  const work = async (job: Job): Promise<void> => {
    const { tenantId, act } = job;
    const caller: Caller = { tenantId, actor: act.actor, correlationId: act.correlationId };
    for (;;) {
      const items = await next(job);
      if (items.length === 0) return end(job);
      const acted = await actOn(caller, (need) => act.may.includes(need), act.action, items);
      if (!(await note(job, items, acted))) return;
    }
  };

  /** Of jobs that ended long ago: nobody works on them any more, and the result is in the job. */
  const forgetItems = () =>
    database.query({
      text: `delete from ${PROVISIONING}.queue_job_items i using ${PROVISIONING}.jobs j
             where j.kind = '${QUEUE_JOB}' and j.ended_at < now() - interval '1 hour' and i.job_id = j.id`,
    });

  return {
    /** Says whether there was a job. */
    run: async (): Promise<boolean> => {
      const job = await claim();
      if (!job) return false;
      await work(job);
      await forgetItems();
      return true;
    },
  };
};

/** Keeps what came of the items in the job's result. */
export const summarize = async (sql: Sql, { tenantId, id }: { tenantId: string; id: string }): Promise<void> => {
  await sql.query({
    text: `update ${PROVISIONING}.jobs set
             done = (select count(*) from ${PROVISIONING}.queue_job_items where job_id = $2 and state <> 'waiting'),
             result = jsonb_build_object(
               'done', (select count(*) from ${PROVISIONING}.queue_job_items where job_id = $2 and state = 'done'),
               'failed', (select count(*) from ${PROVISIONING}.queue_job_items where job_id = $2 and state = 'failed'),
               'skipped', (select count(*) from ${PROVISIONING}.queue_job_items where job_id = $2 and state = 'waiting'),
               'failures', coalesce((select jsonb_agg(jsonb_build_object('id', item_id, 'code', code) order by n) from (
                 select * from ${PROVISIONING}.queue_job_items where job_id = $2 and state = 'failed' order by n limit ${MOST_FAILURES_SHOWN}) failed), '[]'))
           where tenant_id = $1 and id = $2`,
    values: [tenantId, id],
  });
};
