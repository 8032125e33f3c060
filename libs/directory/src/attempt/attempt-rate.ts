/** How many attempts of one who asks are written down one by one in a window of real time; the rest is counted (R70). */
export const ATTEMPTS_PER_WINDOW = 60;
export const WINDOW_MS = 60_000;

export type AttemptRate = {
  /** Whether this one is written down. */
  admit: (asker: string, code: string) => boolean;
  /** What was counted instead, of those whose window has ended (or of all), and forgets it. */
  takeSuppressed: (all?: boolean) => { asker: string; counts: Record<string, number> }[];
};

/** In memory and per process: commands of one who asks have one key, so one process at a time runs them. */
export const attemptRate = (now: () => number = () => performance.now()): AttemptRate => {
  const windows = new Map<string, { startedAt: number; admitted: number; suppressed: Map<string, number> }>();
  const isOver = (startedAt: number) => now() - startedAt >= WINDOW_MS;

  return {
    admit: (asker, code) => {
      const known = windows.get(asker);
      // A window with something counted ends when that is taken, so that no count is lost.
      const window =
        known && (!isOver(known.startedAt) || known.suppressed.size > 0)
          ? known
          : { startedAt: now(), admitted: 0, suppressed: new Map<string, number>() };
      windows.set(asker, window);
      if (window.admitted < ATTEMPTS_PER_WINDOW) {
        window.admitted += 1;
        return true;
      }
      window.suppressed.set(code, (window.suppressed.get(code) ?? 0) + 1);
      return false;
    },
    takeSuppressed: (all = false) => {
      const taken: ReturnType<AttemptRate['takeSuppressed']> = [];
      for (const [asker, { startedAt, suppressed }] of windows) {
        if (!all && !isOver(startedAt)) continue;
        windows.delete(asker);
        if (suppressed.size > 0) taken.push({ asker, counts: Object.fromEntries(suppressed) });
      }
      return taken;
    },
  };
};
