import { randomUUID } from 'node:crypto';
import { it } from '@jest/globals';
import type { EventStore, Position } from '@tenure/eventing';
import { eventStoreContract } from '@tenure/eventing/testing';
import { eventStoreDb } from './event-store-db.ts';
import { startStandIn } from './testing/index.ts';

const url = process.env['EVENTSTOREDB_URL'];

const opening = (connectionString: string) => {
  const stores: EventStore[] = [];
  const open = async () => {
    // The contract is about what an append means, not how long it takes on a busy machine.
    const store = eventStoreDb({ connectionString, appendDeadlineMs: 30_000 });
    stores.push(store);
    return store;
  };
  return { open, close: async () => void (await Promise.all(stores.map((store) => store.close()))) };
};

eventStoreContract('EventStoreDB, the stand-in', async () => {
  const server = await startStandIn();
  const { open, close } = opening(server.connectionString);
  return {
    store: await open(),
    reopen: open,
    interrupt: async () => {
      server.die();
      await server.restart();
    },
    close: async () => {
      await close();
      await server.close();
    },
  };
});

if (url === undefined) it.skip('EventStoreDB, a real server: needs EVENTSTOREDB_URL', () => undefined);
else
  eventStoreContract('EventStoreDB, a real server', async () => {
    const { open, close } = opening(url);
    return { store: await open(), reopen: open, foreignPosition: async () => `${randomUUID()}/1` as Position, close };
  });
