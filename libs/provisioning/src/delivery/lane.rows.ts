import type { Database } from '@tenure/database';
import type { Instant } from '@tenure/eventing';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { APP_RUNS } from '../app/find-apps.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import type { LaneState } from './lane.ts';

/**
 * What all replicas know of an app's health, in real time. `open_since`: the breaker is open, and only probes are let through. No row: healthy.
 * A reason is a sentence of ours, never what the app said, which may be personal.
 */
export const appLanesTable = `
  create table app_lanes (
    tenant_id text not null,
    app_id text not null,
    health text not null default 'healthy',
    since timestamptz not null default now(),
    reason text,
    size real not null,
    failure_ratio real not null default 0,
    paused_until timestamptz,
    open_since timestamptz,
    probes int not null default 0,
    next_probe_at timestamptz,
    updated_at timestamptz not null default now(),
    primary key (tenant_id, app_id)
  );
  create index app_lanes_to_probe on app_lanes (next_probe_at) where open_since is not null`;

export type AppRef = { tenantId: string; appId: string };
export type Health = LaneState | 'quarantined';

/** An app that is left alone, and is to be tried now by whoever holds this. */
export type Probe = AppRef & { probes: number; openSince: Instant; health: Health };

export type LaneRow = {
  health: Health;
  since: Instant;
  reason: string | null;
  size: number;
  failureRatio: number;
  pausedUntil: Instant | null;
  nextProbeAt: Instant | null;
};

/** A process that ended says nothing more of what it saw. */
const STALE = `open_since is null and updated_at < now() - interval '90 seconds'`;
/** Over how long those that waited for the app come back. */
const PULLED_WITHIN = `interval '1 second'`;

export type LaneRows = ReturnType<typeof laneRows>;

export const laneRows = (database: Database) => ({
  find: async ({ tenantId, appId }: AppRef): Promise<LaneRow | undefined> => {
    const [row] = await database.query<LaneRow>({
      name: 'provisioning.find_lane',
      text: `select case when ${STALE} then 'healthy' else health end as health, since, case when not (${STALE}) then reason end as reason, size,
                    case when ${STALE} then 0 else failure_ratio end as "failureRatio",
                    case when paused_until > now() then paused_until end as "pausedUntil", next_probe_at as "nextProbeAt"
             from ${PROVISIONING}.app_lanes where tenant_id = $1 and app_id = $2`,
      values: [tenantId, appId],
    });
    return row;
  },

  /** How a lane that isn't open fares, as this process sees it. */
  report: async (
    { tenantId, appId }: AppRef,
    lane: { health: LaneState; reason: string | null; size: number; failureRatio: number; pauseMs: number },
  ): Promise<void> => {
    await database.query({
      name: 'provisioning.report_lane',
      text: `insert into ${PROVISIONING}.app_lanes as l (tenant_id, app_id, health, reason, size, failure_ratio, paused_until)
             values ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 ms')
             on conflict (tenant_id, app_id) do update set
               since = case when l.health = excluded.health then l.since else now() end, health = excluded.health, reason = excluded.reason,
               size = excluded.size, failure_ratio = excluded.failure_ratio, paused_until = greatest(l.paused_until, excluded.paused_until), updated_at = now()
             where l.open_since is null`,
      values: [tenantId, appId, lane.health, lane.reason, lane.size, lane.failureRatio, lane.pauseMs],
    });
  },

  /** Leaves the app alone from now on, for all replicas. */
  open: async ({ tenantId, appId }: AppRef, reason: string, failureRatio: number, probeInMs: number): Promise<void> => {
    await database.query({
      text: `insert into ${PROVISIONING}.app_lanes as l (tenant_id, app_id, health, reason, size, failure_ratio, open_since, next_probe_at)
             values ($1, $2, 'degraded', $3, 1, $4, now(), now() + $5 * interval '1 ms')
             on conflict (tenant_id, app_id) do update set
               since = case when l.health = 'degraded' then l.since else now() end, health = 'degraded', reason = excluded.reason, size = 1,
               failure_ratio = excluded.failure_ratio, open_since = now(), probes = 0, next_probe_at = excluded.next_probe_at, updated_at = now()
             where l.open_since is null`,
      values: [tenantId, appId, reason, failureRatio, probeInMs],
    });
  },

  /** One probe of an app at a time: who dies with it loses it when the lease ends. */
  claimProbes: (most: number, leaseMs: number): Promise<Probe[]> =>
    database.query<Probe>({
      name: 'provisioning.claim_probes',
      text: `update ${PROVISIONING}.app_lanes l set next_probe_at = now() + $2 * interval '1 ms'
             from (select l.tenant_id, l.app_id from ${PROVISIONING}.app_lanes l
                   join ${PROVISIONING_VIEW}.apps a on a.tenant_id = l.tenant_id and a.id = l.app_id and ${APP_RUNS}
                   where l.open_since is not null and l.next_probe_at <= now() and (l.paused_until is null or l.paused_until <= now())
                   order by l.next_probe_at limit $1 for update of l skip locked) due
             where l.tenant_id = due.tenant_id and l.app_id = due.app_id
             returning l.tenant_id as "tenantId", l.app_id as "appId", l.probes, l.open_since as "openSince", l.health`,
      values: [most, leaseMs],
    }),

  probeIn: async ({ tenantId, appId }: AppRef, ms: number, probes: number): Promise<void> => {
    await database.query({
      text: `update ${PROVISIONING}.app_lanes set next_probe_at = now() + $3 * interval '1 ms', probes = $4 where tenant_id = $1 and app_id = $2 and open_since is not null and next_probe_at is not null`,
      values: [tenantId, appId, ms, probes],
    });
  },

  quarantine: async ({ tenantId, appId }: AppRef, reason: string, probeInMs: number): Promise<void> => {
    await database.query({
      text: `update ${PROVISIONING}.app_lanes set health = 'quarantined', since = now(), reason = $3, probes = 0, next_probe_at = now() + $4 * interval '1 ms'
             where tenant_id = $1 and app_id = $2 and open_since is not null`,
      values: [tenantId, appId, reason, probeInMs],
    });
  },

  /** Leaves the app alone until an admin resumes it: a probe would say nothing about why, so none is due. */
  hold: async ({ tenantId, appId }: AppRef, reason: string): Promise<void> => {
    await database.query({
      text: `insert into ${PROVISIONING}.app_lanes as l (tenant_id, app_id, health, reason, size, open_since) values ($1, $2, 'quarantined', $3, 1, now())
             on conflict (tenant_id, app_id) do update set
               since = case when l.health = 'quarantined' then l.since else now() end, health = 'quarantined', reason = excluded.reason, size = 1,
               open_since = coalesce(l.open_since, now()), probes = 0, next_probe_at = null, updated_at = now()`,
      values: [tenantId, appId, reason],
    });
  },

  /**
   * The app is called again, and what waited because it failed comes back soon; what waits for another reason goes on waiting. `byProbe`: an app
   * that is held stays so.
   */
  close: async ({ tenantId, appId }: AppRef, byProbe = false): Promise<void> => {
    await database.query({
      text: `with closed as (
               update ${PROVISIONING}.app_lanes set health = 'healthy', since = now(), reason = null, size = 4, failure_ratio = 0,
                 paused_until = null, open_since = null, probes = 0, next_probe_at = null, updated_at = now()
               where tenant_id = $1 and app_id = $2 and (open_since is not null or paused_until > now())
                 and not ($3 and health = 'quarantined' and next_probe_at is null) returning 1
             ), pulled as (
               select w.account_id, now() + random() * ${PULLED_WITHIN} as due_at
               from ${PROVISIONING_VIEW}.work w join ${PROVISIONING}.deliveries d on d.tenant_id = w.tenant_id and d.account_id = w.account_id
               where w.tenant_id = $1 and w.app_id = $2 and w.tried and w.due_at > now() and exists (select from closed)
                 and d.holder is null and d.unknown_since is null and d.gone_since is null and d.call_began_at is null
               for update of w, d skip locked
             ), moved as (
               update ${PROVISIONING_VIEW}.work w set due_at = pulled.due_at from pulled where w.tenant_id = $1 and w.account_id = pulled.account_id)
             update ${PROVISIONING}.deliveries d set next_attempt_at = pulled.due_at from pulled
             where d.tenant_id = $1 and d.account_id = pulled.account_id`,
      values: [tenantId, appId, byProbe],
    });
    await database.query({
      text: `update ${PROVISIONING}.push_deliveries set next_attempt_at = now() where tenant_id = $1 and app_id = $2 and attempts > 0 and holder is null`,
      values: [tenantId, appId],
    });
  },

  /** How many apps are in which state, of those that run. */
  counts: (): Promise<{ health: Health; apps: number }[]> =>
    database.query<{ health: Health; apps: number }>({
      name: 'provisioning.count_lanes',
      text: `select case when ${STALE} then 'healthy' else health end as health, count(*)::int as apps
             from ${PROVISIONING}.app_lanes l join ${PROVISIONING_VIEW}.apps a on a.tenant_id = l.tenant_id and a.id = l.app_id and ${APP_RUNS}
             group by 1`,
    }),
});
