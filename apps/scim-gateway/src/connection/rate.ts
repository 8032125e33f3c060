import { problem, type ConnectionSettings } from '@tenure/scim';

type RateLimit = NonNullable<ConnectionSettings['rateLimit']>;

/** The `rateLimit` of a connection, per instance: `burst` requests at once, `perSecond` in the long run. */
export type Rate = {
  /** Refuses (429) with the whole seconds after which the next request is due. */
  spend: (connection: string, limit: RateLimit) => void;
};

/** Rates are of real time, whatever the business clock says. */
export const rate = (now: () => number = () => performance.now()): Rate => {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    spend: (connection, { perSecond, burst }) => {
      const at = now();
      const capacity = Math.max(1, burst);
      const kept = buckets.get(connection) ?? { tokens: capacity, at };
      const tokens = Math.min(capacity, kept.tokens + ((at - kept.at) / 1000) * perSecond);
      if (tokens >= 1) return void buckets.set(connection, { tokens: tokens - 1, at });
      const seconds = Math.max(1, Math.ceil((1 - tokens) / perSecond));
      throw Object.assign(problem(429, `This connection may send ${perSecond} requests a second.`), {
        headers: { 'retry-after': String(seconds) },
      });
    },
  };
};
