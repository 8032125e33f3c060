import { decoder, isSystemEvent, type Sealer } from './codec.ts';
import { noCommands, recordCommand, type ProcessedCommands } from './processed-commands.ts';
import type { Aggregate } from './decider.ts';
import { ERASED, type DomainEvent } from './define-event.ts';
import type { EventStore } from './event-store.ts';
import type { WarmStates } from './warm-states.ts';
import { streamParts, type Instant, type Revision, type StoredEvent, type StreamName } from './event.ts';

/** A stream as folded: the state, and what its envelopes say. */
export type Loaded<State> = {
  state: State;
  revision: Revision;
  /** `occurredAt` of the first event. */
  createdAt?: Instant;
  /** `occurredAt` of the last event. */
  occurredAt?: Instant;
  commands: ProcessedCommands;
  /** The last snapshot's revision; 0 without one. */
  snapshotAt: Revision;
};

/** A fold kept to shorten the next load. Disposable. `body` is sealed where the stream has a person, else plain JSON. */
export type Snapshot = {
  stream: StreamName;
  revision: Revision;
  stateVersion: number;
  personId?: string;
  body: string;
};

export type SnapshotStore = {
  load: (stream: StreamName) => Promise<Snapshot | undefined>;
  save: (snapshot: Snapshot) => Promise<void>;
  drop: (stream: StreamName) => Promise<void>;
};

export type EventSource = {
  store: EventStore;
  sealer: Sealer;
  snapshots?: SnapshotStore;
  /** Spares `handle` most reads; without it every command loads its stream. */
  warm?: WarmStates;
};

export const SNAPSHOT_EVERY = 100;
const PAGE = 1000;
/** Most streams are shorter, and need no look for a snapshot: one round trip less. */
const SHORT = 20;
const LONG_STREAMS_KNOWN = 10_000;

/** Streams that were seen to be long, so that their next load begins with the snapshot. */
const longStreams = new Set<StreamName>();

const rememberLong = (stream: StreamName) => {
  if (longStreams.size >= LONG_STREAMS_KNOWN) longStreams.clear();
  longStreams.add(stream);
};

/** Folds a stream: a usable snapshot and the tail behind it, or every event. `upTo` stops after that revision, `asOf` before the first later event. */
export const load = async <State, Command, Event extends DomainEvent>(
  { store, sealer, snapshots }: EventSource,
  aggregate: Aggregate<State, Command, Event>,
  stream: StreamName,
  { upTo = Infinity, asOf }: { upTo?: Revision; asOf?: Instant } = {},
): Promise<Loaded<State>> => {
  const decode = decoder(sealer, aggregate.events);
  const mayUseSnapshot = snapshots !== undefined && asOf === undefined;
  // Where a few events are worth a snapshot, it is looked for first.
  const looksFirst = (aggregate.snapshotEvery ?? SNAPSHOT_EVERY) < SHORT || longStreams.has(stream);
  const read = (after: Revision, limit: number) => store.read(stream, { after, limit: Math.min(limit, upTo - after) });

  let loaded = nothing(aggregate);
  let page: StoredEvent[] | undefined;
  if (mayUseSnapshot && !looksFirst) {
    page = await read(0, SHORT);
    if (page.length === SHORT) rememberLong(stream);
  }
  if (mayUseSnapshot && (looksFirst || longStreams.has(stream))) {
    const kept = await fromSnapshot(snapshots, sealer, aggregate, stream, upTo);
    if (kept.revision > 0) page = undefined;
    loaded = kept;
  }
  for (let limit = page ? SHORT : PAGE; ; page = undefined, limit = PAGE) {
    page ??= await read(loaded.revision, limit);
    for (const stored of page) {
      if (asOf !== undefined && stored.metadata.occurredAt > asOf) return loaded;
      loaded = advance(aggregate, loaded, stored, (await decode<Event>(stored)).event);
    }
    if (page.length < limit || loaded.revision >= upTo) return loaded;
  }
};

/** A stream without events. */
export const nothing = <State, C, E extends DomainEvent>({ decider }: Aggregate<State, C, E>): Loaded<State> => ({
  state: decider.initial,
  revision: 0,
  commands: noCommands,
  snapshotAt: 0,
});

/** One event further. Throws on a type that no definition knows: a newer writer is at work, and guessing would corrupt the fold. */
export const advance = <State, Command, Event extends DomainEvent>(
  { category, decider }: Aggregate<State, Command, Event>,
  loaded: Loaded<State>,
  stored: StoredEvent,
  event: Event | undefined,
): Loaded<State> => {
  if (!event && !isSystemEvent(stored.type))
    throw new Error(`${stored.type} in a stream of ${category} is not defined in this version of Tenure.`);
  return {
    state: event ? decider.evolve(loaded.state, event) : loaded.state,
    revision: stored.revision,
    createdAt: loaded.createdAt ?? stored.metadata.occurredAt,
    occurredAt: stored.metadata.occurredAt,
    commands: recordCommand(loaded.commands, stored),
    snapshotAt: loaded.snapshotAt,
  };
};

const boundTo = (stream: StreamName, revision: Revision) => `snapshot/${stream}/${revision}`;

/** A snapshot that can't be read, opened or that has another shape is ignored: the events have it all. */
const fromSnapshot = async <State, C, E extends DomainEvent>(
  snapshots: SnapshotStore | undefined,
  sealer: Sealer,
  aggregate: Aggregate<State, C, E>,
  stream: StreamName,
  upTo: Revision,
): Promise<Loaded<State>> => {
  const snapshot = await snapshots?.load(stream).catch(() => undefined);
  if (!snapshot || snapshot.stateVersion !== aggregate.stateVersion || snapshot.revision > upTo)
    return nothing(aggregate);
  const { revision, personId, body } = snapshot;
  const { tenantId } = streamParts(stream);
  const opened =
    personId === undefined
      ? JSON.parse(body)
      : await sealer.open({ tenantId, personId }, body, boundTo(stream, revision)).catch(() => ERASED);
  return opened === ERASED
    ? nothing(aggregate)
    : { ...(opened as Omit<Loaded<State>, 'revision' | 'snapshotAt'>), revision, snapshotAt: revision };
};

/** Writes a snapshot of a loaded stream. Called outside the request. */
export const saveSnapshot = async <State, C, E extends DomainEvent>(
  { sealer, snapshots }: EventSource,
  { stateVersion, personOf }: Aggregate<State, C, E>,
  stream: StreamName,
  id: string,
  { state, revision, createdAt, occurredAt, commands }: Loaded<State>,
): Promise<void> => {
  const folded = { state, createdAt, occurredAt, commands };
  const personId = personOf?.(id, state);
  const { tenantId } = streamParts(stream);
  const body =
    personId === undefined
      ? JSON.stringify(folded)
      : await sealer.seal({ tenantId, personId }, folded, boundTo(stream, revision));
  await snapshots?.save({ stream, revision, stateVersion, body, ...(personId !== undefined && { personId }) });
};
