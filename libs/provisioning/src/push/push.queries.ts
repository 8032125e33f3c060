import {
  pagesByInstant,
  type HistoryEntry,
  type HistoryReply,
  type HistoryRequest,
  type ListPage,
  type PushEvent,
} from '@tenure/contracts';
import type { Sql } from '@tenure/database';
import {
  decoder,
  historyHead,
  Rejected,
  streamName,
  type EventSource,
  type Instant,
  type StoredEvent,
} from '@tenure/eventing';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import { pushAggregate } from './push.aggregate.ts';
import type { PushListQuery, PushReply } from './push.bodies.ts';
import type { PushRecord } from './push-record.ts';
import { FOREIGN_GROUP, pushWords, type PresentPush } from './push.state.ts';

type Row = {
  id: string;
  name: string | null;
  record: PushRecord;
  created_at: Instant;
  expanded: boolean;
  last_error: string | null;
  next_attempt_at: Instant | null;
  busy: boolean;
  members: number;
  sent: number;
  waiting: number;
  theirs: number;
};

const columns = `
  p.id, g.display_name as name, p.record, p.created_at, p.expanded, d.last_error,
  case when d.next_attempt_at > now() then d.next_attempt_at end as next_attempt_at, coalesce(w.mark > w.looked, false) as busy, m.*`;
const joined = `
  left join ${PROVISIONING}.groups g on g.tenant_id = p.tenant_id and g.id = p.group_id
  left join ${PROVISIONING}.push_deliveries d on d.tenant_id = p.tenant_id and d.push_id = p.id
  left join ${PROVISIONING_VIEW}.push_work w on w.tenant_id = p.tenant_id and w.push_id = p.id
  cross join lateral (
    select (count(*) filter (where wanted and linked))::int as members, (count(*) filter (where held = 'ours'))::int as sent,
           (count(*) filter (where todo is not null))::int as waiting, (count(*) filter (where held = 'theirs'))::int as theirs
    from ${PROVISIONING_VIEW}.push_members where tenant_id = p.tenant_id and push_id = p.id) m`;

const stateOf = ({ aim, link, failure }: PresentPush, { expanded, busy, waiting }: Row): PushReply['state'] => {
  if (aim === 'deleting' && link) return failure ? 'failed' : 'stopping';
  if (aim !== 'pushed') return 'stopped';
  if (failure) return failure.code === FOREIGN_GROUP ? 'foreign' : 'failed';
  if (!link) return 'waiting';
  return busy || waiting > 0 || !expanded ? 'pushing' : 'upToDate';
};

const reasonOf = (push: PresentPush, said: string | null): PushReply['reason'] => {
  const code = push.failure?.code ?? push.trouble ?? push.warning?.code;
  if (code === undefined || code === null) return undefined;
  const words = pushWords[code] ?? code;
  return { code, message: said === null ? words : `${words} (${said})` };
};

const shown = (row: Row): PushReply => {
  const { id, record, name, members, sent, waiting, theirs } = row;
  const push = record.state as PresentPush;
  const reason = reasonOf(push, row.last_error);
  return {
    id,
    group: { id: push.groupId, displayName: name ?? push.displayName ?? push.groupId },
    mode: push.mode,
    state: stateOf(push, row),
    ...(reason && { reason }),
    ...(push.link && { remoteId: push.link.remoteId, made: push.link.made }),
    ...(push.failure?.code === FOREIGN_GROUP && { candidates: [...push.failure.remoteIds] }),
    counts: { members, sent, waiting, theirs },
    since: record.since,
    ...(row.next_attempt_at !== null && row.busy && { nextAttemptAt: row.next_attempt_at }),
    version: record.revision,
  };
};

export type PushQueries = ReturnType<typeof pushQueries>;

export const pushQueries = (sql: Sql, { store, sealer }: Pick<EventSource, 'store' | 'sealer'>) => {
  const decode = decoder(sealer, pushAggregate.events);

  /** Throws `Rejected` `push/not-found`, also for another app's. */
  const get = async (tenantId: string, appId: string, id: string): Promise<PushReply> => {
    const [row] = await sql.query<Row>({
      name: 'provisioning.find_push',
      text: `select ${columns} from (select * from ${PROVISIONING_VIEW}.pushes where tenant_id = $1 and app_id = $2 and id = $3) p ${joined}`,
      values: [tenantId, appId, id],
    });
    if (!row) throw new Rejected('not-found', 'push/not-found', 'This group is not pushed to the app.');
    return shown(row);
  };

  return {
    get,
    /** Oldest first; those that are over are left out. */
    list: async (tenantId: string, appId: string, { group, ...page }: PushListQuery): Promise<ListPage<PushReply>> => {
      const { limit, after } = pagesByInstant.behind(page);
      const rows = await sql.query<Row>({
        name: 'provisioning.list_pushes',
        text: `select ${columns} from (
                 select * from ${PROVISIONING_VIEW}.pushes
                 where tenant_id = $1 and app_id = $2 and ($3::text is null or group_id = $3) and (aim = 'pushed' or (aim = 'deleting' and remote_id is not null))
                   and ($4::timestamptz is null or (created_at, id) > ($4, $5)) order by created_at, id limit $6) p ${joined}
               order by p.created_at, p.id`,
        values: [tenantId, appId, group ?? null, after?.[0] ?? null, after?.[1] ?? null, limit + 1],
      });
      return pagesByInstant.of(rows, limit, shown, ({ created_at, id }) => [created_at, id]);
    },
    history: async (
      tenantId: string,
      appId: string,
      id: string,
      { limit, after = 0 }: HistoryRequest,
    ): Promise<HistoryReply> => {
      await get(tenantId, appId, id);
      const stored = await store.read(streamName(pushAggregate.category, tenantId, id), { after, limit: limit + 1 });
      const items = await Promise.all(
        stored.slice(0, limit).map(async (one) => historyItem(one, (await decode<PushEvent>(one)).event)),
      );
      return { items, ...(stored.length > limit && { nextCursor: String(items.at(-1)!.revision) }) };
    },
  };
};

const historyItem = (stored: StoredEvent, event: PushEvent | undefined): HistoryEntry => ({
  ...historyHead(stored),
  changed: [],
  data: event ? { ...event.data } : { ...stored.data },
  erased: false,
});
