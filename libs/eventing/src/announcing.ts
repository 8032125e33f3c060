import type { EventStore } from './event-store.ts';
import { streamParts } from './event.ts';

/** Adds `onAppend` to a store. */
export const announcing = (store: Omit<EventStore, 'onAppend'>): EventStore => {
  const listeners = new Set<{ categories: readonly string[]; hear: () => void }>();
  return {
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
