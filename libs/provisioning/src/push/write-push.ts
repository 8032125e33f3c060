import { randomUUID } from 'node:crypto';
import type { PushEvent } from '@tenure/contracts';
import {
  handle,
  type Clock,
  type EventSource,
  type Handled,
  type Preconditions,
  type ViewRuntime,
} from '@tenure/eventing';
import { system, type Because } from '../account/write-account.ts';
import { pushAggregate } from './push.aggregate.ts';
import type { PushCommand } from './push.decider.ts';
import type { PushState } from './push.state.ts';

export type WritePush = (
  push: { tenantId: string; id: string },
  command: PushCommand,
  because: Because,
  ifMatch?: Preconditions['ifMatch'],
) => Promise<Handled<PushState, PushEvent>>;

/** Commands of pushes run here, as those of accounts do (design, decision 9). */
export const pushWriter =
  ({ source, clock, view }: { source: EventSource; clock: Clock; view: Pick<ViewRuntime, 'applyInline'> }): WritePush =>
  async ({ tenantId, id }, command, { actor = system, ...because }, ifMatch) => {
    const metadata = { tenantId, actor, commandId: randomUUID(), occurredAt: await clock.now(), ...because };
    const handled = await handle(source, pushAggregate, {
      tenantId,
      id,
      command,
      metadata,
      ...(ifMatch !== undefined && { ifMatch }),
    });
    await view.applyInline(handled.stored, handled.events);
    return handled;
  };
