import type { Database, Sql } from '@tenure/database';
import type { Instant } from '@tenure/eventing';
import type { AppConfig } from '../app/app-config.ts';
import { LeaseLost } from '../delivery/delivery.rows.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { APP_RUNS, holdRunningApp } from '../app/find-apps.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

/**
 * What there is to know about a push between its events, in real time. `noted`: what is about to be done, so that a call that was cut off is
 * known. `piece`: how many members go into one call. `compare_at`: when the members of a mirrored group are compared next. `last_error`
 * may quote people.
 */
export const pushDeliveriesTable = `
  create table push_deliveries (
    tenant_id text not null,
    push_id text not null,
    app_id text not null,
    holder text,
    lease_until timestamptz,
    next_attempt_at timestamptz not null default now(),
    attempts int not null default 0,
    failing_ms bigint not null default 0,
    tried_at timestamptz,
    piece int,
    noted jsonb,
    gone_since timestamptz,
    compare_at timestamptz,
    last_error text,
    primary key (tenant_id, push_id)
  );
  create index push_deliveries_to_compare on push_deliveries (compare_at) where compare_at is not null`;

/** A create that was sent, and who wasn't in the app's group the moment before they were added. */
export type Noted =
  | { kind: 'create'; displayName: string; at: Instant; lookedUp: boolean }
  | { kind: 'members'; absent: readonly string[] };

/** A push that this worker holds. */
export type ClaimedPush = {
  /** Of this claim alone: who held the row before, and is late, changes nothing any more. */
  holder: string;
  tenantId: string;
  pushId: string;
  appId: string;
  /** What of `push_work` was seen. */
  mark: number;
  attempts: number;
  failingMs: number;
  triedAt: Instant | null;
  piece: number | null;
  noted: Noted | null;
  goneSince: Instant | null;
  compareAt: Instant | null;
};

const columns = `d.holder, d.tenant_id as "tenantId", d.push_id as "pushId", d.app_id as "appId", d.attempts, d.failing_ms as "failingMs", d.tried_at as "triedAt",
  d.piece, d.noted, d.gone_since as "goneSince", d.compare_at as "compareAt"`;

/** The lane isn't open or paused, for any replica. */
const MAY_CALL = `not exists (
  select from ${PROVISIONING}.app_lanes l where l.tenant_id = a.tenant_id and l.app_id = a.id and (l.open_since is not null or l.paused_until > now()))`;

export type PushRows = ReturnType<typeof pushRows>;

export const pushRows = (database: Database, leaseMs: number) => {
  const lease = `now() + make_interval(secs => ${leaseMs / 1000})`;

  const change = (row: ClaimedPush, assignments: string, values: readonly unknown[] = []) =>
    database.query({
      text: `update ${PROVISIONING}.push_deliveries set ${assignments} where tenant_id = $1 and push_id = $2 and holder = $3`,
      values: [row.tenantId, row.pushId, row.holder, ...values],
    });
  const letGo = (row: ClaimedPush, assignments: string, values: readonly unknown[] = []) =>
    change(row, `holder = null, lease_until = null, ${assignments}`, values);

  return {
    /** One push of each app that may be called, those first that have waited longest. */
    claim: async (most: number, busy: readonly string[]): Promise<ClaimedPush[]> =>
      database.query<ClaimedPush>({
        name: `provisioning.claim_pushes.${leaseMs}`,
        text: `with due as (
                 select distinct on (w.tenant_id, w.app_id) w.tenant_id, w.push_id, w.app_id, w.mark
                 from ${PROVISIONING_VIEW}.push_work w
                 join ${PROVISIONING_VIEW}.apps a on a.tenant_id = w.tenant_id and a.id = w.app_id and ${APP_RUNS} and ${MAY_CALL}
                 left join ${PROVISIONING}.push_deliveries d on d.tenant_id = w.tenant_id and d.push_id = w.push_id
                 where w.mark > w.looked and not w.tenant_id || '/' || w.app_id = any($2)
                   and (d.push_id is null or (d.next_attempt_at <= now() and (d.lease_until is null or d.lease_until <= now())))
                 order by w.tenant_id, w.app_id, coalesce(d.next_attempt_at, '-infinity')),
               next as (select * from due order by random() limit $1),
               d as (
                 insert into ${PROVISIONING}.push_deliveries as d (tenant_id, push_id, app_id, holder, lease_until)
                 select tenant_id, push_id, app_id, gen_random_uuid()::text, ${lease} from next order by tenant_id, push_id
                 on conflict (tenant_id, push_id) do update set holder = excluded.holder, lease_until = excluded.lease_until
                   where d.lease_until is null or d.lease_until <= now()
                 returning *)
               select ${columns}, next.mark from d join next on next.tenant_id = d.tenant_id and next.push_id = d.push_id`,
        values: [most, busy],
      }),

    /** Before every call, so that the lease outlasts it. Throws `LeaseLost`. */
    extend: async (row: ClaimedPush): Promise<void> => {
      const held = await database.query({
        name: `provisioning.extend_push.${leaseMs}`,
        text: `update ${PROVISIONING}.push_deliveries set lease_until = ${lease}
               where tenant_id = $1 and push_id = $2 and holder = $3 and lease_until > now() returning 1`,
        values: [row.tenantId, row.pushId, row.holder],
      });
      if (held.length === 0) throw new LeaseLost('Another worker took the push over.');
    },

    /** Notes what is about to be sent, while the app's row is held: who turns the app off waits, and nothing begins afterwards. Undefined: it doesn't run. */
    begin: (row: ClaimedPush, noted: Noted | null): Promise<AppConfig | undefined> =>
      database.transaction(async (sql) => {
        const running = await holdRunningApp(sql, row.tenantId, row.appId);
        if (!running) return undefined;
        const held = await sql.query({
          name: `provisioning.begin_push.${leaseMs}`,
          text: `update ${PROVISIONING}.push_deliveries set lease_until = ${lease}, noted = $4
                 where tenant_id = $1 and push_id = $2 and holder = $3 and lease_until > now() returning 1`,
          values: [row.tenantId, row.pushId, row.holder, noted && JSON.stringify(noted)],
        });
        if (held.length === 0) throw new LeaseLost('Another worker took the push over.');
        row.noted = noted;
        return running.app;
      }),

    /** The app did what it was asked: what was known of tries before counts no more. */
    succeeded: async (row: ClaimedPush, piece: number | null, noted: Noted | null): Promise<void> => {
      Object.assign(row, { attempts: 0, failingMs: 0, triedAt: null, noted, goneSince: null, piece });
      await change(
        row,
        `attempts = 0, failing_ms = 0, tried_at = null, noted = $5, gone_since = null, last_error = null, piece = $4`,
        [piece, noted && JSON.stringify(noted)],
      );
    },
    /** The call is known not to have been made. */
    forget: async (row: ClaimedPush): Promise<void> => {
      row.noted = null;
      await change(row, 'noted = null');
    },
    pieceIs: async (row: ClaimedPush, piece: number): Promise<void> => {
      row.piece = piece;
      await change(row, 'piece = $4', [piece]);
    },
    explain: (row: ClaimedPush, error: string) => change(row, 'last_error = $4', [error]),
    compareIn: async (row: ClaimedPush, ms: number): Promise<void> => {
      row.compareAt = new Date(Date.now() + ms).toISOString();
      await change(row, `compare_at = $4`, [row.compareAt]);
    },

    /** Nothing is left to send of what was seen. */
    rest: async (row: ClaimedPush): Promise<void> => {
      await database.query({
        text: `update ${PROVISIONING_VIEW}.push_work set looked = greatest(looked, $3) where tenant_id = $1 and push_id = $2`,
        values: [row.tenantId, row.pushId, row.mark],
      });
      await letGo(row, 'next_attempt_at = now()');
    },
    /** Others of the app have their turn. */
    yieldTurn: (row: ClaimedPush) => letGo(row, 'next_attempt_at = now()'),
    /** Not a try: the app can't be called at the moment, or refused before it did anything. */
    waitFor: (row: ClaimedPush, ms: number) => letGo(row, `next_attempt_at = now() + $4 * interval '1 ms'`, [ms]),
    retryIn: (row: ClaimedPush, ms: number, error: string, failingMs: number) =>
      letGo(
        row,
        `attempts = attempts + 1, next_attempt_at = now() + $4 * interval '1 ms', last_error = $5, failing_ms = $6, tried_at = now()`,
        [ms, error, Math.round(failingMs)],
      ),
    goneFirst: (row: ClaimedPush, ms: number) =>
      letGo(row, `gone_since = now(), next_attempt_at = now() + $4 * interval '1 ms'`, [ms]),

    /** An admin said so: now, whatever was planned. */
    hurry: async (tenantId: string, pushId: string): Promise<void> => {
      await database.query({
        text: `update ${PROVISIONING}.push_deliveries set next_attempt_at = now(), attempts = 0, failing_ms = 0, tried_at = null, compare_at = null
               where tenant_id = $1 and push_id = $2`,
        values: [tenantId, pushId],
      });
    },

    /** Pushes of apps that run and have something to send, those that wait for another try among them. */
    open: async (): Promise<number> => {
      const [row] = await database.query<{ count: number }>({
        name: 'provisioning.open_pushes',
        text: `select count(*) as count from ${PROVISIONING_VIEW}.push_work w
               join ${PROVISIONING_VIEW}.apps a on a.tenant_id = w.tenant_id and a.id = w.app_id and ${APP_RUNS} where w.mark > w.looked`,
      });
      return row!.count;
    },
  };
};

/** What apps said may quote an erased person. */
export const forgetPushErrors = (sql: Sql, tenantId: string): Promise<unknown> =>
  sql.query({
    text: `update ${PROVISIONING}.push_deliveries set last_error = null where tenant_id = $1 and last_error is not null`,
    values: [tenantId],
  });
