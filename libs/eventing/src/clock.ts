import type { Instant } from './event.ts';

/** Business time: `occurredAt`, timers, cut-offs, usage windows (design, decision 6). Never for deadlines, leases or back-off: those are real time. */
export type Clock = { now: () => Promise<Instant> };

export const systemClock: Clock = { now: async () => new Date().toISOString() };
