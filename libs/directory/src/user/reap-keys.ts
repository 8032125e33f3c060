import type { Database } from '@tenure/database';
import { streamName, type EventStore, type Person, type ViewRuntime } from '@tenure/eventing';
import type { UnusedKeys } from '@tenure/sealing';
import { userAggregate } from './user.aggregate.ts';

export type ReapKeysDeps = { database: Database; schema: string; view: Pick<ViewRuntime, 'state' | 'follower'>; store: EventStore; unused: UnusedKeys };

/** Far longer than a command may take from the key to the append. */
const OLDER_THAN_MS = 3_600_000;

/** Removes keys of people who never came to be: their create was refused because the name is taken, or its writer died. Tells how many. */
export const reapKeys = async ({ database, schema, view, store, unused }: ReapKeysDeps): Promise<number> => {
  if ((await view.state()) !== 'serving' || !(await view.follower.isSettled())) return 0;
  const streamOf = ({ tenantId, personId }: Person) => streamName(userAggregate.category, tenantId, personId);
  return unused.reap(OLDER_THAN_MS, async (persons) => {
    const heads = await database.query<{ stream: string }>({ text: `select stream from ${schema}.heads where stream = any($1)`, values: [persons.map(streamOf)] });
    const known = new Set(heads.map(({ stream }) => stream));
    const unknown = persons.filter((person) => !known.has(streamOf(person)));
    // What was sealed with a key that is gone is lost, so the store itself is asked as well.
    const withEvents = await Promise.all(unknown.map(async (person) => (await store.read(streamOf(person), { limit: 1 })).length > 0));
    return [...persons.filter((person) => known.has(streamOf(person))), ...unknown.filter((_, index) => withEvents[index])];
  });
};
