/** How many deliveries of an app run at once: grows by one for each window of successes, halves when the app is in trouble. Pure. */
export type Window = { size: number; halvedAt: number };

export const START = 4;
/** A window isn't halved twice by calls of the same round trip, which is taken to last at least this long. */
export const ROUND_TRIP_MS = 1000;

export const startWindow = (most: number): Window => ({ size: Math.min(START, most), halvedAt: -Infinity });

export const grown = ({ size, halvedAt }: Window, most: number): Window => ({
  size: Math.min(most, size + 1 / size),
  halvedAt,
});

/** `beganAt`: when the call began that shows the trouble. One that began before the last halving says nothing new. */
export const shrunk = (window: Window, { beganAt, now }: { beganAt: number; now: number }): Window =>
  beganAt < window.halvedAt || now - window.halvedAt < ROUND_TRIP_MS
    ? window
    : { size: Math.max(1, window.size / 2), halvedAt: now };

const SAMPLES = 50;
const ENOUGH_SAMPLES = 20;
const NEVER_SLOW_MS = 250;

/** Tells calls that took more than three times the median of the latest ones. */
export const slowness = () => {
  const latest: number[] = [];
  return (ms: number): boolean => {
    const sorted = [...latest].sort((one, other) => one - other);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    latest.push(ms);
    if (latest.length > SAMPLES) latest.shift();
    return sorted.length >= ENOUGH_SAMPLES && ms > NEVER_SLOW_MS && ms > 3 * median;
  };
};
