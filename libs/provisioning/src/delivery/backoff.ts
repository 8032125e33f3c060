type Bounds = { baseMs: number; capMs: number };

/** A failure that only one in eight tries of the app shares doubles the wait; a commoner one adds less. */
const BITS_PER_DOUBLING = 3;

/**
 * How long a delivery waits after it failed: anything up to a bound that doubles (full jitter), so that those that failed together don't
 * come back together. `failing`: the share of the app's tries that fail. Where many fail, one more says little of this person, and the
 * bound grows slowly; where others succeed, it doubles each time.
 */
export const backoffMs = (
  attempts: number,
  failing: number,
  { baseMs, capMs }: Bounds,
  random: () => number = Math.random,
): number => {
  const surprise = -Math.log2(Math.max(failing, 0.001)) / BITS_PER_DOUBLING;
  const doublings = Math.min(attempts * Math.min(1, surprise), 30);
  return Math.round(Math.min(capMs, baseMs * 2 ** doublings) * random());
};

/** Between two probes of an app that is left alone: doubles up to the cap, a little less now and then. */
export const probePauseMs = (probes: number, { baseMs, capMs }: Bounds, random: () => number = Math.random): number =>
  Math.round(Math.min(capMs, baseMs * 2 ** Math.min(probes, 30)) * (0.75 + random() / 4));
