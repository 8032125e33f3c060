import {
  handle,
  type Aggregate,
  type Clock,
  type DomainEvent,
  type EventSource,
  type Handled,
  type Intent,
  type Metadata,
  type Place,
  type Preconditions,
  type ViewRuntime,
} from '@tenure/eventing';
import type { CommandMessage } from '@tenure/messaging';

export type CommandDeps = { source: EventSource; view: Pick<ViewRuntime, 'applyInline' | 'catchUp'>; clock: Clock };

/** Where a command stood in its log; unknown for one that another command leads to, on another stream. */
export type CommandPlace = { place?: Place };

const metadataOf = (
  { payload: _, key: __, deadline: ___, ...who }: CommandMessage,
  { place }: CommandPlace,
  occurredAt: string,
): Metadata => ({ ...who, ...(place && { place }), occurredAt });

/** A message's whole way: repeated? · deadline · decide · preconditions · prepare · append · apply to the view (design, decisions 5 and 7). The answer is the caller's to make. */
export const runCommand = async <State, Command, Event extends DomainEvent>(
  { source, view, clock }: CommandDeps,
  aggregate: Aggregate<State, Command, Event>,
  message: CommandMessage,
  context: CommandPlace,
  {
    command,
    prepare,
    ifMatch,
    ifNoneMatch,
    isNew = false,
  }: Pick<Intent<State, Command, Event>, 'command' | 'prepare' | 'isNew'> & Preconditions,
): Promise<Handled<State, Event>> => {
  const { tenantId, key, deadline } = message;
  const metadata = metadataOf(message, context, await clock.now());
  const handled = await handle(source, aggregate, {
    tenantId,
    id: key,
    metadata,
    command,
    deadline,
    isNew,
    ...(prepare && { prepare }),
    ...(ifMatch && { ifMatch }),
    ...(ifNoneMatch && { ifNoneMatch }),
  });
  await view.applyInline(handled.stored, handled.events);
  return handled;
};
