import type { Database } from '@tenure/database';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { APP_RUNS } from '../app/find-apps.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import type { Claimed } from './delivery.rows.ts';
import type { AppRef } from './lane.rows.ts';
import type { Ask, WaitingApp } from './share.ts';

/** So many tenants are looked at for each claim, and so many apps of each; the next claim goes on with the others. */
export const LOOKED_AT = 32;

const DUE = `w.due_at <= now()`;
const LEVELS = `(values (0), (1), (2), (3)) as levels (priority)`;
const hasDue = (tried: boolean) => `exists (
  select from ${LEVELS} where exists (
    select from ${PROVISIONING_VIEW}.work w
    where w.tenant_id = a.tenant_id and w.app_id = a.id and w.tried = ${tried} and w.priority = levels.priority and ${DUE}))`;

/** The next value of a column after another, again and again: one look into the index for each, however many rows have it. */
const distinct = (column: string, within: string, after: string) => `with recursive found as (
    (select w.${column} as value, 1 as n from ${PROVISIONING_VIEW}.work w where ${within} and w.${column} > ${after} order by w.${column} limit 1)
    union all
    select (select w.${column} from ${PROVISIONING_VIEW}.work w where ${within} and w.${column} > f.value order by w.${column} limit 1), f.n + 1
    from found f where f.value is not null and f.n < ${LOOKED_AT})
  select value from found where value is not null`;

/** A row that nobody holds; one whose outcome is open or that waits for a second answer isn't hurried (design, decision 17). */
const FREE = `(d.lease_until is null or d.lease_until <= now())`;
const ON_TIME = `d.next_attempt_at <= now()`;
const HURRIED = `(${ON_TIME} or (d.unknown_since is null and d.gone_since is null and d.call_began_at is null))`;

/** Leases what was picked. What isn't due after all (the view was built again) is put off in the index, and comes back without a holder. */
const leasing = (picked: string, lease: string, due: string) => `
  with picked as (${picked}),
  leased as (
    insert into ${PROVISIONING}.deliveries as d (tenant_id, account_id, app_id, user_id, action, holder, lease_until)
    select v.tenant_id, v.id, v.app_id, v.user_id, v.work, gen_random_uuid()::text, ${lease}
    from picked p cross join lateral (
      select * from ${PROVISIONING_VIEW}.accounts v where v.tenant_id = p.tenant_id and v.id = p.account_id and v.work is not null limit 1) v
    order by v.id
    on conflict (tenant_id, account_id) do update set
      holder = excluded.holder, lease_until = excluded.lease_until, action = excluded.action,
      attempts = case when d.action = excluded.action then d.attempts else 0 end,
      failing_ms = case when d.action = excluded.action then d.failing_ms else 0 end,
      tried_at = case when d.action = excluded.action then d.tried_at end,
      call_began_at = case when d.action = excluded.action then d.call_began_at end,
      unknown_since = case when d.action = excluded.action then d.unknown_since end,
      looked_up = d.action = excluded.action and d.looked_up,
      gone_since = case when d.action = excluded.action then d.gone_since end,
      given = case when d.action = excluded.action then d.given else '[]' end
      where ${due} and ${FREE}
    returning *),
  -- Each by its key: an update from a set may read the whole table.
  moved as (
    insert into ${PROVISIONING_VIEW}.work (tenant_id, account_id, app_id, priority, due_at, tried)
    select p.tenant_id, p.account_id, p.app_id, p.priority,
           coalesce(l.lease_until, greatest(d.next_attempt_at, d.lease_until, now() + interval '100 ms')), coalesce(l.attempts, d.attempts, 0) > 0
    from picked p
    left join leased l on l.tenant_id = p.tenant_id and l.account_id = p.account_id
    left join lateral (select * from ${PROVISIONING}.deliveries d where d.tenant_id = p.tenant_id and d.account_id = p.account_id limit 1) d on true
    on conflict (tenant_id, account_id) do update set due_at = excluded.due_at, tried = excluded.tried)
  select p.tenant_id as "tenantId", p.account_id as "accountId", l.app_id as "appId", l.user_id as "userId", l.action, l.attempts, l.failing_ms as "failingMs",
         l.tried_at as "triedAt", l.call_began_at as "callBeganAt", l.unknown_since as "unknownSince", l.looked_up as "lookedUp", l.gone_since as "goneSince", l.given,
         l.holder, v.record->>'lastEventId' as "lastEventId", v.record->>'correlationId' as "correlationId", v.record->>'traceparent' as traceparent
  from picked p
  left join leased l on l.tenant_id = p.tenant_id and l.account_id = p.account_id
  left join lateral (select * from ${PROVISIONING_VIEW}.accounts v where v.tenant_id = p.tenant_id and v.id = p.account_id limit 1) v on true`;

export type Claims = ReturnType<typeof claims>;

/** Finds and leases what can run now. Each statement reads a bounded number of rows, however many wait. */
export const claims = (database: Database, leaseMs: number) => {
  const lease = `now() + make_interval(secs => ${leaseMs / 1000})`;
  const taking = leasing(
    `select taken.*
     from unnest($1::text[], $2::text[], $3::boolean[], $4::int[]) as asked (tenant_id, app_id, tried, slots)
     cross join lateral (
       select due.tenant_id, due.account_id, due.app_id, due.priority from (
         select w.tenant_id, w.account_id, w.app_id, w.priority, (row_number() over (partition by w.priority order by w.due_at) - random()) / (array[8, 4, 2, 1])[w.priority + 1] as turn
         from ${LEVELS} cross join lateral (
           select * from ${PROVISIONING_VIEW}.work w
           where w.tenant_id = asked.tenant_id and w.app_id = asked.app_id and w.tried = asked.tried and w.priority = levels.priority and ${DUE}
           order by w.due_at limit asked.slots for update skip locked) w) due
       order by due.turn limit asked.slots) taken`,
    lease,
    ON_TIME,
  );
  const probing = leasing(
    `select one.tenant_id, one.account_id, one.app_id, one.priority from (values (false), (true)) as kinds (tried) cross join ${LEVELS} cross join lateral (
       select w.* from ${PROVISIONING_VIEW}.work w
       left join lateral (select * from ${PROVISIONING}.deliveries d where d.tenant_id = w.tenant_id and d.account_id = w.account_id limit 1) d on true
       where w.tenant_id = $1 and w.app_id = $2 and w.tried = kinds.tried and w.priority = levels.priority
         and (d.account_id is null or (${HURRIED} and ${FREE}))
       order by w.due_at limit 1 for update of w skip locked) one
     order by one.tried, (one.priority + $3) % 4 limit 1`,
    lease,
    HURRIED,
  );

  return {
    /** Apps with something due that aren't paused nor left alone; fresh: of people who weren't tried yet. */
    waiting: (afterTenant: string, afterApp: string): Promise<WaitingApp[]> =>
      database.query<WaitingApp>({
        name: 'provisioning.waiting_apps',
        text: `select a.tenant_id as "tenantId", a.id as "appId", a.config->>'preset' as preset, ${hasDue(false)} as fresh, ${hasDue(true)} as retries,
                      case when l.paused_until > now() then l.paused_until end as "pausedUntil", l.open_since is not null as "isOpen"
               from (${distinct('tenant_id', 'true', '$1')}) t
               cross join lateral (${distinct('app_id', 'w.tenant_id = t.value', '$2')}) w
               join ${PROVISIONING_VIEW}.apps a on a.tenant_id = t.value and a.id = w.value and ${APP_RUNS}
               left join ${PROVISIONING}.app_lanes l on l.tenant_id = a.tenant_id and l.app_id = a.id`,
        values: [afterTenant, afterApp],
      }),

    take: async (asks: readonly Ask[]): Promise<{ claimed: Claimed[]; putOff: number }> => {
      const rows = await database.query<Claimed>({
        name: `provisioning.claim_deliveries.${leaseMs}`,
        text: taking,
        values: [
          asks.map(({ tenantId }) => tenantId),
          asks.map(({ appId }) => appId),
          asks.map(({ tried }) => tried),
          asks.map(({ slots }) => slots),
        ],
      });
      const claimed = rows.filter(({ holder }) => holder !== null);
      return { claimed, putOff: rows.length - claimed.length };
    },

    /** One delivery of an app that is left alone, due or not; of people who weren't tried yet, if there are any. */
    takeProbe: async ({ tenantId, appId }: AppRef, turn: number): Promise<Claimed | undefined> => {
      const [row] = await database.query<Claimed>({
        name: `provisioning.claim_probe.${leaseMs}`,
        text: probing,
        values: [tenantId, appId, turn],
      });
      return row?.holder ? row : undefined;
    },
  };
};
