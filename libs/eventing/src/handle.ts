import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { definitionOf, encode, eventId, type Recorded } from './codec.ts';
import { repetitionOf } from './processed-commands.ts';
import type { Aggregate, Claim } from './decider.ts';
import type { DomainEvent } from './define-event.ts';
import { AppendTooLarge, ClaimTaken, OutcomeUnknown, StaleStream } from './event-store.ts';
import {
  streamName,
  type ClaimNames,
  type Instant,
  type Metadata,
  type NewEvent,
  type Revision,
  type StoredEvent,
  type StreamName,
} from './event.ts';
import { foldStored, sizeOf } from './fold-stored.ts';
import { advance, load, nothing, saveSnapshot, SNAPSHOT_EVERY, type EventSource, type Loaded } from './load.ts';
import { Rejected } from './rejected.ts';

export type Preconditions = {
  /** The revisions that `If-Match` allows; absent or `*` = any. */
  ifMatch?: readonly Revision[] | '*';
  /** Those that `If-None-Match` forbids; `*` = all. */
  ifNoneMatch?: readonly Revision[] | '*';
};

/** What the rules accepted: the events, and the state before and after them. Nothing is appended yet. */
export type Decided<State, Event> = { before: State; after: State; revision: Revision; events: readonly Event[] };

export type Intent<State, Command, Event extends DomainEvent = DomainEvent> = Preconditions & {
  tenantId: string;
  id: string;
  metadata: Metadata;
  /** A command, or a function that makes it from what was loaded. A retry calls the function again. */
  command: Command | ((loaded: Pick<Loaded<State>, 'state' | 'revision' | 'occurredAt'>) => Promise<Command>);
  /**
   * Makes what the decided events need: keys, secrets, expensive look-ups (design, decision 21). Runs only for a command that the rules and
   * the preconditions accept, and returns the events to append. It may refuse. A retry calls it again with what is decided then.
   */
  prepare?: (decided: Decided<State, Event>) => Promise<readonly Event[]>;
  /** The stream's id was made for this command, so there is nothing to load unless the command comes again. */
  isNew?: boolean;
  /** Real time (ms since the epoch) after which the command is not executed. */
  deadline?: number;
};

export type Handled<State, Event> = {
  state: State;
  revision: Revision;
  /** `occurredAt` of the stream's first event and of the one at `revision`; absent where nothing ever happened. */
  createdAt?: Instant;
  occurredAt?: Instant;
  /** What was decided: `[]` for a no-op and for a repeated command. */
  events: readonly Event[];
  /** The same, as stored. */
  stored: Recorded[];
  repeated: boolean;
};

const ATTEMPTS_WITHOUT_DEADLINE = 20;

/** Runs a command: repeated? · deadline · decide · preconditions · prepare · append (design, decisions 5 and 21). */
export const handle = async <State, Command, Event extends DomainEvent>(
  source: EventSource,
  aggregate: Aggregate<State, Command, Event>,
  intent: Intent<State, Command, Event>,
): Promise<Handled<State, Event>> => {
  const stream = streamName(aggregate.category, intent.tenantId, intent.id);
  const { isNew = false } = intent;
  let tried: Revision | undefined;
  for (let attempt = 1; ; attempt++) {
    const guess = guessOf(source, aggregate, stream, isNew && attempt === 1);
    if (guess && (tried === undefined || guess.revision > tried)) {
      tried = guess.revision;
      const handled = await onGuess(source, aggregate, stream, intent, guess);
      if (handled) return handled;
    }
    try {
      return await attemptOn(
        source,
        aggregate,
        stream,
        intent,
        await load(source, aggregate, stream),
        intent.metadata.commandId,
      );
    } catch (error) {
      const again = error instanceof StaleStream || error instanceof OutcomeUnknown;
      const timeLeft =
        intent.deadline === undefined ? attempt < ATTEMPTS_WITHOUT_DEADLINE : Date.now() < intent.deadline;
      if (!again || !timeLeft)
        throw again
          ? new Rejected('unavailable', 'command/contended', 'Too many changes arrived at once; try again.')
          : error;
      await sleep(Math.random() * Math.min(50, 2 ** attempt));
    }
  }
};

/** What the stream is likely to be, without asking the store. */
const guessOf = <State, Command, Event extends DomainEvent>(
  { warm }: EventSource,
  aggregate: Aggregate<State, Command, Event>,
  stream: StreamName,
  isNew: boolean,
): Loaded<State> | undefined =>
  (warm?.get(stream, aggregate.stateVersion) as Loaded<State> | undefined) ?? (isNew ? nothing(aggregate) : undefined);

/**
 * Decides on a guess, which holds if the store takes the append at the guessed revision. No-ops, refusals and repetitions prove nothing: they are
 * decided again on what the store has. The events have ids of their own, so the same command that was handled elsewhere meanwhile makes
 * this append stale, not a repeated one that would be answered with what was decided here.
 */
const onGuess = async <State, Command, Event extends DomainEvent>(
  source: EventSource,
  aggregate: Aggregate<State, Command, Event>,
  stream: StreamName,
  intent: Intent<State, Command, Event>,
  guess: Loaded<State>,
): Promise<Handled<State, Event> | undefined> => {
  if (repetitionOf(guess.commands, intent.metadata).kind !== 'new') return undefined;
  try {
    const handled = await attemptOn(source, aggregate, stream, intent, guess, randomUUID());
    if (handled.events.length > 0) return handled;
  } catch {
    // Whatever it was, it comes again if it isn't for the guess.
  }
  source.warm?.drop(stream);
  return undefined;
};

/** `idsFrom`: what the ids of the events derive from. */
const attemptOn = async <State, Command, Event extends DomainEvent>(
  source: EventSource,
  aggregate: Aggregate<State, Command, Event>,
  stream: StreamName,
  { id, metadata, command, prepare, deadline, isNew: _, ...preconditions }: Intent<State, Command, Event>,
  loaded: Loaded<State>,
  idsFrom: string,
): Promise<Handled<State, Event>> => {
  const { decider, exists } = aggregate;
  const repetition = repetitionOf(loaded.commands, metadata);
  if (repetition.kind !== 'new') {
    const then =
      repetition.kind === 'no-op' || repetition.revision === loaded.revision
        ? loaded
        : await load(source, aggregate, stream, { upTo: repetition.revision });
    return { ...foldOf(then), events: [], stored: [], repeated: true };
  }
  if (deadline !== undefined && Date.now() > deadline)
    throw new Rejected(
      'unavailable',
      'command/late',
      'The command arrived after its deadline and was not executed; try again.',
    );

  const accepted = decider.decide(
    typeof command === 'function' ? await (command as (l: typeof loaded) => Promise<Command>)(loaded) : command,
    loaded.state,
  );
  // After the rules (RFC 9110 §13.2.1): a caller who can't see the resource gets its refusal and doesn't learn its version.
  const failed = exists(loaded.state) ? failedPrecondition(preconditions, loaded.revision) : undefined;
  if (failed)
    throw new Rejected(
      'stale',
      `${aggregate.category}/stale`,
      `The resource is at version ${loaded.revision}; ${failed}.`,
    );
  const before = { before: loaded.state, revision: loaded.revision };
  const decided = prepare
    ? await prepare({ ...before, after: accepted.reduce(decider.evolve, loaded.state), events: accepted })
    : accepted;
  if (decided.length === 0) return { ...foldOf(loaded), events: [], stored: [], repeated: false };

  const after = decided.reduce(decider.evolve, loaded.state);
  const { names, taken } = await claimsBetween(source, aggregate, metadata.tenantId, loaded.state, after);
  const written = { ...metadata, occurredAt: later(metadata.occurredAt, loaded.occurredAt) };
  const personId = aggregate.personOf?.(id, after);
  const events: NewEvent[] = await Promise.all(
    decided.map((event, index) =>
      encode(source.sealer, definitionOf(aggregate, event.type), event, {
        id: eventId(idsFrom, stream, index),
        metadata: written,
        ...(personId !== undefined && { personId }),
        ...(index === 0 && names && { claims: names }),
      }),
    ),
  );

  try {
    await source.store.append({ stream, expected: loaded.revision, events, ...(names && { claims: names }) });
  } catch (error) {
    if (error instanceof AppendTooLarge) throw tooLarge(error);
    const claim = error instanceof ClaimTaken ? taken.get(error.claim) : undefined;
    throw claim ? new Rejected('taken', claim.code, claim.message) : error;
  }
  const stored = events.map((event, index) => ({ ...event, stream, revision: loaded.revision + index + 1 }));
  const isKept = snapshotLater(source, aggregate, stream, id, loaded, stored, decided);
  source.warm?.put(stream, {
    stateVersion: aggregate.stateVersion,
    bytes: sizeOf(stored, loaded),
    fold: () => foldStored(aggregate, loaded, stored, decided, isKept),
  });
  const { occurredAt } = written;
  return {
    state: after,
    revision: loaded.revision + events.length,
    createdAt: loaded.createdAt ?? occurredAt,
    occurredAt,
    events: decided,
    stored,
    repeated: false,
  };
};

const tooLarge = ({ limit }: AppendTooLarge) =>
  new Rejected(
    'too-large',
    'command/too-large',
    `The change is larger than the event store takes at once${limit ? ` (${limit.bytes} bytes)` : ''}. Send it in parts, such as fewer members at a time${limit ? `, or have an operator ${limit.advice}` : ''}.`,
  );

/** RFC 9110 §13.2.2, of what exists: If-Match first, then If-None-Match. */
const failedPrecondition = (
  { ifMatch = '*', ifNoneMatch = [] }: Preconditions,
  revision: Revision,
): string | undefined => {
  if (ifMatch !== '*' && !ifMatch.includes(revision)) return "If-Match doesn't match";
  return ifNoneMatch === '*' || ifNoneMatch.includes(revision) ? 'If-None-Match excludes it' : undefined;
};

const foldOf = <State>({ state, revision, createdAt, occurredAt }: Loaded<State>) => ({
  state,
  revision,
  createdAt,
  occurredAt,
});

const later = (a: string, b: string | undefined) => (b !== undefined && b > a ? b : a);

/** The claims that a change takes and releases. A value that only changes case normalises to the same claim, and is neither. */
const claimsBetween = async <State, C, E extends DomainEvent>(
  { sealer }: EventSource,
  { claimsOf }: Aggregate<State, C, E>,
  tenantId: string,
  before: State,
  after: State,
): Promise<{ names: ClaimNames | undefined; taken: Map<string, Claim> }> => {
  const [held, wanted] = [claimsOf?.(before) ?? [], claimsOf?.(after) ?? []];
  const missingIn = (claims: readonly Claim[]) => (claim: Claim) =>
    !claims.some(({ kind, value }) => kind === claim.kind && value === claim.value);
  const [take, release] = [wanted.filter(missingIn(held)), held.filter(missingIn(wanted))];
  if (take.length + release.length === 0) return { names: undefined, taken: new Map() };
  const nameOf = (claim: Claim) => sealer.claimName(tenantId, claim);
  const [takeNames, releaseNames] = [await Promise.all(take.map(nameOf)), await Promise.all(release.map(nameOf))];
  return {
    names: { take: takeNames, release: releaseNames },
    taken: new Map(takeNames.map((name, index) => [name, take[index]!])),
  };
};

/** After the answer, never in its way: a snapshot that fails to be written costs the next load, nothing else. */
const snapshotLater = <State, C, E extends DomainEvent>(
  source: EventSource,
  aggregate: Aggregate<State, C, E>,
  stream: StreamName,
  id: string,
  loaded: Loaded<State>,
  stored: Recorded[],
  decided: readonly E[],
) => {
  if (
    !source.snapshots ||
    loaded.revision + stored.length - loaded.snapshotAt < (aggregate.snapshotEvery ?? SNAPSHOT_EVERY)
  )
    return false;
  const recordedAt = new Date().toISOString();
  const after = stored.reduce(
    (l, event, index) => advance(aggregate, l, { ...event, recordedAt } as StoredEvent, decided[index]),
    loaded,
  );
  setImmediate(() => void saveSnapshot(source, aggregate, stream, id, after).catch(() => undefined));
  return true;
};
