import type { Database, Sql } from '@tenure/database';
import type { Clock, Instant } from '@tenure/eventing';
import type { WriteAccount } from '../account/write-account.ts';
import type { AppConfig } from '../app/app-config.ts';
import { ENGINE } from '../evaluation/evaluate-person.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { APP_RUNS, holdRunningApp } from '../app/find-apps.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import { isAboveThreshold } from './threshold.ts';

export const timerLeasesTable = `
  create table timer_leases (
    timer_id text primary key,
    until timestamptz not null
  )`;

export type TimerPollerNeeds = {
  database: Database;
  clock: Clock;
  write: WriteAccount;
  /** A timer fired: there may be something to deliver. */
  onFired: () => void;
  onFailure: (error: unknown) => void;
};

type DueTimer = {
  tenant_id: string;
  id: string;
  app_id: string;
  account_id: string;
  armed_by: string;
  correlation_id: string;
};

const BATCH = 50;
const LEASE_S = 15;

/** A parked timer waits for a release, whatever becomes of the threshold meanwhile (R87). */
const MAY_RUN = `(t.state = 'armed' or (t.state = 'parked' and (a.config->>'thresholdReleasedAt')::timestamptz >= t.parked_at))`;

/** Due timers of apps that run: those of others are paused. Armed ones that are due, and parked ones that were released. */
const dueTimers = `
  from ${PROVISIONING_VIEW}.timers t
  join ${PROVISIONING_VIEW}.apps a on a.tenant_id = t.tenant_id and a.id = t.app_id and ${APP_RUNS}
  where t.state in ('armed', 'parked') and t.due_at <= $1 and ${MAY_RUN}`;

/** Fires what is due by the business clock, in the order of the due times (design, decision 16). */
export const timerPoller = ({ database, clock, write, onFired, onFailure }: TimerPollerNeeds) => {
  /** In a transaction of its own: who else polls leaves the claimed ones alone. */
  const claim = (now: Instant) =>
    database.query<DueTimer>({
      name: 'provisioning.claim_timers',
      text: `with due as (
               select t.tenant_id, t.id, t.app_id, t.account_id, t.due_at, t.armed_by, t.correlation_id
               ${dueTimers}
                 and not exists (select 1 from ${PROVISIONING}.timer_leases l where l.timer_id = t.id and l.until > now())
               order by t.due_at, t.id limit $2
             ), leased as (
               insert into ${PROVISIONING}.timer_leases as l (timer_id, until) select id, now() + make_interval(secs => $3) from due order by id
               on conflict (timer_id) do update set until = excluded.until where l.until <= now() returning timer_id)
             select tenant_id, id, app_id, account_id, armed_by, correlation_id from due join leased on timer_id = id order by due_at, id`,
      values: [now, BATCH, LEASE_S],
    });

  const release = (id: string) =>
    database.query({ text: `delete from ${PROVISIONING}.timer_leases where timer_id = $1`, values: [id] });

  /** The app's row is held around exactly one append: who turns it off waits, and nothing fires afterwards. */
  const fire = (timer: DueTimer, now: Instant) =>
    database.transaction(async (sql) => {
      const held = await holdRunningApp(sql, timer.tenant_id, timer.app_id);
      if (!held) return;
      const { app, revision } = held;
      const command = {
        type: 'FireTimer' as const,
        timerId: timer.id,
        now,
        aboveThreshold: await isAbove(sql, app, timer, now),
        approvals: app.approvals,
        basis: { engine: ENGINE, app: revision },
      };
      await write({ tenantId: timer.tenant_id, id: timer.account_id }, command, {
        causationId: timer.armed_by,
        correlationId: timer.correlation_id,
      });
    });

  return {
    /** Says whether anything was due. */
    run: async (): Promise<boolean> => {
      const now = await clock.now();
      const timers = await claim(now);
      for (const timer of timers) {
        try {
          await fire(timer, now);
        } catch (error) {
          onFailure(error);
        }
        await release(timer.id);
      }
      if (timers.length > 0) onFired();
      return timers.length > 0;
    },
    due: async (): Promise<number> => {
      const [row] = await database.query<{ count: number }>({
        name: 'provisioning.due_timers',
        text: `select count(*) as count ${dueTimers}`,
        values: [await clock.now()],
      });
      return row!.count;
    },
  };
};

/** One that was parked and then released is past the threshold. */
const isAbove = async (sql: Sql, app: AppConfig, { tenant_id, id }: DueTimer, now: Instant): Promise<boolean> => {
  const [timer] = await sql.query<{ parked_at: Instant | null }>({
    text: `select parked_at from ${PROVISIONING_VIEW}.timers where tenant_id = $1 and id = $2`,
    values: [tenant_id, id],
  });
  const wasReleased =
    timer?.parked_at && app.thresholdReleasedAt !== null && app.thresholdReleasedAt >= timer.parked_at;
  return wasReleased ? false : isAboveThreshold(sql, app, now);
};
