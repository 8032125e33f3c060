import type { ClaimNames, NewEvent, Position, Revision, StoredEvent, StreamName } from './event.ts';

export type Append = {
  stream: StreamName;
  /** The revision the stream must stand at; 0 = the stream must not exist. */
  expected: Revision;
  events: readonly NewEvent[];
  claims?: ClaimNames;
};

export type StreamRange = { after?: Revision; limit?: number; backwards?: boolean };
export type FeedRange = {
  categories?: readonly string[];
  limit: number;
  /** What `lookedTo` answered for the same position and categories, perhaps in an earlier process: the store may skip what was looked at. */
  lookedTo?: string | undefined;
};

/** Called with one event at a time, in order; the next comes when it resolves. A throw stops the subscription with that error. */
export type EventHandler = (event: StoredEvent) => Promise<void>;

export type Subscription = {
  /** Resolves once `stop` was called and the running handler ended; rejects when the handler or the store failed for good. */
  readonly ended: Promise<void>;
  stop: () => Promise<void>;
};

/** The port. Every adapter passes `testing/event-store.contract.ts`. */
export type EventStore = {
  /**
   * All events and claims, or none. Throws `StaleStream` or `ClaimTaken`. Repeating an append whose event ids are already there
   * at the same place answers as the first time and changes nothing. Throws `OutcomeUnknown` when the store did not answer, and
   * `AppendTooLarge` where it never takes so much at once.
   */
  append: (write: Append) => Promise<{ revision: Revision; position: Position }>;
  /** The events of one stream; `[]` for a stream that does not exist. */
  read: (stream: StreamName, range?: StreamRange) => Promise<StoredEvent[]>;
  /** Events after a position (undefined = from the first), in the one order that never changes, leaving no gap behind. Throws `ForeignPosition`. */
  readAll: (after: Position | undefined, range: FeedRange) => Promise<StoredEvent[]>;
  /**
   * Where the next look of a reader that stands at a position may begin, because the store has looked there already. A reader of rare events
   * keeps it with its checkpoint; without it a start reads everything behind that checkpoint. Absent where an index makes it needless.
   */
  lookedTo?: (after: Position | undefined, categories: readonly string[]) => string | undefined;
  /** Catches up after a position, then follows; reconnects by itself. Throws `ForeignPosition` through `ended`. */
  subscribe: (
    after: Position | undefined,
    range: { categories?: readonly string[] },
    handler: EventHandler,
  ) => Subscription;
  /** Whether events of these categories stand behind a position, also those that are appended and that the feed does not show yet. */
  hasEventsAfter: (after: Position | undefined, categories: readonly string[], lookedTo?: string) => Promise<boolean>;
  /**
   * Calls `hear` after this process appended to a stream of these categories. A hint: what other processes append is announced only by
   * EventStoreDB, and an announced event may show in the feed a moment later. Returns what ends it.
   */
  onAppend: (categories: readonly string[], hear: () => void) => () => void;
  close: () => Promise<void>;
};

export class StaleStream extends Error {
  override readonly name = 'StaleStream';
  constructor(
    readonly stream: string,
    readonly expected: Revision,
  ) {
    super(`${stream} is no longer at revision ${expected}.`);
  }
}

export class ClaimTaken extends Error {
  override readonly name = 'ClaimTaken';
  constructor(
    /** The claim's name. */
    readonly claim: string,
    /** The stream that holds it. */
    readonly holder: string,
  ) {
    super(`A value that must be unique is held by ${holder}.`);
  }
}

/** The store did not answer in time: the append may or may not have happened. Repeat it with the same event ids to find out. */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown';
}

/** The store takes no append of this size, and did not take it. */
export class AppendTooLarge extends Error {
  override readonly name = 'AppendTooLarge';
  constructor(
    readonly stream: string,
    /** What it takes at once, in bytes, and how that can be raised; absent where it doesn't say. */
    readonly limit?: { bytes: number; advice: string },
  ) {
    super(`An append to ${stream} is larger than the event store takes${limit ? `, ${limit.bytes} bytes` : ''}.`);
  }
}

/** The store can't be used as it is configured, and waiting can't help; the message is for the person who started the process. */
export class StoreUnusable extends Error {
  override readonly name = 'StoreUnusable';
}

/** A checkpoint of another generation of the store, such as one that was restored from a dump. */
export class ForeignPosition extends Error {
  override readonly name = 'ForeignPosition';
  constructor(position: string) {
    super(
      `The checkpoint ${position} was written against another event store than the one that is connected (a restored copy?). ` +
        'Nothing was read. Rebuild the views against this store, or connect the store that the checkpoint belongs to.',
    );
  }
}

/** Appended by an adapter to a stream whose claim was taken over (design, decision 2). No decider sees it. */
export const CLAIM_FORFEITED = 'ClaimForfeited';
