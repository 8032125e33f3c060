import type { Actor } from './event.ts';

/** Who asks, for which tenant, as part of what. The first argument of everything that acts for somebody. */
export type Caller = {
  tenantId: string;
  actor: Actor;
  connectionId?: string;
  /** The request that started it all; every command, event and fact that follows carries it. */
  correlationId: string;
  traceparent?: string;
};
