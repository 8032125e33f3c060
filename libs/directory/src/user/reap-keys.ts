import type { Database } from '@tenure/database';
import { streamName, type EventStore, type DataSubject, type ViewRuntime } from '@tenure/eventing';
import type { UnusedKeys } from '@tenure/sealing';
import { resourceAggregate } from '../resource/resource.aggregate.ts';
import { userAggregate } from './user.aggregate.ts';

export type ReapKeysDeps = {
  database: Database;
  schema: string;
  view: Pick<ViewRuntime, 'state' | 'follower'>;
  store: EventStore;
  unused: UnusedKeys;
};

/** Far longer than a command may take from the key to the append. */
const OLDER_THAN_MS = 3_600_000;

/** Streams whose events are sealed with a key of their own id: people's, and those of resources of a tenant's own types (R71). */
const sealed = [userAggregate.category, resourceAggregate.category];

/** Removes keys of people who never came to be: their create was refused because the name is taken, or its writer died. Tells how many. */
export const reapKeys = async ({ database, schema, view, store, unused }: ReapKeysDeps): Promise<number> => {
  if ((await view.state()) !== 'serving' || !(await view.follower.isSettled())) return 0;
  const streamsOf = ({ tenantId, personId }: DataSubject) =>
    sealed.map((category) => streamName(category, tenantId, personId));
  const hasEvents = async (person: DataSubject) => {
    const found = await Promise.all(streamsOf(person).map((stream) => store.read(stream, { limit: 1 })));
    return found.some(({ length }) => length > 0);
  };
  return unused.reap(OLDER_THAN_MS, async (persons) => {
    const heads = await database.query<{ stream: string }>({
      text: `select stream from ${schema}.heads where stream = any($1)`,
      values: [persons.flatMap(streamsOf)],
    });
    const streams = new Set<string>(heads.map(({ stream }) => stream));
    const isKnown = (person: DataSubject) => streamsOf(person).some((stream) => streams.has(stream));
    const unknown = persons.filter((person) => !isKnown(person));
    // What was sealed with a key that is gone is lost, so the store itself is asked as well.
    const withEvents = await Promise.all(unknown.map(hasEvents));
    return [...persons.filter(isKnown), ...unknown.filter((_, index) => withEvents[index])];
  });
};
