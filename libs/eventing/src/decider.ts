import type { AnyDefinition, DomainEvent } from './define-event.ts';

/** The whole business rule of one stream, as three pure functions. */
export type Decider<State, Command, Event> = {
  initial: State;
  /** Throws `Rejected` when a rule says no; `[]` when there is nothing to say. */
  decide: (command: Command, state: State) => Event[];
  evolve: (state: State, event: Event) => State;
};

/** A value that only one stream of a tenant may hold, e.g. `{kind: 'userName', value: 'ada@plum.example'}`, normalised. */
export type Claim = { kind: string; value: string; code: string; message: string };

/** A kind of stream: its rule, its events, and what only one of its streams may hold. */
export type Aggregate<State, Command, Event extends DomainEvent> = {
  category: string;
  decider: Decider<State, Command, Event>;
  events: readonly AnyDefinition[];
  /** Raised whenever `State` changes shape: snapshots of another version are ignored. */
  stateVersion: number;
  /** After how many events a snapshot is worth its while; 100 unless they are large. */
  snapshotEvery?: number;
  /** Whether something lives in the stream: If-Match is only asked of what exists. */
  exists: (state: State) => boolean;
  /** Whose `personal` part the events carry: the person's id, from the stream's id and the state after the event. */
  personOf?: (id: string, state: State) => string;
  /** What a state holds. `handle` takes and releases the difference that a command makes; `code` and `message` are the refusal where it is taken. */
  claimsOf?: (state: State) => readonly Claim[];
};
