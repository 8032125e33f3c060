import type { DeliveryAction } from '@tenure/contracts';
import type { Database } from '@tenure/database';
import type { Instant } from '@tenure/eventing';
import type { Intent } from './verdict.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { APP_RUNS } from '../app/find-apps.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

/** What there is to know about a delivery between its events: how often it was tried, when again, and who is at it. All in real time. */
export const deliveriesTable = `
  create table deliveries (
    tenant_id text not null,
    account_id text not null,
    app_id text not null,
    user_id text not null,
    action text not null,
    attempts int not null default 0,
    next_attempt_at timestamptz not null default now(),
    last_error text,
    holder text,
    lease_until timestamptz,
    call_began_at timestamptz,
    unknown_since timestamptz,
    looked_up boolean not null default false,
    given jsonb not null default '[]',
    primary key (tenant_id, account_id)
  )`;

/** When the app first said that the account is gone: a second answer is needed (R67). */
export const goneColumn = `alter table deliveries add column gone_since timestamptz`;

/** How long it has failed, apart from times in which its app was quarantined, and when it was last tried. */
export const failingColumns = `alter table deliveries add column failing_ms bigint not null default 0, add column tried_at timestamptz`;

/** A delivery that this worker holds. `callBeganAt`: a create that was cut off; `unknownSince`: one whose outcome was not told. */
export type Claimed = {
  /** Of this claim alone: who held the row before, and is late, changes nothing any more. */
  holder: string;
  tenantId: string;
  accountId: string;
  appId: string;
  userId: string;
  action: DeliveryAction;
  attempts: number;
  failingMs: number;
  triedAt: Instant | null;
  callBeganAt: Instant | null;
  unknownSince: Instant | null;
  /** Looked up once since then, and not found. */
  lookedUp: boolean;
  /** When the app first said that it has no such account. */
  goneSince: Instant | null;
  /** Entitlements that were not there before an earlier try: what is there of them is ours. */
  given: readonly Intent[];
  lastEventId: string;
  correlationId: string;
  traceparent: string | null;
};

export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

export type DeliveryRows = ReturnType<typeof deliveryRows>;

/** What can run now or later, whatever its app's health. */
const withWork = `
  from ${PROVISIONING_VIEW}.work w
  join ${PROVISIONING_VIEW}.apps a on a.tenant_id = w.tenant_id and a.id = w.app_id and ${APP_RUNS}`;

export const deliveryRows = (database: Database, leaseMs: number) => {
  const lease = `now() + make_interval(secs => ${leaseMs / 1000})`;

  /** Changes a row that is still ours, and lets go of it. The view's index follows: what is due there is what is due here. */
  const letGo = async (
    { tenantId, accountId, holder }: Claimed,
    assignments: string,
    values: readonly unknown[] = [],
  ) => {
    await database.query({
      text: `with d as (
               update ${PROVISIONING}.deliveries set holder = null, lease_until = null, ${assignments}
               where tenant_id = $1 and account_id = $2 and holder = $3 returning tenant_id, account_id, next_attempt_at, attempts)
             update ${PROVISIONING_VIEW}.work w set due_at = d.next_attempt_at, tried = d.attempts > 0
             from d where w.tenant_id = d.tenant_id and w.account_id = d.account_id`,
      values: [tenantId, accountId, holder, ...values],
    });
  };

  return {
    /** Before every call, so that the lease outlasts it. `create`: noted that it was sent. Throws `LeaseLost`. */
    extend: async ({ tenantId, accountId, holder }: Claimed, { creating = false } = {}): Promise<void> => {
      const held = await database.query({
        text: `update ${PROVISIONING}.deliveries set lease_until = ${lease}${creating ? ', call_began_at = now()' : ''}
               where tenant_id = $1 and account_id = $2 and holder = $3 and lease_until > now() returning 1`,
        values: [tenantId, accountId, holder],
      });
      if (held.length === 0) throw new LeaseLost('Another worker took the delivery over.');
    },

    /** Before they are given, so that a try which is cut off is known to have given them. */
    note: async (row: Claimed, given: readonly Intent[]): Promise<void> => {
      const { tenantId, accountId, holder } = row;
      await database.query({
        text: `update ${PROVISIONING}.deliveries set given = $4 where tenant_id = $1 and account_id = $2 and holder = $3`,
        values: [tenantId, accountId, holder, JSON.stringify(given)],
      });
      row.given = given;
    },

    /** `failingMs`: how long it has failed by now, of which 24 hours are too many. */
    retryIn: (row: Claimed, ms: number, error: string, failingMs: number) =>
      letGo(
        row,
        `call_began_at = null, attempts = attempts + 1, next_attempt_at = now() + $4 * interval '1 ms', last_error = $5, failing_ms = $6, tried_at = now()`,
        [ms, error, Math.round(failingMs)],
      ),
    /** Not a try: the app can't be called at the moment, or refused before it did anything. */
    waitFor: (row: Claimed, ms: number) =>
      letGo(row, `call_began_at = null, next_attempt_at = now() + $4 * interval '1 ms'`, [ms]),
    /** Something broke here, perhaps after the call was sent: what is noted of it stays. */
    broken: (row: Claimed, ms: number) => letGo(row, `next_attempt_at = now() + $4 * interval '1 ms'`, [ms]),
    /** Nobody knows whether the account was made; to be looked up no earlier than one time-out after the call ended. */
    unknown: (row: Claimed, since: Instant, timeoutMs: number, error: string) =>
      letGo(
        row,
        `call_began_at = null, unknown_since = $4, looked_up = false, attempts = attempts + 1, next_attempt_at = $4::timestamptz + $5 * interval '1 ms', last_error = $6`,
        [since, timeoutMs, error],
      ),
    /** The app says that the account is gone: asked once more, later. */
    goneFirst: (row: Claimed, ms: number) =>
      letGo(row, `call_began_at = null, gone_since = now(), next_attempt_at = now() + $4 * interval '1 ms'`, [ms]),
    notFound: (row: Claimed, ms: number) =>
      letGo(row, `call_began_at = null, looked_up = true, next_attempt_at = now() + $4 * interval '1 ms'`, [ms]),
    /** Over. What else there may be to deliver starts with a row of its own. */
    end: async ({ tenantId, accountId, holder }: Claimed) => {
      await database.query({
        text: `with d as (
                 delete from ${PROVISIONING}.deliveries where tenant_id = $1 and account_id = $2 and holder = $3 returning tenant_id, account_id)
               update ${PROVISIONING_VIEW}.work w set due_at = now(), tried = false
               from d where w.tenant_id = d.tenant_id and w.account_id = d.account_id`,
        values: [tenantId, accountId, holder],
      });
    },
    /** An admin said so: now, whatever was planned. */
    hurry: async (tenantId: string, accountId: string) => {
      await database.query({
        text: `with d as (
                 update ${PROVISIONING}.deliveries set next_attempt_at = now()
                 where tenant_id = $1 and account_id = $2 and unknown_since is null returning tenant_id, account_id, lease_until)
               update ${PROVISIONING_VIEW}.work w set due_at = coalesce(d.lease_until, now())
               from d where w.tenant_id = d.tenant_id and w.account_id = d.account_id`,
        values: [tenantId, accountId],
      });
    },
    /** Deliveries of apps that run, those that wait for another try among them. */
    open: async (): Promise<number> => {
      const [row] = await database.query<{ count: number }>({
        name: 'provisioning.open_deliveries',
        text: `select count(*) as count ${withWork}`,
      });
      return row!.count;
    },
  };
};
