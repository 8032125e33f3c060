import { StoreUnusable, type EventStore } from '@tenure/eventing';
import type { KeyRing } from '@tenure/sealing';

/** Enough that a few people whose keys were lost in a restore don't look like another database. */
const PEOPLE_ASKED = 20;

/**
 * Whether this database has the keys of the events in a store that is kept apart from it. One that has none of them belongs to another store,
 * and every person would be parked. Throws `StoreUnusable`.
 */
export const expectKeysOf = async (store: EventStore, keys: Pick<KeyRing, 'keysOf'>): Promise<void> => {
  // The first person is found at once; only where their key is missing more is read.
  for (const limit of [1, 5 * PEOPLE_ASKED]) {
    const events = await store.readAll(undefined, { categories: ['user'], limit });
    const people = new Map(
      events.flatMap(({ personId, personal, metadata: { tenantId } }) =>
        personId === undefined || personal === undefined ? [] : [[`${tenantId}/${personId}`, { tenantId, personId }]],
      ),
    );
    const asked = [...people.values()].slice(0, PEOPLE_ASKED);
    const found = await keys.keysOf(asked);
    if (events.length === 0 || found.some((key) => key !== undefined)) return;
    if (limit > 1 && asked.length > 0)
      throw new StoreUnusable(
        'The events in this event store are sealed with keys that this database doesn’t have. Connect the database that belongs to the store, ' +
          'or restore its schemas keys and secrets. A new installation on the same server needs an EVENTSTOREDB_PREFIX of its own.',
      );
  }
};
