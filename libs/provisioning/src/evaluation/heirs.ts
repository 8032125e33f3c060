import { accountEvents, type AccountEvent } from '@tenure/contracts';
import type { Database, Sql } from '@tenure/database';
import {
  ERASED,
  startFollower,
  streamParts,
  type EventStore,
  type Follower,
  type Leases,
  type StoredEvent,
  type ViewRuntime,
} from '@tenure/eventing';
import { causeOf, mark, PROVISIONING, type Mark } from '../people/to-evaluate.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';

export type HeirsNeeds = {
  database: Database;
  store: EventStore;
  leases: Leases;
  view: Pick<ViewRuntime, 'catchUp'>;
  onMarked: () => void;
  onFailure?: (error: unknown) => void;
};

/** After these there is an account to hand over, or surely none: who waits for it is evaluated again. */
const DECIDED: ReadonlySet<string> = new Set<AccountEvent['type']>([
  'AccountCreated',
  'AccountDeleted',
  'AccountGone',
  'AccountHandedOver',
  'AccountDisassociated',
  'AmbiguousAccountsFound',
  'DeliveryAbandoned',
  'DeliveryFailed',
  'ForeignAccountFound',
]);
/** The account that is in the way may be a predecessor's who was found to be deleted meanwhile. */
const IN_THE_WAY: ReadonlySet<string> = new Set<AccountEvent['type']>([
  'ForeignAccountFound',
  'AmbiguousAccountsFound',
]);

/** Has heirs evaluated again whose account was handed over to them, or is decided upon (R92). May do it twice, without harm. */
export const followHeirs = ({ database, store, leases, view, onMarked, onFailure }: HeirsNeeds): Follower =>
  startFollower({
    name: 'evaluation.heirs',
    database,
    schema: PROVISIONING,
    store,
    leases,
    categories: ['account'],
    // Whoever is marked is evaluated by the view, which must show the event by then.
    before: async (events) => {
      const streams = events.filter(({ type }) => type === 'AccountHandedOver').map(({ stream }) => stream);
      for (const stream of new Set(streams)) await view.catchUp(stream);
    },
    handle: async (sql, events) => {
      const marks = [
        ...events.flatMap(marksOf),
        ...(await marksOfHeirs(
          sql,
          events.filter(({ type }) => DECIDED.has(type)),
        )),
      ];
      if (marks.length === 0) return;
      await mark(sql, marks);
      onMarked();
    },
    ...(onFailure && { onFailure }),
  });

const marksOf = (stored: StoredEvent): Mark[] => {
  if (stored.type !== 'AccountHandedOver' && !IN_THE_WAY.has(stored.type)) return [];
  const { tenantId } = streamParts(stored.stream);
  const definition = accountEvents.find(({ type }) => type === stored.type)!;
  // Only ids are read; what is sealed stays so.
  const { data } = definition.fromStored(stored.schemaVersion, stored.data, ERASED) as AccountEvent;
  const userId = 'toUserId' in data ? data.toUserId : data.userId;
  return [{ tenantId, userIds: [userId], appId: data.appId, cause: causeOf(stored) }];
};

/** Nearly always there is none. */
const marksOfHeirs = async (sql: Sql, events: readonly StoredEvent[]): Promise<Mark[]> => {
  if (events.length === 0) return [];
  const decided = new Map(events.map((event) => [event.stream, event]));
  const parts = [...decided.keys()].map(streamParts);
  const heirs = await sql.query<{ tenant_id: string; app_id: string; user_id: string; awaits: string }>({
    name: 'provisioning.heirs_of',
    text: `select a.tenant_id, a.app_id, a.user_id, a.awaits from unnest($1::text[], $2::text[]) as decided (tenant_id, id)
           join ${PROVISIONING_VIEW}.accounts a on a.tenant_id = decided.tenant_id and a.awaits = decided.id`,
    values: [parts.map(({ tenantId }) => tenantId), parts.map(({ id }) => id)],
  });
  return heirs.flatMap(({ tenant_id: tenantId, app_id: appId, user_id, awaits }) => {
    const event = events.findLast(({ stream }) => {
      const of = streamParts(stream);
      return of.tenantId === tenantId && of.id === awaits;
    });
    return event ? [{ tenantId, appId, userIds: [user_id], cause: causeOf(event) }] : [];
  });
};
