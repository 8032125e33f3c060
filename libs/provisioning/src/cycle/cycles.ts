import { randomUUID } from 'node:crypto';
import type { Database, Sql } from '@tenure/database';
import type { Clock } from '@tenure/eventing';
import { AMBIGUOUS_MATCH, FOREIGN_MATCH } from '../account/account.state.ts';
import type { JobReply } from '../app/app.bodies.ts';
import { forgetMarks, waitingIn, type Cancelling } from '../app/jobs.ts';
import { PROVISIONING, startMarking, type Cause } from '../people/to-evaluate.ts';
import { startRun } from '../reconciliation/runs.ts';
import { APP_RUNS } from '../app/find-apps.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import { Cycle } from './cycle.entities.ts';

type Result = NonNullable<JobReply['result']>;

/** What of an account an initial cycle may change. */
const SENT = `md5(concat(a.record->'state'->>'remote', a.record->'state'->'attributes', a.record->'state'->'entitlements'))`;
const LINKED = `(a.remote_id is not null and a.record->'state'->>'remote' in ('active', 'suspended'))`;

/**
 * Everybody is marked, and the count kept, in one transaction: by the time the job can be read, it has something to do. With `look`, everybody
 * is marked only once the app was read, so that accounts which are there are proposed to an admin before any is looked for one by one.
 */
export const startCycle = (
  database: Database,
  { tenantId, appId, cause, look }: { tenantId: string; appId: string; cause: Cause; look: boolean },
): Promise<string> =>
  database.transaction(async (sql) => {
    const id = randomUUID();
    if (!look) await startMarking(sql, { tenantId, appId, whom: { kind: 'everyone' }, cause });
    await sql.query({
      text: `insert into ${PROVISIONING}.jobs (tenant_id, id, app_id, kind, causation_id, total, done)
             select $1, $2, $3, 'initialCycle', $4, count(*), 0 from ${PROVISIONING}.people where tenant_id = $1 and not erased`,
      values: [tenantId, id, appId, cause.causationId],
    });
    await sql.query({
      text: `insert into ${PROVISIONING}.cycles (id, tenant_id, app_id, phase, cause) values ($1, $2, $3, $4, $5)`,
      values: [id, tenantId, appId, look ? 'looking' : 'provisioning', JSON.stringify(cause)],
    });
    await sql.query({
      text: `insert into ${PROVISIONING}.cycle_accounts (cycle_id, account_id, linked, sent)
             select $1, a.id, ${LINKED}, ${SENT} from ${PROVISIONING_VIEW}.accounts a where a.tenant_id = $2 and a.app_id = $3`,
      values: [id, tenantId, appId],
    });
    return id;
  });

type Look = {
  done: number;
  endedAt: string | null;
  problem: string | null;
  reason: string | null;
  result: object | null;
};

export type CyclesNeeds = {
  database: Database;
  clock: Clock;
  /** There is a run to work on. */
  wakeRuns: () => void;
  /** There are people to evaluate. */
  wake: () => void;
};

/** Carries initial cycles on: after the look everybody is marked, and once nobody waits the job ends with its counts. */
export const cycles = ({ database, clock, wakeRuns, wake }: CyclesNeeds) => {
  const lookOf = async ({ tenantId, runId }: Cycle): Promise<Look | undefined> => {
    const [look] = await database.query<Look>({
      text: `select done, ended_at as "endedAt", problem, reason, result from ${PROVISIONING}.jobs where tenant_id = $1 and id = $2`,
      values: [tenantId, runId],
    });
    return look;
  };

  /** `waiting`: people; what was listed of the app so far counts beside them. */
  const progress = (sql: Sql, { tenantId, id }: Cycle, listed: number, waiting: number | undefined) =>
    sql.query({
      text: `update ${PROVISIONING}.jobs j
             set total = people.count + $3, done = $3 + case when $4::int is null then 0 else greatest(0, people.count - $4::int) end
             from (select count(*)::int as count from ${PROVISIONING}.people where tenant_id = $1 and not erased) people
             where j.tenant_id = $1 and j.id = $2 and j.ended_at is null`,
      values: [tenantId, id, listed, waiting ?? null],
    });

  /** A dry run that is under way says nothing that is kept, so the look waits until it is over. */
  const beginLook = async (cycle: Cycle): Promise<boolean> => {
    const { tenantId, appId } = cycle;
    const run = await startRun(database, { tenantId, appId, dryRun: false, now: await clock.now() });
    if (run.dryRun) return false;
    await database.repository(Cycle).update({ id: cycle.id }, { runId: run.id });
    wakeRuns();
    return true;
  };

  const look = async (cycle: Cycle): Promise<boolean> => {
    if (cycle.runId === null) return beginLook(cycle);
    const found = await lookOf(cycle);
    if (found && found.endedAt === null) {
      await progress(database, cycle, found.done, undefined);
      return false;
    }
    const { id, tenantId, appId, cause } = cycle;
    const isMarked = await database.transaction(async (sql) => {
      const held = await sql.query({
        text: `update ${PROVISIONING}.cycles set phase = 'provisioning' where id = $1 and phase = 'looking' returning 1`,
        values: [id],
      });
      if (held.length > 0) await startMarking(sql, { tenantId, appId, whom: { kind: 'everyone' }, cause });
      return held.length > 0;
    });
    wake();
    return isMarked;
  };

  const provision = async (cycle: Cycle): Promise<boolean> => {
    const { id, tenantId, appId } = cycle;
    const waiting = await waitingIn(database, tenantId, appId);
    const looked = cycle.runId === null ? undefined : await lookOf(cycle);
    await progress(database, cycle, looked?.done ?? 0, waiting);
    if (waiting > 0) return false;
    const result = await resultOf(cycle, looked);
    return database.transaction(async (sql) => {
      const ended = await sql.query({
        text: `update ${PROVISIONING}.cycles set phase = 'done' where id = $1 and phase = 'provisioning' returning 1`,
        values: [id],
      });
      if (ended.length === 0) return false;
      await sql.query({
        text: `update ${PROVISIONING}.jobs set ended_at = now(), done = total, result = $3 where tenant_id = $1 and id = $2 and ended_at is null`,
        values: [tenantId, id, JSON.stringify(result)],
      });
      await sql.query({ text: `delete from ${PROVISIONING}.cycle_accounts where cycle_id = $1`, values: [id] });
      return true;
    });
  };

  /** `matched`, `foreign`: of what the app lists. Who is ambiguous or foreign isn't counted as failed. */
  const resultOf = async ({ id, tenantId, appId, runId }: Cycle, looked: Look | undefined): Promise<Result> => {
    const [counts] = await database.query<Record<string, number>>({
      text: `select count(*) filter (where a.record->'state'->>'aim' = 'present')::int as planned,
               count(*) filter (where ${LINKED} and not coalesce(b.linked, false))::int as created,
               count(*) filter (where ${LINKED} and b.linked and b.sent <> ${SENT})::int as updated,
               count(*) filter (where ${LINKED} and b.linked and b.sent = ${SENT} and a.status <> 'failed')::int as unchanged,
               count(*) filter (where a.status = 'failed' and coalesce(a.record->'state'->'failure'->>'code', '') not in ('${FOREIGN_MATCH}', '${AMBIGUOUS_MATCH}'))::int as failed,
               count(*) filter (where a.record->'state'->'failure'->>'code' = '${FOREIGN_MATCH}')::int as "foreign",
               count(*) filter (where a.record->'state'->'failure'->>'code' = '${AMBIGUOUS_MATCH}')::int as ambiguous
             from ${PROVISIONING_VIEW}.accounts a
             left join ${PROVISIONING}.cycle_accounts b on b.cycle_id = $3 and b.account_id = a.id
             where a.tenant_id = $1 and a.app_id = $2`,
      values: [tenantId, appId, id],
    });
    const { complete, suspicious, listed = 0, matched = 0 } = (looked?.result ?? {}) as Result & { listed?: number };
    if (!looked || runId === null) return { counts: { ...counts!, matched: 0 } };
    const [foreign] = await database.query<{ foreign: number; ambiguous: number }>({
      text: `select count(*)::int as "foreign", count(*) filter (where ambiguous)::int as ambiguous from ${PROVISIONING}.foreign_accounts where run_id = $1`,
      values: [runId],
    });
    return {
      counts: {
        ...counts!,
        matched,
        foreign: Math.max(counts!['foreign']!, foreign!.foreign),
        ambiguous: Math.max(counts!['ambiguous']!, foreign!.ambiguous),
      },
      look: {
        jobId: runId,
        listed,
        ...(complete !== undefined && { complete }),
        ...(suspicious !== undefined && { suspicious }),
        ...(looked.problem !== null && { problem: looked.problem as NonNullable<Result['problem']> }),
        ...(looked.reason !== null && { reason: looked.reason }),
      },
    };
  };

  const open = () =>
    database.repository(Cycle).createQueryBuilder('c').where("c.phase <> 'done'").orderBy('c.id').getMany();

  return {
    /** Says whether any of them went on. */
    run: async (): Promise<boolean> => {
      let wentOn = false;
      for (const cycle of await open()) {
        const moved = cycle.phase === 'looking' ? await look(cycle) : await provision(cycle);
        wentOn ||= moved;
      }
      return wentOn;
    },
    /** Of apps that run: the others' wait. */
    unsettled: async (): Promise<string | undefined> => {
      const [row] = await database.query<{ count: number }>({
        text: `select count(*)::int as count from ${PROVISIONING}.cycles c
               join ${PROVISIONING_VIEW}.apps a on a.tenant_id = c.tenant_id and a.id = c.app_id
               where c.phase <> 'done' and ${APP_RUNS}`,
        values: [],
      });
      return row!.count > 0 ? `${row!.count} initial cycles go on` : undefined;
    },
  };
};

/** Its marks are taken back; a look that is under way is a job of its own. */
export const cancelCycle: Cancelling = async (sql, job) => {
  await sql.query({ text: `delete from ${PROVISIONING}.cycle_accounts where cycle_id = $1`, values: [job.id] });
  await sql.query({ text: `update ${PROVISIONING}.cycles set phase = 'done' where id = $1`, values: [job.id] });
  await forgetMarks(sql, job);
};

/** With an app's configuration its cycles end. */
export const forgetCycles = async (sql: Sql, { tenantId, appId }: { tenantId: string; appId: string }) => {
  const values = [tenantId, appId];
  await sql.query({
    text: `delete from ${PROVISIONING}.cycle_accounts where cycle_id in (select id from ${PROVISIONING}.cycles where tenant_id = $1 and app_id = $2)`,
    values,
  });
  await sql.query({ text: `delete from ${PROVISIONING}.cycles where tenant_id = $1 and app_id = $2`, values });
  await sql.query({
    text: `update ${PROVISIONING}.jobs set ended_at = now() where tenant_id = $1 and app_id = $2 and kind = 'initialCycle' and ended_at is null`,
    values,
  });
};
