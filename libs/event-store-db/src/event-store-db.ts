import { NO_STREAM } from '@eventstore/db-client';
import {
  announcing,
  AppendTooLarge,
  OutcomeUnknown,
  StaleStream,
  streamParts,
  type Append,
  type EventStore,
  type Position,
  type Revision,
  type StoredEvent,
} from '@tenure/eventing';
import { claimsOn } from './claims.ts';
import { Conflict, connect, NoAnswer, TooLarge, within, type Connection, type Deadline } from './connection.ts';
import { toEventData, toStoredEvent } from './envelope.ts';
import { feedOf } from './feed.ts';
import { commitOf, generationOf, positionAt } from './position.ts';

export type EventStoreDbOptions = {
  /** `esdb://…` or `esdb+discover://…`, with the server's credentials where it has any. */
  connectionString: string;
  /** What the names of our streams begin with (`EVENTSTOREDB_PREFIX`); `''` for a server that nobody else uses. */
  prefix?: string;
  /** How long an append may take, claims and all, before its outcome counts as unknown. */
  appendDeadlineMs?: number;
};

const APPEND_DEADLINE_MS = 5000;
const PAGE = 2000;

/** The most that EventStoreDB can be told to take in one append; it doesn't start with more. */
export const LARGEST_MAX_APPEND_SIZE = 16_767_216;

const limitOf = ({ limit }: TooLarge) =>
  limit === undefined
    ? undefined
    : {
        bytes: limit,
        advice:
          limit < LARGEST_MAX_APPEND_SIZE
            ? `raise EventStoreDB’s MaxAppendSize, up to ${LARGEST_MAX_APPEND_SIZE}`
            : 'use PostgreSQL as the event store, which has no such limit',
      };

/**
 * The event store on EventStoreDB 22.6 or later. The server's `MaxAppendSize` bounds what one command can change; Tenure is made for
 * 16767216, the largest that the server takes. With less (1 MiB by default) larger changes are refused. The user needs the right to read
 * `$all`.
 */
export const eventStoreDb = ({ connectionString, prefix, ...options }: EventStoreDbOptions): EventStore =>
  eventStoreOn(connect(connectionString, prefix), options);

/** The same on a connection that tests can slow down and cut; they also shorten how long a pending claim is left to its writer. */
export const eventStoreOn = (
  connection: Connection,
  { appendDeadlineMs = APPEND_DEADLINE_MS, graceMs }: { appendDeadlineMs?: number; graceMs?: number } = {},
): EventStore => {
  const generationId = generationOf(connection);
  const listeners = new Set<(category: string) => void>();
  const feed = feedOf(connection, generationId, (category) => listeners.forEach((hear) => hear(category)));
  const claims = claimsOn(connection, graceMs);

  type Appended = { revision: Revision; position: Position };

  const findRepeated = async (
    { stream, expected, events }: Append,
    deadline: Deadline,
  ): Promise<Appended | undefined> => {
    const there = await connection.read(stream, { from: BigInt(expected), maxCount: events.length }, deadline);
    if (there.length < events.length || there.some(({ id }, index) => id !== events[index]!.id)) return undefined;
    const { revision, position } = toStoredEvent(await generationId(), there.at(-1)!);
    return { revision, position };
  };

  const appendOnce = async ({ stream, expected, events }: Append, deadline: Deadline): Promise<Appended> => {
    const generation = await within(deadline, generationId());
    try {
      const { revision, commit } = await connection.append(
        stream,
        expected === 0 ? NO_STREAM : BigInt(expected - 1),
        events.map(toEventData),
        deadline,
      );
      const at =
        commit ?? (await connection.read(stream, { from: revision, maxCount: 1 }, deadline))[0]!.position!.commit;
      return { revision: Number(revision) + 1, position: positionAt(generation, at) };
    } catch (error) {
      if (error instanceof TooLarge) throw new AppendTooLarge(stream, limitOf(error));
      throw error instanceof Conflict ? new StaleStream(stream, expected) : error;
    }
  };

  /**
   * The server may answer that it can't tell, such as when a repeated append comes while the first is being committed (`ABORTED: … Commit phase
   * timeout`, after 2 s). Then it is looked up, and asked again if it isn't there: with the same event ids it happens once.
   */
  const appendEvents = async (write: Append, deadline: Deadline): Promise<Appended> => {
    for (;;) {
      try {
        return await appendOnce(write, deadline);
      } catch (error) {
        if (!(error instanceof NoAnswer) || !error.answered) throw error;
        const found = await findRepeated(write, deadline);
        if (found) return found;
        if (Date.now() >= deadline) throw error;
      }
    }
  };

  return announcing({
    append: async (write) => {
      if (write.events.length === 0) throw new Error(`An append to ${write.stream} has no events.`);
      const deadline = Date.now() + appendDeadlineMs;
      try {
        const appended = await (write.claims
          ? claims.appendHolding(write, appendEvents, findRepeated, deadline)
          : appendEvents(write, deadline));
        feed.appended(streamParts(write.stream).category, commitOf(await generationId(), appended.position));
        return appended;
      } catch (error) {
        throw error instanceof NoAnswer ? new OutcomeUnknown(error.message, { cause: error }) : error;
      }
    },
    read: async (stream, { after, limit = Infinity, backwards = false } = {}) => {
      const generation = await generationId();
      const found: StoredEvent[] = [];
      const step = backwards ? -1n : 1n;
      // The server counts from 0: our revision is the place behind it.
      let from = after === undefined ? undefined : backwards ? BigInt(after) - 2n : BigInt(after);
      while (found.length < limit && (from ?? 0n) >= 0n) {
        const maxCount = Math.min(PAGE, limit - found.length);
        const page = await connection.read(stream, { maxCount, backwards, ...(from !== undefined && { from }) });
        found.push(...page.map((recorded) => toStoredEvent(generation, recorded)));
        if (page.length < maxCount) break;
        from = page.at(-1)!.revision + step;
      }
      return found;
    },
    readAll: feed.readAll,
    hasEventsAfter: feed.hasEventsAfter,
    lookedTo: feed.lookedTo,
    subscribe: feed.subscribe,
    onNews: (hear) => void listeners.add(hear),
    close: async () => {
      await feed.stop();
      await connection.close();
    },
  });
};
