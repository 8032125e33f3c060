export type KeyCache<Value> = {
  get: (name: string) => Value | undefined;
  /** `asOf` is when its reading began: what was destroyed since then must not live on for a whole span. */
  set: (name: string, value: Value, asOf: number) => void;
  delete: (name: string) => void;
  readonly size: number;
};

export type KeyCacheOptions = { forMs: number; entries: number; now?: () => number };

/** Holds a key for a span that no use prolongs, then lets go of it, also when nobody asks any more (design, decision 11). */
export const keyCache = <Value>({ forMs, entries, now = () => performance.now() }: KeyCacheOptions): KeyCache<Value> => {
  // In the order of their end: an entry is put last whenever it is set.
  const held = new Map<string, { value: Value; until: number }>();
  let sweeping: NodeJS.Timeout | undefined;

  const sweep = () => {
    sweeping = undefined;
    for (const [name, { until }] of held) {
      if (until > now()) break;
      held.delete(name);
    }
    if (held.size > 0) sweepLater();
  };
  const sweepLater = () => {
    const [first] = held.values();
    sweeping ??= setTimeout(sweep, first ? Math.max(first.until - now(), 1) : forMs).unref();
  };

  return {
    get: (name) => {
      const found = held.get(name);
      return found && found.until > now() ? found.value : undefined;
    },
    set: (name, value, asOf) => {
      held.delete(name);
      held.set(name, { value, until: asOf + forMs });
      for (const oldest of held.keys()) {
        if (held.size <= entries) break;
        held.delete(oldest);
      }
      sweepLater();
    },
    delete: (name) => void held.delete(name),
    get size() {
      return held.size;
    },
  };
};
