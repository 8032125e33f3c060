import { definitionOf, type Recorded } from './codec.ts';
import type { Aggregate } from './decider.ts';
import { ERASED, type DomainEvent } from './define-event.ts';
import type { StoredEvent } from './event.ts';
import { advance, type Loaded } from './load.ts';

/** Roughly what a state takes: its last events hold most of it, and the list of commands can be long. */
export const sizeOf = (stored: readonly Recorded[], { commands }: Pick<Loaded<unknown>, 'commands'>) =>
  2000 + 100 * commands.recent.length + stored.reduce((sum, { personal }) => sum + 500 + (personal?.length ?? 0), 0);

const copyOf = <T>(value: T): T => (value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T));

/** The state after an append exactly as a load would fold it: through JSON and the definitions, as the store gives events back. */
export const foldStored = <State, C, E extends DomainEvent>(
  aggregate: Aggregate<State, C, E>,
  loaded: Loaded<State>,
  stored: readonly Recorded[],
  decided: readonly E[],
  isKept: boolean,
): Loaded<State> => {
  const recordedAt = new Date().toISOString();
  const after = stored.reduce((folded, event, index) => {
    const definition = definitionOf(aggregate, event.type);
    const { personal } = decided[index] as { personal?: unknown };
    const read = definition.fromStored(
      event.schemaVersion,
      copyOf(event.data),
      personal === undefined || personal === ERASED ? ERASED : copyOf(personal),
    );
    return advance(aggregate, folded, { ...event, recordedAt } as StoredEvent, read as E);
  }, loaded);
  return isKept ? { ...after, snapshotAt: after.revision } : after;
};
