import { randomUUID } from 'node:crypto';
import type { AppEvent } from '@tenure/contracts';
import {
  handle,
  streamName,
  type Caller,
  type Clock,
  type EventSource,
  type Handled,
  type Intent,
  type ViewRuntime,
} from '@tenure/eventing';
import { appAggregate } from './app.aggregate.ts';
import type { AppCommand } from './app.decider.ts';
import type { App } from './app.state.ts';

export type IfMatch = Intent<App, AppCommand>['ifMatch'];

export type WriteApp = (
  caller: Caller,
  appId: string,
  command: AppCommand,
  ifMatch?: IfMatch,
  /** Of a command that may be given twice; it has an effect once. */
  commandId?: string,
) => Promise<Handled<App, AppEvent>>;

/**
 * Commands of apps run here, as those of accounts do (design, decision 9). Answers once the view shows what was written: who turned an app
 * off must know that its row is changed (decision 16).
 */
export const appWriter =
  ({
    source,
    clock,
    view,
  }: {
    source: EventSource;
    clock: Clock;
    view: Pick<ViewRuntime, 'applyInline' | 'catchUp'>;
  }): WriteApp =>
  async ({ tenantId, actor, correlationId, traceparent }, appId, command, ifMatch, commandId = randomUUID()) => {
    const metadata = {
      tenantId,
      actor,
      commandId,
      correlationId,
      causationId: correlationId,
      occurredAt: await clock.now(),
      ...(traceparent !== undefined && { traceparent }),
    };
    const handled = await handle(source, appAggregate, {
      tenantId,
      id: appId,
      metadata,
      command,
      ...(ifMatch !== undefined && { ifMatch }),
    });
    await view.applyInline(handled.stored, handled.events);
    await view.catchUp(streamName(appAggregate.category, tenantId, appId));
    return handled;
  };
