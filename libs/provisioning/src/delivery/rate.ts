/** Deliveries begun per second, and a bound on them once the app has throttled: 70 % of what it throttled, slowly growing again. */
const MEASURED_MS = 10_000;
const KEPT = 0.7;
const SLOWEST_PER_SECOND = 0.2;
const GROWTH_PER_STEP = 1.1;
const STEP_MS = 10_000;
/** Far above what was throttled, the bound is of no use any more. */
const OVER_AT = 2;

export const startRate = (now: () => number = Date.now) => {
  let starts: number[] = [];
  let bound: { perSecond: number; throttled: number; since: number; tokens: number; at: number } | undefined;

  const boundNow = (): number | undefined => {
    if (!bound) return undefined;
    const perSecond = bound.perSecond * GROWTH_PER_STEP ** (Math.max(0, now() - bound.since) / STEP_MS);
    if (perSecond > OVER_AT * bound.throttled) bound = undefined;
    return bound && perSecond;
  };

  return {
    began: (): void => {
      starts = [...starts.filter((at) => at > now() - MEASURED_MS), now()];
      if (bound) bound.tokens -= 1;
    },
    /** `resumesAt`: when the app may be called again. What began before the last bound says nothing about it. */
    throttled: ({ beganAt, resumesAt }: { beganAt: number; resumesAt: number }): void => {
      if (bound && beganAt < bound.since) return;
      const recent = starts.filter((at) => at > now() - MEASURED_MS);
      const elapsedMs = Math.max(1000, now() - (recent[0] ?? now()));
      const throttled = Math.max(SLOWEST_PER_SECOND, (recent.length * 1000) / elapsedMs);
      const perSecond = Math.max(SLOWEST_PER_SECOND, throttled * KEPT);
      bound = { perSecond, throttled, since: Math.max(now(), resumesAt), tokens: 1, at: Math.max(now(), resumesAt) };
    },
    /** How many may begin now. */
    allowed: (): number => {
      const perSecond = boundNow();
      if (perSecond === undefined || !bound) return Infinity;
      const earned = (Math.max(0, now() - bound.at) / 1000) * perSecond;
      bound.tokens = Math.min(Math.max(1, perSecond), bound.tokens + earned);
      bound.at = Math.max(bound.at, now());
      return Math.max(0, Math.floor(bound.tokens));
    },
    isBound: (): boolean => boundNow() !== undefined,
  };
};
