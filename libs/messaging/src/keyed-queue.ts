/** Runs work in order per key, keys concurrently. */
export type KeyedQueue = {
  push: (key: string, work: () => Promise<void>) => void;
  /** Work that runs or waits. */
  readonly size: number;
  /** Resolves once nothing runs or waits. */
  idle: () => Promise<void>;
};

/** `work` handles its own errors: one that it throws is passed on to nobody, and never holds up its key. */
export const keyedQueue = (): KeyedQueue => {
  const tails = new Map<string, Promise<void>>();
  let size = 0;
  let waitingForIdle: (() => void)[] = [];

  const runAfter = async (before: Promise<void> | undefined, work: () => Promise<void>) => {
    await before;
    try {
      await work();
    } finally {
      size -= 1;
      if (size === 0) {
        for (const resolve of waitingForIdle) resolve();
        waitingForIdle = [];
      }
    }
  };

  return {
    push: (key, work) => {
      size += 1;
      const tail = runAfter(tails.get(key), work).catch(() => undefined);
      tails.set(key, tail);
      void tail.finally(() => tails.get(key) === tail && tails.delete(key));
    },
    get size() {
      return size;
    },
    idle: () => (size === 0 ? Promise.resolve() : new Promise((resolve) => void waitingForIdle.push(resolve))),
  };
};
