import { setTimeout as sleep } from 'node:timers/promises';
import { binaryEvent } from '@eventstore/db-client';
import { StoreUnusable, type EventStore } from '@tenure/eventing';
import { connect, TooLarge, type Connection } from './connection.ts';
import { diagnose } from './diagnose.ts';
import { eventStoreOn, LARGEST_MAX_APPEND_SIZE, type EventStoreDbOptions } from './event-store-db.ts';
import { generationOf } from './position.ts';

export type OpenOptions = EventStoreDbOptions & {
  /** Told why the server can't be used yet: at once, when the reason changes, and every minute. */
  onWaiting?: (reason: string) => void;
  /** Told what an operator should know although it works. */
  onNote?: (note: string) => void;
};

const RETRY_MS = 500;
const REMIND_EVERY_MS = 60_000;

/** The event store on EventStoreDB, once the server can be used. Throws `StoreUnusable` where waiting can't help. */
export const openEventStoreDb = async ({ onWaiting, onNote, ...options }: OpenOptions): Promise<EventStore> => {
  const { connectionString, prefix } = options;
  let connection: Connection;
  try {
    connection = connect(connectionString, prefix);
  } catch (error) {
    throw new StoreUnusable(`EVENTSTOREDB_URL can't be used: ${(error as Error).message}`);
  }
  try {
    await untilUsable(connection, connectionString, onWaiting);
  } catch (error) {
    await connection.close();
    throw error;
  }
  const store = eventStoreOn(connection, options);
  void largestAppend(connection).then((bytes) => {
    if (bytes !== undefined)
      onNote?.(
        `EventStoreDB takes at most ${bytes} bytes in one append: larger changes, such as thousands of members at once, are 413 command/too-large. To take them, raise EVENTSTORE_MAX_APPEND_SIZE, up to ${LARGEST_MAX_APPEND_SIZE}.`,
      );
  });
  return store;
};

const untilUsable = async (
  connection: Connection,
  connectionString: string,
  onWaiting: OpenOptions['onWaiting'] = () => undefined,
) => {
  let told: { message: string; at: number } | undefined;
  for (;;) {
    const failure = await firstFailure(connection);
    if (!failure) return;
    const { fatal, message } = await diagnose(failure.error, failure.what, connectionString);
    if (fatal) throw new StoreUnusable(message);
    if (told?.message !== message || Date.now() - told.at > REMIND_EVERY_MS) {
      told = { message, at: Date.now() };
      onWaiting(message);
    }
    await sleep(RETRY_MS);
  }
};

/** What the store needs of the server, each tried once. */
const firstFailure = async (connection: Connection): Promise<{ error: unknown; what: string } | undefined> => {
  const needs: [string, () => Promise<unknown>][] = [
    ['read and write streams', generationOf(connection)],
    ['read $all', () => connection.markAt('end')],
  ];
  for (const [what, work] of needs) {
    const error = await work().then(
      () => undefined,
      (reason: unknown) => ({ reason }),
    );
    if (error) return { error: error.reason, what };
  }
  return undefined;
};

/** The server's `MaxAppendSize`, where it is smaller than it could be. Nothing says it, but an append that is refused for its size; the revision that this one expects never is. */
const largestAppend = async (connection: Connection): Promise<number | undefined> => {
  // In parts: a single event of that size is refused by gRPC, which doesn't say what the server's limit is.
  const data = new Uint8Array(Math.floor(LARGEST_MAX_APPEND_SIZE / 16) - 1024);
  const large = Array.from({ length: 16 }, () => binaryEvent({ type: 'SizeTried', data }));
  const expected = 9_000_000_000_000_000n;
  return connection.append('tenure-generation', expected, large, Date.now() + 30_000).then(
    () => undefined,
    (error: unknown) => (error instanceof TooLarge ? error.limit : undefined),
  );
};
