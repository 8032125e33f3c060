import type { DeliveryAction } from '@tenure/contracts';
import type { Database } from '@tenure/database';
import type { Instant } from '@tenure/eventing';
import type { Intent } from './verdict.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { APP_RUNS } from '../view/find-apps.ts';
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

/** What can run now, apart from apps that are busy or broken. `v` is the account, `d` its delivery if there is one. */
const withWork = `
  from ${PROVISIONING_VIEW}.accounts v
  join ${PROVISIONING_VIEW}.apps a on a.tenant_id = v.tenant_id and a.id = v.app_id and ${APP_RUNS}
  left join ${PROVISIONING}.deliveries d on d.tenant_id = v.tenant_id and d.account_id = v.id
  where v.work is not null`;

export const deliveryRows = (database: Database, leaseMs: number) => {
  const lease = `now() + make_interval(secs => ${leaseMs / 1000})`;

  /** Changes a row that is still ours, and lets go of it. */
  const letGo = async (
    { tenantId, accountId, holder }: Claimed,
    assignments: string,
    values: readonly unknown[] = [],
  ) => {
    await database.query({
      text: `update ${PROVISIONING}.deliveries set holder = null, lease_until = null, ${assignments} where tenant_id = $1 and account_id = $2 and holder = $3`,
      values: [tenantId, accountId, holder, ...values],
    });
  };

  return {
    /** At most so many of each app that is neither busy nor broken. */
    claim: async (
      free: number,
      busy: ReadonlyMap<string, number>,
      perApp: number,
      resting: readonly string[],
    ): Promise<Claimed[]> =>
      database.query<Claimed>({
        name: `provisioning.claim_deliveries.${leaseMs}`,
        text: `with candidates as (
                 select v.tenant_id, v.id, v.app_id, v.user_id, v.work, v.updated_at, v.record,
                        row_number() over (partition by v.app_id order by v.updated_at, v.id) + coalesce(($2::jsonb->>v.app_id)::int, 0) as place
                 ${withWork}
                   and v.app_id <> all ($4)
                   and (d.account_id is null or (d.next_attempt_at <= now() and (d.lease_until is null or d.lease_until <= now())))
               ), due as (
                 select * from candidates where place <= $3 order by updated_at, id limit $1
               ), leased as (
                 insert into ${PROVISIONING}.deliveries as d (tenant_id, account_id, app_id, user_id, action, holder, lease_until)
                 select tenant_id, id, app_id, user_id, work, gen_random_uuid()::text, ${lease} from due order by id
                 on conflict (tenant_id, account_id) do update set
                   holder = excluded.holder, lease_until = excluded.lease_until, action = excluded.action,
                   attempts = case when d.action = excluded.action then d.attempts else 0 end,
                   call_began_at = case when d.action = excluded.action then d.call_began_at end,
                   unknown_since = case when d.action = excluded.action then d.unknown_since end,
                   looked_up = d.action = excluded.action and d.looked_up,
                   gone_since = case when d.action = excluded.action then d.gone_since end,
                   given = case when d.action = excluded.action then d.given else '[]' end
                   where d.next_attempt_at <= now() and (d.lease_until is null or d.lease_until <= now())
                 returning *)
               select l.tenant_id as "tenantId", l.account_id as "accountId", l.app_id as "appId", l.user_id as "userId", l.action, l.attempts,
                      l.call_began_at as "callBeganAt", l.unknown_since as "unknownSince", l.looked_up as "lookedUp", l.gone_since as "goneSince", l.given, l.holder,
                      due.record->>'lastEventId' as "lastEventId", due.record->>'correlationId' as "correlationId", due.record->>'traceparent' as traceparent
               from leased l join due on due.tenant_id = l.tenant_id and due.id = l.account_id`,
        values: [free, JSON.stringify(Object.fromEntries(busy)), perApp, resting],
      }),

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

    retryIn: (row: Claimed, ms: number, error: string) =>
      letGo(
        row,
        `call_began_at = null, attempts = attempts + 1, next_attempt_at = now() + $4 * interval '1 ms', last_error = $5`,
        [ms, error],
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
        text: `delete from ${PROVISIONING}.deliveries where tenant_id = $1 and account_id = $2 and holder = $3`,
        values: [tenantId, accountId, holder],
      });
    },
    /** An admin said so: now, whatever was planned. */
    hurry: async (tenantId: string, accountId: string) => {
      await database.query({
        text: `update ${PROVISIONING}.deliveries set next_attempt_at = now() where tenant_id = $1 and account_id = $2 and unknown_since is null`,
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
