/** Longer than that, an account that isn't found is gone, or was never made. */
const LONGEST_MS = 60_000;
const MOST_KEPT = 1000;

/** How long the app doesn't find what it made a moment ago, as the calls that go by show it. */
export const observeLag = (learn: (settleMs: number) => void, now: () => number = Date.now) => {
  const made = new Map<string, { at: number; wasMissed: boolean }>();

  return {
    made: (id: string): void => {
      made.set(id, { at: now(), wasMissed: false });
      const [oldest] = made.keys();
      if (made.size > MOST_KEPT && oldest !== undefined) made.delete(oldest);
    },
    missed: (id: string): void => {
      const known = made.get(id);
      if (known && now() - known.at < LONGEST_MS) known.wasMissed = true;
    },
    found: (id: string): void => {
      const known = made.get(id);
      made.delete(id);
      if (known?.wasMissed === true && now() - known.at < LONGEST_MS) learn(now() - known.at);
    },
    deleted: (id: string): void => void made.delete(id),
  };
};
