import { randomUUID } from 'node:crypto';
import type { AccountEvent } from '@tenure/contracts';
import {
  handle,
  type Actor,
  type Clock,
  type EventSource,
  type Handled,
  type Intent,
  type ViewRuntime,
} from '@tenure/eventing';
import { accountAggregate } from './account.aggregate.ts';
import type { AccountCommand } from './account-command.ts';
import type { AccountState } from './account.state.ts';

/** Why something is written to an account. */
export type Because = { causationId: string; correlationId: string; traceparent?: string; actor?: Actor };

export type WriteAccount = (
  account: { tenantId: string; id: string },
  command: Intent<AccountState, AccountCommand>['command'],
  because: Because,
  ifMatch?: Intent<AccountState, AccountCommand>['ifMatch'],
) => Promise<Handled<AccountState, AccountEvent>>;

/** Who acts where no person does. */
export const system: Actor = { kind: 'system', id: 'provisioning' };

/** Commands of accounts run here, with optimistic appends: there is no topic for them (design, decision 9). */
export const accountWriter =
  ({
    source,
    clock,
    view,
  }: {
    source: EventSource;
    clock: Clock;
    view: Pick<ViewRuntime, 'applyInline'>;
  }): WriteAccount =>
  async ({ tenantId, id }, command, { actor = system, ...because }, ifMatch) => {
    const metadata = { tenantId, actor, commandId: randomUUID(), occurredAt: await clock.now(), ...because };
    const handled = await handle(source, accountAggregate, {
      tenantId,
      id,
      command,
      metadata,
      ...(ifMatch !== undefined && { ifMatch }),
    });
    await view.applyInline(handled.stored, handled.events);
    return handled;
  };
