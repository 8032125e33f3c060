import {
  pagesByInstant,
  type AccountEvent,
  type HistoryEntry,
  type HistoryReply,
  type HistoryRequest,
  type ListPage,
} from '@tenure/contracts';
import type { Sql } from '@tenure/database';
import {
  decoder,
  ERASED,
  historyHead,
  Rejected,
  streamName,
  type EventSource,
  type Instant,
  type StoredEvent,
} from '@tenure/eventing';
import { accountAggregate } from './account.aggregate.ts';
import { peopleFound, searchedFor, withNames } from '../people/find-names.ts';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { advanceRecord, type AccountRecord } from './account.record.ts';
import type { z } from 'zod';
import type {
  AccountListQuery,
  AccountReply,
  listedAccount,
  listedTimer,
  TimerListQuery,
  TimerReply,
} from './account.bodies.ts';
import { knownPeople } from '../references/find-references.ts';
import { toAccount, unlinkedReferrals, type DeliveryRow } from './account.reply.ts';
import { APP_RUNS } from '../app/find-apps.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

type Row = { id: string; app_runs: boolean; record: AccountRecord; created_at: Instant } & (
  DeliveryRow | { attempts: null; next_attempt_at: null; last_error: null }
);

const columns = `c.id, c.record, c.created_at, ${APP_RUNS} as app_runs, d.attempts, d.next_attempt_at, d.last_error`;
const beside = `
  join ${PROVISIONING_VIEW}.apps a on a.tenant_id = c.tenant_id and a.id = c.app_id
  left join ${PROVISIONING}.deliveries d on d.tenant_id = c.tenant_id and d.account_id = c.id`;
const joined = `from ${PROVISIONING_VIEW}.accounts c ${beside}`;

const unknown = () => new Rejected('not-found', 'account/unknown', 'There is no such account.');

const replyOf =
  (people: ReadonlySet<string>) =>
  (row: Row): AccountReply => {
    const { state } = row.record;
    if (state.kind === 'none') throw unknown();
    const delivery = row.attempts === null ? undefined : row;
    return toAccount({ id: row.id, appRuns: row.app_runs }, row.record, state, delivery, people);
  };

const MOST_EVENTS = 100_000;

export type AccountQueries = ReturnType<typeof accountQueries>;

/** Of all apps of a tenant, or of one (R57). An account of another tenant or app is unknown. */
export const accountQueries = (sql: Sql, { store, sealer }: Pick<EventSource, 'store' | 'sealer'>) => {
  const decode = decoder(sealer, accountAggregate.events);

  /** Who is known of those to whom accounts refer. */
  const peopleOf = (tenantId: string, rows: readonly Row[]) => {
    const unlinked = rows.flatMap(({ record: { state } }) => (state.kind === 'none' ? [] : unlinkedReferrals(state)));
    return knownPeople(sql, tenantId, [...new Set(unlinked)]);
  };

  const find = async (tenantId: string, appId: string | undefined, id: string): Promise<Row> => {
    const [row] = await sql.query<Row>({
      name: 'provisioning.find_account',
      text: `select ${columns} ${joined} where c.tenant_id = $1 and c.id = $2 and ($3::text is null or c.app_id = $3)`,
      values: [tenantId, id, appId ?? null],
    });
    if (!row) throw unknown();
    return row;
  };

  const eventsOf = async (tenantId: string, id: string): Promise<StoredEvent[]> =>
    store.read(streamName(accountAggregate.category, tenantId, id), { limit: MOST_EVENTS });

  /** With all that had occurred up to and at the instant (R80). */
  const asOf = async (tenantId: string, id: string, instant: Instant, appRuns: boolean): Promise<AccountReply> => {
    let record: AccountRecord | undefined;
    for (const stored of await eventsOf(tenantId, id)) {
      if (stored.metadata.occurredAt > instant) break;
      record = advanceRecord(record, await decode<AccountEvent>(stored));
    }
    if (record?.state.kind !== 'present')
      throw new Rejected('not-found', 'account/not-yet', 'There was no such account then.');
    return { ...toAccount({ id, appRuns }, record, record.state), asOf: instant };
  };

  return {
    list: async (
      tenantId: string,
      { appId, user, status, from, to, search, include, ...page }: AccountListQuery & { appId?: string },
    ): Promise<ListPage<z.output<typeof listedAccount>>> => {
      const { limit, after } = pagesByInstant.behind(page);
      const rows = await sql.query<Row>({
        name: `provisioning.list_accounts${search === undefined ? '' : '_found'}`,
        // The page is found by its keys: a search may find everybody, and accounts are large.
        text: `with page as materialized (
                 select c.tenant_id, c.id from ${PROVISIONING_VIEW}.accounts c join ${PROVISIONING_VIEW}.apps a on a.tenant_id = c.tenant_id and a.id = c.app_id
                 where c.tenant_id = $1 and ($2::text is null or c.app_id = $2) and ($3::text is null or c.user_id = $3) and ($4::text is null or c.status = $4)
                   and ($5::timestamptz is null or c.since >= $5) and ($6::timestamptz is null or c.since <= $6)${search === undefined ? '' : ` and c.user_id in ${peopleFound('$1', '$10')}`}
                   and ($7::timestamptz is null or (c.created_at, c.id) > ($7, $8))
                 order by c.created_at, c.id limit $9)
               select ${columns} from page join ${PROVISIONING_VIEW}.accounts c on c.tenant_id = page.tenant_id and c.id = page.id
               ${beside} order by c.created_at, c.id`,
        values: [
          tenantId,
          appId ?? null,
          user ?? null,
          status ?? null,
          from ?? null,
          to ?? null,
          after?.[0] ?? null,
          after?.[1] ?? null,
          limit + 1,
          ...(search === undefined ? [] : [searchedFor(tenantId, search)]),
        ],
      });
      const shown = pagesByInstant.of(rows, limit, replyOf(await peopleOf(tenantId, rows)), ({ created_at, id }) => [
        created_at,
        id,
      ]);
      return { ...shown, items: await withNames(sql, tenantId, shown.items, include) };
    },

    get: async (tenantId: string, appId: string | undefined, id: string, instant?: Instant): Promise<AccountReply> => {
      const row = await find(tenantId, appId, id);
      if (instant === undefined) return replyOf(await peopleOf(tenantId, [row]))(row);
      return asOf(tenantId, id, instant, row.app_runs);
    },

    /** Oldest first. What is in `personal` is shown as `changed` names it; values are in the account as of an instant. */
    history: async (
      tenantId: string,
      appId: string | undefined,
      id: string,
      { limit, after = 0 }: HistoryRequest,
    ): Promise<HistoryReply> => {
      await find(tenantId, appId, id);
      const stored = await store.read(streamName(accountAggregate.category, tenantId, id), { after, limit: limit + 1 });
      const items = await Promise.all(
        stored.slice(0, limit).map(async (one) => historyItem(one, (await decode<AccountEvent>(one)).event)),
      );
      return { items, ...(stored.length > limit && { nextCursor: String(items.at(-1)!.revision) }) };
    },

    timers: async (
      tenantId: string,
      { appId, user, state, dueBefore, search, include, ...page }: TimerListQuery & { appId?: string },
    ): Promise<ListPage<z.output<typeof listedTimer>>> => {
      const { limit, after } = pagesByInstant.behind(page);
      const rows = await sql.query<TimerReply & { endedAt: string | null; endReason: string | null }>({
        name: `provisioning.list_timers${search === undefined ? '' : '_found'}`,
        text: `with shown as (
                 select t.id, t.app_id as "appId", t.account_id as "accountId", t.user_id as "userId", t.trigger, t.action, t.triggered_at as "triggeredAt", t.delay,
                        t.due_at as "dueAt", case when t.state = 'armed' and not ${APP_RUNS} then 'paused' else t.state end as state, t.effective,
                        t.ended_at as "endedAt", t.end_reason as "endReason"
                 from ${PROVISIONING_VIEW}.timers t join ${PROVISIONING_VIEW}.apps a on a.tenant_id = t.tenant_id and a.id = t.app_id
                 where t.tenant_id = $1 and ($2::text is null or t.app_id = $2) and ($3::text is null or t.user_id = $3)${search === undefined ? '' : ` and t.user_id in ${peopleFound('$1', '$9')}`})
               select * from shown
               where ($4::text is null or state = $4) and ($5::timestamptz is null or "dueAt" < $5) and ($6::timestamptz is null or ("dueAt", id) > ($6, $7))
               order by "dueAt", id limit $8`,
        values: [
          tenantId,
          appId ?? null,
          user ?? null,
          state ?? null,
          dueBefore ?? null,
          after?.[0] ?? null,
          after?.[1] ?? null,
          limit + 1,
          ...(search === undefined ? [] : [searchedFor(tenantId, search)]),
        ],
      });
      const shown = ({ endedAt, endReason, ...timer }: (typeof rows)[number]): TimerReply => ({
        ...timer,
        ...(endedAt !== null && { endedAt }),
        ...(endReason !== null && { endReason }),
      });
      const { items, ...rest } = pagesByInstant.of(rows, limit, shown, ({ dueAt, id }) => [dueAt, id]);
      return { ...rest, items: await withNames(sql, tenantId, items, include) };
    },
  };
};

const historyItem = (stored: StoredEvent, event: AccountEvent | undefined): HistoryEntry => {
  const personal = event && 'personal' in event ? event.personal : undefined;
  return {
    ...historyHead(stored),
    changed: event && 'changed' in event.data ? event.data.changed : [],
    data: event ? { ...event.data, ...(personal !== undefined && personal !== ERASED && personal) } : null,
    erased: personal === ERASED,
  };
};
