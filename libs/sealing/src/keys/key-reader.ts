import { keyCache, type KeyCacheOptions } from './key-cache.ts';

export type KeyReader<Wanted, Found> = {
  read: (wanted: Wanted) => Promise<Found | undefined>;
  /** For who just wrote it. */
  put: (wanted: Wanted, found: Found) => void;
  /** Drops it at once; a reading on its way is not kept either. */
  forget: (wanted: Wanted) => void;
};

export type KeyReaderOptions<Wanted, Row, Found> = KeyCacheOptions & {
  nameOf: (wanted: Wanted) => string;
  /** All at once, in the order asked for; undefined where there is none, which is not remembered. */
  load: (wanted: readonly Wanted[]) => Promise<readonly (Row | undefined)[]>;
  /** Each by itself: a row that can't be read fails only who asked for it. */
  toKey: (wanted: Wanted, row: Row) => Found;
};

/** Answers from a cache, and loads what was asked for in one turn of the event loop, and isn't there, in one query: a batch of events costs one. */
export const keyReader = <Wanted, Row, Found>({
  nameOf,
  load,
  toKey,
  now = () => performance.now(),
  ...cacheOptions
}: KeyReaderOptions<Wanted, Row, Found>): KeyReader<Wanted, Found> => {
  const cache = keyCache<Found>({ ...cacheOptions, now });
  const reading = new Map<string, Promise<Found | undefined>>();
  let gathering: { wanted: Wanted[]; loaded: Promise<readonly (Row | undefined)[]> } | undefined;

  const gather = () => {
    const wanted: Wanted[] = [];
    const loaded = Promise.resolve().then(() => {
      gathering = undefined;
      return load(wanted);
    });
    return { wanted, loaded };
  };

  const readFresh = (wanted: Wanted, name: string): Promise<Found | undefined> => {
    gathering ??= gather();
    const index = gathering.wanted.push(wanted) - 1;
    const asOf = now();
    const found = gathering.loaded
      .then((all) => {
        const row = all[index];
        const one = row && toKey(wanted, row);
        if (one !== undefined && reading.get(name) === found) cache.set(name, one, asOf);
        return one;
      })
      .finally(() => {
        if (reading.get(name) === found) reading.delete(name);
      });
    reading.set(name, found);
    return found;
  };

  const forget = (wanted: Wanted) => {
    const name = nameOf(wanted);
    reading.delete(name);
    cache.delete(name);
  };

  return {
    read: async (wanted) => {
      const name = nameOf(wanted);
      return cache.get(name) ?? reading.get(name) ?? readFresh(wanted, name);
    },
    put: (wanted, found) => {
      forget(wanted);
      cache.set(nameOf(wanted), found, now());
    },
    forget,
  };
};
