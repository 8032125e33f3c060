import { setTimeout as sleep } from 'node:timers/promises';
import { definitionOf, encode, eventId, type Recorded } from './codec.ts';
import { repetitionOf } from './command-log.ts';
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
import { advance, load, saveSnapshot, SNAPSHOT_EVERY, type EventSource, type Loaded } from './load.ts';
import { Rejected } from './rejected.ts';

export type Preconditions = {
  /** The revisions that `If-Match` allows; absent or `*` = any. */
  ifMatch?: readonly Revision[] | '*';
  /** Those that `If-None-Match` forbids; `*` = all. */
  ifNoneMatch?: readonly Revision[] | '*';
};

export type Intent<State, Command> = Preconditions & {
  tenantId: string;
  id: string;
  metadata: Metadata;
  /** A command; or how to make it from what was loaded, asked again on each retry (group members: design, decision 4). */
  command: Command | ((loaded: Pick<Loaded<State>, 'state' | 'revision' | 'occurredAt'>) => Promise<Command>);
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
  events: Event[];
  /** The same, as stored. */
  stored: Recorded[];
  repeated: boolean;
};

const ATTEMPTS_WITHOUT_DEADLINE = 20;

/** Loads, asks the decider, appends what it said. The whole of the command side: repeated? · deadline · decide · preconditions · append (design, decision 5). */
export const handle = async <State, Command, Event extends DomainEvent>(
  source: EventSource,
  aggregate: Aggregate<State, Command, Event>,
  intent: Intent<State, Command>,
): Promise<Handled<State, Event>> => {
  const stream = streamName(aggregate.category, intent.tenantId, intent.id);
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptOnce(source, aggregate, stream, intent);
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

const attemptOnce = async <State, Command, Event extends DomainEvent>(
  source: EventSource,
  aggregate: Aggregate<State, Command, Event>,
  stream: StreamName,
  { id, metadata, command, deadline, ...preconditions }: Intent<State, Command>,
): Promise<Handled<State, Event>> => {
  const { decider, exists } = aggregate;
  const loaded = await load(source, aggregate, stream);

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

  const decided = decider.decide(
    typeof command === 'function' ? await (command as (l: typeof loaded) => Promise<Command>)(loaded) : command,
    loaded.state,
  );
  // Last, as RFC 9110 §13.2.1 has it: what is refused anyway is refused the same, so that a version tells nobody of what they can't see.
  const failed = exists(loaded.state) ? failedPrecondition(preconditions, loaded.revision) : undefined;
  if (failed)
    throw new Rejected(
      'stale',
      `${aggregate.category}/stale`,
      `It stands at version ${loaded.revision}, which ${failed} does not allow.`,
    );
  if (decided.length === 0) return { ...foldOf(loaded), events: [], stored: [], repeated: false };

  const after = decided.reduce(decider.evolve, loaded.state);
  const { names, taken } = await claimsBetween(source, aggregate, metadata.tenantId, loaded.state, after);
  const written = { ...metadata, occurredAt: later(metadata.occurredAt, loaded.occurredAt) };
  const personId = aggregate.personOf?.(id, after);
  const events: NewEvent[] = await Promise.all(
    decided.map((event, index) =>
      encode(source.sealer, definitionOf(aggregate, event.type), event, {
        id: eventId(metadata.commandId, stream, index),
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
  snapshotLater(source, aggregate, stream, id, loaded, stored, decided);
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
  if (ifMatch !== '*' && !ifMatch.includes(revision)) return 'If-Match';
  return ifNoneMatch === '*' || ifNoneMatch.includes(revision) ? 'If-None-Match' : undefined;
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
  decided: E[],
) => {
  if (
    !source.snapshots ||
    loaded.revision + stored.length - loaded.snapshotAt < (aggregate.snapshotEvery ?? SNAPSHOT_EVERY)
  )
    return;
  const recordedAt = new Date().toISOString();
  const after = stored.reduce(
    (l, event, index) => advance(aggregate, l, { ...event, recordedAt } as StoredEvent, decided[index]),
    loaded,
  );
  setImmediate(() => void saveSnapshot(source, aggregate, stream, id, after).catch(() => undefined));
};
