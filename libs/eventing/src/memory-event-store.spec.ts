import { memoryEventStore } from './memory-event-store.ts';
import { eventStoreContract } from './testing/event-store.contract.ts';

eventStoreContract('in memory', async () => {
  const store = memoryEventStore();
  return { store, close: store.close };
});
