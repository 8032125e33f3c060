import { randomUUID } from 'node:crypto';
import type { Caller } from '@tenure/eventing';
import type { DeliveryHealth } from '../delivery/delivery-worker.ts';
import type { Counts } from '../reconciliation/policy.ts';
import type { AppHealthReply } from './app.bodies.ts';
import type { AppQueries } from './app.queries.ts';
import type { IfMatch, WriteApp } from './write-app.ts';

type Ref = { tenantId: string; appId: string };

/** Stable; the event tells it. */
export const SUSPICIOUS = 'reconciliation/suspicious';

/** The size that a window starts with, for an app that nothing was delivered to yet. */
const START_WINDOW = 4;

export type AppHealth = ReturnType<typeof appHealth>;

/** How apps bear their deliveries, and the way out of quarantine (R96). */
export const appHealth = (
  write: WriteApp,
  queries: AppQueries,
  lanes: Pick<DeliveryHealth, 'find' | 'reset' | 'hold'>,
) => {
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
    /** For the reconciliation that found too much to be edits (R88): nothing is sent to such an app until an admin looked at it. */
    suspected: async (ref: Ref, { missing, changed }: Pick<Counts, 'missing' | 'changed'>): Promise<void> => {
      const { state } = await write(byItself(ref), ref.appId, { type: 'Quarantine', code: SUSPICIOUS });
      if (state.kind === 'none' || state.quarantine === null) return;
      await lanes.hold(
        ref,
        `A reconciliation found ${missing} accounts missing and ${changed} changed, too many to be edits: the app may have been emptied, or another may answer at its address. Check it, then resume.`,
      );
    },
    /** Whether an admin must look at the app before anything is sent to it. */
    isHeld: async (ref: Ref): Promise<boolean> => {
      const lane = await lanes.find(ref);
      return lane?.health === 'quarantined' && lane.nextProbeAt === null;
    },
    resumed: async (ref: Ref): Promise<void> => {
      await write(byItself(ref), ref.appId, { type: 'Resume' });
    },
  };
};
