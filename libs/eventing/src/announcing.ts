import type { EventStore } from './event-store.ts';
import { streamParts } from './event.ts';

type Bare = Omit<EventStore, 'onAppend' | 'hasEventsAfter'> & Partial<Pick<EventStore, 'hasEventsAfter'>>;

/** Adds `onAppend` to a store; and `hasEventsAfter`, where its feed shows what is appended at once. */
export const announcing = (store: Bare): EventStore => {
  const listeners = new Set<{ categories: readonly string[]; hear: () => void }>();
  return {
    hasEventsAfter: async (after, categories) => (await store.readAll(after, { categories, limit: 1 })).length > 0,
    ...store,
    append: async (write) => {
      const appended = await store.append(write);
      const { category } = streamParts(write.stream);
      for (const { categories, hear } of listeners) if (categories.includes(category)) hear();
      return appended;
    },
    onAppend: (categories, hear) => {
      const listener = { categories, hear };
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
};
