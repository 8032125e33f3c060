/** Doubles from `baseMs` to `capMs`, with jitter between half of it and all of it, so that those that failed together don't come back together. */
export const backoffMs = (
  attempts: number,
  { baseMs, capMs }: { baseMs: number; capMs: number },
  random: () => number = Math.random,
): number => {
  const full = Math.min(capMs, baseMs * 2 ** Math.min(attempts, 30));
  return Math.round(full * (0.5 + random() / 2));
};
