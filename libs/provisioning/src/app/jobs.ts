import { randomUUID } from 'node:crypto';
import type { Database, Sql } from '@tenure/database';
import { Rejected } from '@tenure/eventing';
import { PROVISIONING, startMarking, type Cause } from '../people/to-evaluate.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import { startRefresh, type RefreshProblem } from '../entitlement/refresh.ts';
import type { JobReply } from './app.bodies.ts';

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

export type JobKind = 'reapplyRules';

type Row = {
  id: string;
  kind: string;
  app_id: string;
  total: number;
  started_at: string;
  ended_at: string | null;
  done: number | null;
  problem: RefreshProblem | null;
  reason: string | null;
  result: Omit<NonNullable<JobReply['result']>, 'problem' | 'reason'> | null;
};

const waitingSql = `
  select count(*) as waiting from (
    select user_id from ${PROVISIONING}.to_evaluate where tenant_id = $1 and app_id in ('', $2)
    union select p.id from ${PROVISIONING}.markings m join ${PROVISIONING}.people p on p.tenant_id = m.tenant_id and not p.erased and p.id > m.after_id
      where m.tenant_id = $1 and m.app_id = $2 and m.kind = 'everyone'
    union select user_id from ${PROVISIONING_VIEW}.accounts where tenant_id = $1 and app_id = $2 and work is not null) waiting`;

/** How many people are yet to be evaluated for the app, or have something to be delivered. */
export const waitingIn = async (sql: Sql, tenantId: string, appId: string): Promise<number> => {
  const [row] = await sql.query<{ waiting: number }>({ text: waitingSql, values: [tenantId, appId] });
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
      text: `insert into ${PROVISIONING}.jobs (tenant_id, id, app_id, kind, total)
             select $1, $2, $3, $4, count(*) from ${PROVISIONING}.people where tenant_id = $1 and not erased returning *`,
      values: [job.tenantId, randomUUID(), job.appId, job.kind],
    });
    return shown(row!, row!.total);
  });

/** Imports what the app has (R58); whoever asks twice is told of the same job. */
export const startRefreshJob = async (sql: Sql, app: { tenantId: string; appId: string }): Promise<JobReply> =>
  findJob(sql, app.tenantId, await startRefresh(sql, app));

/** A person is done when they are evaluated and their account has nothing to deliver. It ends when it is first seen that nobody waits. */
export const findJob = async (sql: Sql, tenantId: string, id: string): Promise<JobReply> => {
  const [row] = await sql.query<Row>({
    text: `select * from ${PROVISIONING}.jobs where tenant_id = $1 and id = $2`,
    values: [tenantId, id],
  });
  if (!row) throw new Rejected('not-found', 'job/not-found', 'There is no such job.');
  if (row.done !== null) return shown(row, row.total - row.done);
  if (row.ended_at !== null) return shown(row, 0);
  const waiting = await waitingIn(sql, tenantId, row.app_id);
  if (waiting > 0) return shown(row, Math.min(waiting, row.total));
  const [ended] = await sql.query<Row>({
    text: `update ${PROVISIONING}.jobs set ended_at = coalesce(ended_at, now()) where tenant_id = $1 and id = $2 returning *`,
    values: [tenantId, id],
  });
  return shown(ended!, 0);
};

const shown = ({ id, kind, total, started_at, ended_at, problem, reason, result }: Row, waiting: number): JobReply => {
  const done = total - waiting;
  const elapsed = Date.now() - Date.parse(started_at);
  return {
    id,
    kind,
    state: problem !== null ? 'failed' : ended_at === null ? 'running' : 'done',
    done,
    total,
    startedAt: started_at,
    ...(ended_at !== null && { endedAt: ended_at }),
    ...((problem !== null || result !== null) && {
      result: { ...(problem !== null && { problem }), ...(reason !== null && { reason }), ...result },
    }),
    // As fast as it was until now.
    ...(ended_at === null &&
      done > 0 && { estimatedEnd: new Date(Date.parse(started_at) + (elapsed * total) / done).toISOString() }),
  };
};
