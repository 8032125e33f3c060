/** Runs what it is given, so many at once; the others wait in the order they came. */
export const limited = (atOnce: number) => {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      // The place goes straight to who waits longest: `running` stays.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
};
