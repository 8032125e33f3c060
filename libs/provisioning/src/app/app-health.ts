import { randomUUID } from 'node:crypto';
import type { Caller } from '@tenure/eventing';
import type { DeliveryHealth } from '../delivery/delivery-worker.ts';
import type { AppHealthReply } from './app.bodies.ts';
import type { AppQueries } from './app.queries.ts';
import type { IfMatch, WriteApp } from './write-app.ts';

type Ref = { tenantId: string; appId: string };

/** The size that a window starts with, for an app that nothing was delivered to yet. */
const START_WINDOW = 4;

export type AppHealth = ReturnType<typeof appHealth>;

/** How apps bear their deliveries, and the way out of quarantine (R96). */
export const appHealth = (write: WriteApp, queries: AppQueries, lanes: Pick<DeliveryHealth, 'find' | 'reset'>) => {
  const get = async (tenantId: string, appId: string): Promise<AppHealthReply> => {
    const { config, createdAt } = await queries.find(tenantId, appId);
    const lane = await lanes.find({ tenantId, appId });
    if (!lane)
      return { state: 'healthy', since: config.turnedOnAt ?? createdAt, window: START_WINDOW, failureRatio: 0 };
    const { health, since, reason, size, failureRatio, pausedUntil, nextProbeAt } = lane;
    return {
      state: health,
      since,
      ...(reason !== null && { reason }),
      window: Math.floor(size),
      failureRatio: Math.round(failureRatio * 100) / 100,
      ...(pausedUntil !== null && { pausedUntil }),
      ...(nextProbeAt !== null && { nextProbeAt }),
    };
  };

  const byItself = ({ tenantId }: Ref): Caller => ({
    tenantId,
    actor: { kind: 'system', id: 'provisioning' },
    correlationId: randomUUID(),
  });

  return {
    get,
    /** An admin says that the app is back: everything that waits for it is tried again now. */
    resume: async (caller: Caller, appId: string, ifMatch?: IfMatch): Promise<AppHealthReply> => {
      await write(caller, appId, { type: 'Resume' }, ifMatch);
      await lanes.reset({ tenantId: caller.tenantId, appId });
      return get(caller.tenantId, appId);
    },
    /** For the delivery worker. */
    quarantined: async (ref: Ref, code: string): Promise<void> => {
      await write(byItself(ref), ref.appId, { type: 'Quarantine', code });
    },
    resumed: async (ref: Ref): Promise<void> => {
      await write(byItself(ref), ref.appId, { type: 'Resume' });
    },
  };
};
