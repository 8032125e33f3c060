import { randomBytes } from 'node:crypto';
import { announcing } from './announcing.ts';
import {
  ClaimTaken,
  ForeignPosition,
  StaleStream,
  type Append,
  type EventHandler,
  type EventStore,
  type Subscription,
} from './event-store.ts';
import { streamParts, type Position, type StoredEvent, type StreamName } from './event.ts';

/** As it would come back from a database: a copy, without what JSON does not know. */
const copy = (event: StoredEvent): StoredEvent => JSON.parse(JSON.stringify(event)) as StoredEvent;

/** The event store for tests of everything above it: nothing survives the process. */
export const memoryEventStore = (): EventStore => {
  const generation = randomBytes(4).toString('hex');
  const log: StoredEvent[] = [];
  const streams = new Map<string, StoredEvent[]>();
  const claims = new Map<string, string>();
  const running = new Set<Subscription>();
  const waiting = new Set<() => void>();

  const eventsOf = (stream: StreamName) => streams.get(stream) ?? [];
  const positionOf = (number: number) => `${generation}:${number}` as Position;
  const numberOf = (position: Position | undefined): number => {
    if (position === undefined) return 0;
    const [written, number] = position.split(':');
    if (written !== generation) throw new ForeignPosition(position);
    return Number(number);
  };

  const isRepeated = ({ stream, expected, events }: Append) =>
    events.every(({ id }, index) => eventsOf(stream)[expected + index]?.id === id);

  const append = async (write: Append) => {
    const { stream, expected, events, claims: { take, release } = { take: [], release: [] } } = write;
    if (events.length === 0) throw new Error(`An append to ${stream} has no events.`);
    const before = streams.get(stream) ?? [];
    const last = expected + events.length;
    if (before.length !== expected) {
      if (!isRepeated(write)) throw new StaleStream(stream, expected);
      return { revision: last, position: before[last - 1]!.position };
    }
    const taken = take.find((name) => (claims.get(name) ?? stream) !== stream);
    if (taken !== undefined) throw new ClaimTaken(taken, claims.get(taken)!);

    const recordedAt = new Date().toISOString();
    const added = events.map((event, index) =>
      copy({
        ...event,
        stream,
        revision: expected + index + 1,
        position: positionOf(log.length + index + 1),
        recordedAt,
      }),
    );
    log.push(...added);
    before.push(...added);
    streams.set(stream, before);
    for (const name of release) if (claims.get(name) === stream) claims.delete(name);
    for (const name of take) claims.set(name, stream);
    wake();
    return { revision: last, position: positionOf(log.length) };
  };

  const isIn = (categories?: readonly string[]) => (event: StoredEvent) =>
    !categories || categories.includes(streamParts(event.stream).category);

  const readAll: EventStore['readAll'] = async (after, { categories, limit }) => {
    const found: StoredEvent[] = [];
    for (let index = numberOf(after); index < log.length && found.length < limit; index++)
      if (isIn(categories)(log[index]!)) found.push(copy(log[index]!));
    return found;
  };

  const wake = () => {
    waiting.forEach((resolve) => resolve());
    waiting.clear();
  };

  const follow = async (
    after: Position | undefined,
    categories: readonly string[] | undefined,
    handler: EventHandler,
    stopped: () => boolean,
  ) => {
    for (let next = numberOf(after); !stopped();) {
      const event = log[next];
      if (!event) {
        await new Promise<void>((resolve) => waiting.add(resolve));
        continue;
      }
      next += 1;
      if (isIn(categories)(event)) await handler(copy(event));
    }
  };

  const subscribe: EventStore['subscribe'] = (after, { categories }, handler) => {
    let stopping = false;
    const ended = follow(after, categories, handler, () => stopping).finally(() => running.delete(subscription));
    const settled = ended.catch(() => undefined);
    const subscription: Subscription = {
      ended,
      stop: () => {
        stopping = true;
        wake();
        return settled;
      },
    };
    running.add(subscription);
    return subscription;
  };

  return announcing({
    append,
    read: async (stream, { after, limit = Infinity, backwards = false } = {}) => {
      const events = eventsOf(stream);
      const range = backwards
        ? events.slice(0, Math.max(0, (after ?? Infinity) - 1)).reverse()
        : events.slice(after ?? 0);
      return range.slice(0, limit).map(copy);
    },
    readAll,
    subscribe,
    close: async () => void (await Promise.all([...running].map(({ stop }) => stop()))),
  });
};
