export type KeyCache<Value> = {
  get: (name: string) => Value | undefined;
  /** `asOf` is when its reading began: what was destroyed since then must not live on for a whole span. */
  set: (name: string, value: Value, asOf: number) => void;
  delete: (name: string) => void;
  readonly size: number;
};

export type KeyCacheOptions = { forMs: number; entries: number; now?: () => number };

/** Holds a key for a span that no use prolongs, then lets go of it, also when nobody asks any more (design, decision 11). */
export const keyCache = <Value>({
  forMs,
  entries,
  now = () => performance.now(),
}: KeyCacheOptions): KeyCache<Value> => {
  // In the order of their end: an entry is put last whenever it is set.
  const held = new Map<string, { value: Value; until: number }>();
  let sweeping: NodeJS.Timeout | undefined;

  /** Up to a sixtieth late: `get` is exact, this is about memory. */
  const sweep = () => {
    sweeping = undefined;
    for (const [name, { until }] of held) {
      const left = until - now();
      if (left > 0) return sweepIn(Math.max(left, forMs / 60));
      held.delete(name);
    }
  };
  const sweepIn = (ms: number) => {
    sweeping ??= setTimeout(sweep, ms).unref();
  };

  /** An eighth at once, because a Map whose first entries were deleted takes long to find its first (7 µs at 10,000). */
  const dropOldest = () => {
    let left = Math.ceil(entries / 8);
    for (const name of held.keys()) {
      if (left-- === 0) break;
      held.delete(name);
    }
  };

  return {
    get: (name) => {
      const found = held.get(name);
      return found && found.until > now() ? found.value : undefined;
    },
    set: (name, value, asOf) => {
      held.delete(name);
      held.set(name, { value, until: asOf + forMs });
      if (held.size > entries) dropOldest();
      sweepIn(forMs);
    },
    delete: (name) => void held.delete(name),
    get size() {
      return held.size;
    },
  };
};
