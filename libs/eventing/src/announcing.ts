import type { EventStore } from './event-store.ts';
import { streamParts } from './event.ts';

type Bare = Omit<EventStore, 'onAppend' | 'hasEventsAfter'> &
  Partial<Pick<EventStore, 'hasEventsAfter'>> & {
    /** Of a store that hears of every append itself, whoever made it: calls `hear` when an event of a category has come. */
    onNews?: (hear: (category: string) => void) => void;
  };

/** Adds `onAppend` to a store; and `hasEventsAfter`, where its feed shows what is appended at once. */
export const announcing = ({ onNews, ...store }: Bare): EventStore => {
  const listeners = new Set<{ categories: readonly string[]; hear: () => void }>();
  const announce = (category: string) => {
    for (const { categories, hear } of listeners) if (categories.includes(category)) hear();
  };
  onNews?.(announce);
  return {
    hasEventsAfter: async (after, categories) => (await store.readAll(after, { categories, limit: 1 })).length > 0,
    ...store,
    append: async (write) => {
      const appended = await store.append(write);
      announce(streamParts(write.stream).category);
      return appended;
    },
    onAppend: (categories, hear) => {
      const listener = { categories, hear };
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
};
