import { setTimeout as sleep } from 'node:timers/promises';
import {
  AccessDeniedError,
  BACKWARDS,
  END,
  EventStoreDBClient,
  FORWARDS,
  InvalidArgumentError,
  MaxAppendSizeExceededError,
  START,
  StreamDeletedError,
  StreamNotFoundError,
  TimeoutError,
  WrongExpectedVersionError,
  type EventData,
  type RecordedEvent,
  type ResolvedEvent,
} from '@eventstore/db-client';
import { convertToCommandError } from '@eventstore/db-client/dist/utils/index.js';
import { batchAppends } from './batch-appends.ts';
import { internalsOf } from './client-internals.ts';
import { Conflict, NoAnswer, TooLarge, type Appended, type Deadline, type LogRevision } from './connection-errors.ts';
import { allOf, eventOf, readRequest, recordOf, startCall, subscribeRequest, type LogRange } from './log-calls.ts';
import { DEFAULT_PREFIX, namesWith } from './log-names.ts';

export * from './connection-errors.ts';

/** A place in the log and what is recorded there, whoever wrote it. */
export type LogMark = { commit: bigint; id: string };

/** Events of the log, where the last record of the page stands, and whether the log has no more. */
export type LogPage = { events: RecordedEvent[]; last?: bigint; ended: boolean };

/** What a subscription tells: that it runs, an event, or that it has looked at everything up to a place. */
export type LogNews = { confirmed: true } | { event: RecordedEvent } | { lookedAt: bigint };

/** The client, with our names of streams and without its traps (ADR 12). */
export type Connection = {
  /** Throws `Conflict`, `TooLarge` or `NoAnswer`. */
  append: (stream: string, expected: LogRevision, events: EventData[], deadline: Deadline) => Promise<Appended>;
  /** One page of a stream; `[]` where it does not exist. */
  read: (
    stream: string,
    page: { from?: bigint; maxCount: number; backwards?: boolean },
    deadline?: Deadline,
  ) => Promise<RecordedEvent[]>;
  /** One page of our events in the log, from a place on, that one included; of all categories but claims where none are named. The server filters. */
  readLog: (from: bigint | undefined, categories: readonly string[] | undefined, maxCount: number) => Promise<LogPage>;
  /** What is recorded at a place of the log, or is its last record; whoever wrote it. */
  markAt: (place: bigint | 'end') => Promise<LogMark | undefined>;
  /** Our events behind a place until the connection breaks (throws), the server ends it (returns) or the signal aborts (returns). */
  subscribe: (
    after: bigint | undefined,
    categories: readonly string[] | undefined,
    signal: AbortSignal,
  ) => AsyncGenerator<LogNews, void>;
  /** Keeps only the last event of a stream. Tidies up: nothing depends on it. */
  keepLastOnly: (stream: string) => Promise<void>;
  close: () => Promise<void>;
};

/** gRPC's status code. */
const RESOURCE_EXHAUSTED = 8;
const READ_DEADLINE_MS = 10_000;
const CLOSING_DEADLINE_MS = 1000;
/** Larger appends have a call of their own: one that is too large for gRPC ends the call that it is sent on, with all that shares it. */
const LARGEST_IN_BATCH = 256 * 1024;

/** gRPC's own limit of a message is met by a single event that is too large, before `MaxAppendSize` is. */
const isMessageTooLarge = (error: unknown) =>
  error instanceof Error &&
  (error as { code?: unknown }).code === RESOURCE_EXHAUSTED &&
  /message (size|larger)|larger than max/i.test(error.message);

/** A refusal that says the append did not happen. Whatever else goes wrong leaves that open. */
const isRefusal = (error: unknown) =>
  [AccessDeniedError, InvalidArgumentError, StreamDeletedError].some((refusal) => error instanceof refusal);

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
const ignore = () => undefined;

/** The work's result, or an error once the deadline has passed. The work may go on: nobody waits for it. */
export const within = async <T>(deadline: Deadline, work: Promise<T>): Promise<T> => {
  const timer = new AbortController();
  const late = sleep(Math.max(0, deadline - Date.now()), undefined, { signal: timer.signal }).then(() => {
    throw new NoAnswer('EventStoreDB gave no answer in time.');
  });
  late.catch(ignore);
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
};

/** Roughly, and cheaply: sealed text is nearly all of a large event. */
const sizeOf = (events: readonly EventData[]) =>
  events.reduce((bytes, { data, metadata }) => {
    if (data instanceof Uint8Array) return bytes + data.length;
    const { personal } = (metadata ?? {}) as { personal?: string };
    return bytes + (personal?.length ?? 0) + (events.length > 50 || !personal ? JSON.stringify(data).length : 2000);
  }, 0);

export const connect = (connectionString: string, prefix = DEFAULT_PREFIX): Connection => {
  const names = namesWith(prefix);
  const client = EventStoreDBClient.connectionString(connectionString);
  // The client asks this before each append, to choose between batch appends and single ones. Its batch appends share one table per process,
  // which any dead connection empties, have no deadline, and once the question times out it stays answered with that error.
  Object.assign(client, { supports: async () => false });
  const internals = internalsOf(client);
  const appendInBatch = batchAppends(internals);

  const ours = (event: RecordedEvent): RecordedEvent => ({ ...event, streamId: names.ofLog(event.streamId) });

  const collect = async (
    reading: AsyncIterable<ResolvedEvent> & Reading,
    what: string,
    deadline: Deadline,
  ): Promise<RecordedEvent[]> => {
    const events: RecordedEvent[] = [];
    reading.on('error', ignore);
    const all = async () => {
      for await (const { event } of reading) if (event) events.push(ours(event as RecordedEvent));
    };
    try {
      await within(deadline, all());
      return events;
    } catch (error) {
      if (error instanceof StreamNotFoundError) return [];
      reading.cancel().catch(ignore);
      if (error instanceof AccessDeniedError) throw error;
      throw new NoAnswer(`EventStoreDB did not answer the read of ${what}: ${reasonOf(error)}`, { cause: error });
    }
  };

  const readAll = async (range: LogRange, maxCount: number) => {
    const deadline = Date.now() + READ_DEADLINE_MS;
    try {
      return await within(deadline, startCall(internals, readRequest(range, maxCount), deadline).then(allOf));
    } catch (error) {
      if (error instanceof AccessDeniedError) throw error;
      throw new NoAnswer(`EventStoreDB did not answer the read of the log: ${reasonOf(error)}`, { cause: error });
    }
  };

  const appendAlone = async (
    stream: string,
    expectedRevision: LogRevision,
    events: EventData[],
    deadline: Deadline,
  ): Promise<Appended> => {
    const options = { expectedRevision, requiresLeader: true, deadline: Math.max(1, deadline - Date.now()) };
    const { nextExpectedRevision, position } = await within(
      deadline,
      client.appendToStream(names.inLog(stream), events, options),
    );
    return { revision: nextExpectedRevision, ...(position && { commit: position.commit }) };
  };

  const append: Connection['append'] = async (stream, expected, events, deadline) => {
    try {
      if (sizeOf(events) > LARGEST_IN_BATCH) return await appendAlone(stream, expected, events, deadline);
      return await within(deadline, appendInBatch(names.inLog(stream), expected, events, deadline));
    } catch (error) {
      if (error instanceof NoAnswer || error instanceof Conflict || error instanceof TooLarge) throw error;
      if (error instanceof WrongExpectedVersionError) throw new Conflict(`${stream} is not at ${expected}.`);
      if (error instanceof MaxAppendSizeExceededError) throw new TooLarge(error.maxAppendSize);
      if (isMessageTooLarge(error)) throw new TooLarge();
      if (isRefusal(error)) throw error;
      throw new NoAnswer(`EventStoreDB did not answer the append to ${stream}: ${reasonOf(error)}`, {
        answered: error instanceof TimeoutError,
        cause: error,
      });
    }
  };

  return {
    append,
    read: (stream, { from, maxCount, backwards = false }, deadline = Date.now() + READ_DEADLINE_MS) => {
      const direction = backwards ? BACKWARDS : FORWARDS;
      return collect(
        client.readStream(names.inLog(stream), {
          direction,
          fromRevision: from ?? (backwards ? END : START),
          maxCount,
          requiresLeader: true,
        }),
        stream,
        deadline,
      );
    },
    readLog: async (from, categories, maxCount) => {
      const responses = await readAll({ from: from ?? START, filter: names.filterOf(categories) }, maxCount);
      const records = responses.filter((response) => response.hasEvent());
      const events = records.flatMap((record) => eventOf(record) ?? []).map(ours);
      const last = records.at(-1);
      return { events, ...(last && { last: recordOf(last)!.commit }), ended: records.length < maxCount };
    },
    markAt: async (place) => {
      const [found] = await readAll(place === 'end' ? { from: 'end', backwards: true } : { from: place }, 1);
      return found && recordOf(found);
    },
    subscribe: async function* (after, categories, signal) {
      if (signal.aborted) return;
      const request = subscribeRequest({ from: after ?? START, filter: names.filterOf(categories) });
      const opening = Date.now() + READ_DEADLINE_MS;
      const call = await within(opening, startCall(internals, request, Infinity));
      const stop = () => call.cancel();
      // A server that hangs behind an open connection would otherwise be waited for without end.
      const confirmation = setTimeout(stop, READ_DEADLINE_MS);
      signal.addEventListener('abort', stop);
      if (signal.aborted) stop();
      try {
        for await (const response of call) {
          if (response.hasConfirmation()) {
            clearTimeout(confirmation);
            yield { confirmed: true };
          }
          const event = eventOf(response);
          if (event) yield { event: ours(event) };
          else if (response.hasEvent()) yield { lookedAt: recordOf(response)!.commit };
          else if (response.hasCheckpoint()) yield { lookedAt: BigInt(response.getCheckpoint()!.getCommitPosition()) };
        }
      } catch (error) {
        if (!signal.aborted) throw convertToCommandError(error as Error);
      } finally {
        clearTimeout(confirmation);
        signal.removeEventListener('abort', stop);
        call.cancel();
      }
    },
    keepLastOnly: async (stream) => {
      await client.setStreamMetadata(names.inLog(stream), { maxCount: 1 });
    },
    // It waits for streams to end that a dead server will not end.
    close: () => within(Date.now() + CLOSING_DEADLINE_MS, client.dispose()).catch(ignore),
  };
};

type Reading = { on: (event: 'error', listener: () => void) => unknown; cancel: () => Promise<void> };
