/** Leaves an app alone that keeps failing, then lets one call at a time find out whether it is back. Per process, in real time. */
export type CircuitBreaker = {
  /** Apps not to call now. */
  resting: () => string[];
  /** Apps that may be called with one delivery at a time. */
  onTrial: () => string[];
  succeeded: (appId: string) => void;
  failed: (appId: string) => void;
};

const FAILURES_TO_OPEN = 5;

export const circuitBreaker = ({
  baseMs,
  capMs,
  now = Date.now,
}: {
  baseMs: number;
  capMs: number;
  now?: () => number;
}): CircuitBreaker => {
  const troubled = new Map<string, { failures: number; restsUntil: number }>();
  return {
    resting: () => [...troubled].filter(([, { restsUntil }]) => restsUntil > now()).map(([appId]) => appId),
    onTrial: () => [...troubled].filter(([, { failures }]) => failures >= FAILURES_TO_OPEN).map(([appId]) => appId),
    succeeded: (appId) => void troubled.delete(appId),
    failed: (appId) => {
      const failures = (troubled.get(appId)?.failures ?? 0) + 1;
      const rest =
        failures < FAILURES_TO_OPEN ? 0 : Math.min(capMs, baseMs * 2 ** Math.min(20, failures - FAILURES_TO_OPEN));
      troubled.set(appId, { failures, restsUntil: now() + rest });
    },
  };
};
