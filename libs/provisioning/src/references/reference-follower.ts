import { unnested, type Database } from '@tenure/database';
import {
  Rejected,
  startFollower,
  type EventStore,
  type Follower,
  type Leases,
  type StoredEvent,
  type StreamName,
  type ViewRuntime,
} from '@tenure/eventing';
import { PROVISIONING } from '../people/to-evaluate.ts';
import { PROVISIONING_VIEW } from '../view/provisioning.view.ts';
import { noteMoves } from './reference-moves.ts';

export type ReferenceFollowerNeeds = {
  database: Database;
  store: EventStore;
  leases: Leases;
  view: Pick<ViewRuntime, 'catchUp'>;
  onNoted: () => void;
  onFailure?: (error: unknown) => void;
};

/**
 * Notes whose account in an app appeared, changed or went away while others refer to it (R90). As it goes by the view, which shows every event
 * up to the one at hand, it finds the same whichever of two accounts was written first.
 */
export const followReferences = ({
  database,
  store,
  leases,
  view,
  onNoted,
  onFailure,
}: ReferenceFollowerNeeds): Follower =>
  startFollower({
    name: 'references',
    database,
    schema: PROVISIONING,
    store,
    leases,
    categories: ['account'],
    before: async (events) => {
      for (const stream of await unshown(database, events))
        await view.catchUp(stream).catch((error: unknown) =>
          // It waits for an operator, and holds up nobody else.
          error instanceof Rejected ? undefined : Promise.reject(error),
        );
    },
    handle: async (sql, events) => {
      if (await noteMoves(sql, events)) onNoted();
    },
    ...(onFailure && { onFailure }),
  });

/** Most was applied by its writer. */
const unshown = async (database: Database, events: readonly StoredEvent[]): Promise<StreamName[]> => {
  const last = new Map(events.map(({ stream, revision }) => [stream, revision]));
  const rows = await database.query<{ stream: StreamName }>({
    name: 'provisioning.unshown_accounts',
    text: `select last.stream from ${unnested('text', 'int')} as last (stream, revision)
           left join lateral (select revision from ${PROVISIONING_VIEW}.heads where stream = last.stream limit 1) h on true
           where coalesce(h.revision, 0) < last.revision`,
    values: [[...last.keys()], [...last.values()]],
  });
  return rows.map(({ stream }) => stream);
};
