import { randomUUID } from 'node:crypto';

/** What the stand-in stores, and the rules by which EventStoreDB takes or refuses an append (its `IndexWriter.CheckCommit`). */

export type Proposed = { id: string; type: string; contentType: string; data: Uint8Array; metadata: Uint8Array };
export type Recorded = Proposed & { stream: string; revision: number; position: number; createdTicks: bigint };
export type Expected = number | 'any' | 'no_stream' | 'stream_exists';

export type AppendOutcome =
  | { kind: 'appended'; revision: number; position: number }
  /** Answered as a success without a position, the poorer of the two answers that servers give. */
  | { kind: 'repeated'; revision: number }
  | { kind: 'wrong'; current: number }
  | { kind: 'too-large'; limit: number }
  | { kind: 'tombstoned' };

type Stream = { events: Recorded[]; truncateBefore: number; maxCount: number; tombstoned: boolean };

export type StandInLog = {
  /** Every event, in the order of the log. Truncated events stay in it, as they do until a scavenge. */
  readonly all: readonly Recorded[];
  append: (stream: string, expected: Expected, events: readonly Proposed[]) => AppendOutcome;
  /** What a read of the stream shows; `undefined` where it reads as not found. */
  visible: (stream: string) => readonly Recorded[] | undefined;
  isTombstoned: (stream: string) => boolean;
  softDelete: (stream: string) => void;
  tombstone: (stream: string) => void;
  /** Called after each append. Returns how to stop. */
  onAppended: (listener: () => void) => () => void;
};

/** The largest `MaxAppendSize` with which the server starts: 16 MiB less what a record of its log may need beside the events. */
export const LARGEST_APPEND = 16_767_216;
const RECORD_OVERHEAD_BYTES = 100;
const NO_STREAM = -1;

/** All that a log keeps of an event, so that this refuses no later than a real server. */
const sizeOf = ({ type, data, metadata }: Proposed): number => 2 * type.length + data.length + metadata.length;

/** What the server writes into the log itself. */
const ownEvent = (type: string, data: object): Proposed => ({
  id: randomUUID(),
  type,
  contentType: 'application/json',
  data: Buffer.from(JSON.stringify(data)),
  metadata: new Uint8Array(),
});

export const standInLog = (maxAppendSize = LARGEST_APPEND): StandInLog => {
  const all: Recorded[] = [];
  const streams = new Map<string, Stream>();
  const listeners = new Set<() => void>();
  let end = RECORD_OVERHEAD_BYTES;

  const of = (name: string): Stream => {
    const found = streams.get(name) ?? { events: [], truncateBefore: 0, maxCount: Infinity, tombstoned: false };
    streams.set(name, found);
    return found;
  };
  const last = ({ events }: Stream) => events.length - 1;
  const isSoftDeleted = (stream: Stream) => stream.events.length > 0 && stream.truncateBefore > last(stream);

  /** `$$stream` holds the metadata of `stream`. */
  const applyMetadata = (name: string, { data }: Proposed) => {
    const metadata = JSON.parse(Buffer.from(data).toString('utf8')) as { $maxCount?: number; $tb?: number };
    const stream = of(name.slice(2));
    stream.maxCount = metadata.$maxCount ?? Infinity;
    stream.truncateBefore = metadata.$tb ?? 0;
  };

  const write = (name: string, events: readonly Proposed[]): AppendOutcome => {
    const stream = of(name);
    if (isSoftDeleted(stream)) stream.truncateBefore = last(stream) + 1;
    for (const event of events) {
      const recorded = {
        ...event,
        stream: name,
        revision: last(stream) + 1,
        position: end,
        createdTicks: BigInt(Date.now()) * 10_000n,
      };
      end += RECORD_OVERHEAD_BYTES + event.data.length + event.metadata.length;
      stream.events.push(recorded);
      all.push(recorded);
      if (name.startsWith('$$')) applyMetadata(name, event);
    }
    for (const listener of listeners) listener();
    return { kind: 'appended', revision: last(stream), position: all.at(-1)!.position };
  };

  const append: StandInLog['append'] = (name, expected, events) => {
    const stream = of(name);
    const current = last(stream);
    const wrong: AppendOutcome = { kind: 'wrong', current };
    if (stream.tombstoned) return { kind: 'tombstoned' };
    if (events.reduce((bytes, event) => bytes + sizeOf(event), 0) > maxAppendSize)
      return { kind: 'too-large', limit: maxAppendSize };

    if (expected === 'any' || expected === 'stream_exists') {
      if (expected === 'stream_exists' && (current < 0 || isSoftDeleted(stream))) return wrong;
      const places = events.map(({ id }) => stream.events.findLast((event) => event.id === id)?.revision);
      if (places[0] === undefined) return write(name, events);
      return places.includes(undefined) ? wrong : { kind: 'repeated', revision: places.at(-1)! };
    }

    const at = expected === 'no_stream' ? NO_STREAM : expected;
    if (at > current) return wrong;
    if (at === current) return write(name, events);
    const mismatch = events.findIndex(({ id }, index) => stream.events[at + 1 + index]?.id !== id);
    if (mismatch === -1 && events.length > 0) return { kind: 'repeated', revision: at + events.length };
    return mismatch === 0 && at === NO_STREAM && isSoftDeleted(stream) ? write(name, events) : wrong;
  };

  return {
    all,
    append,
    visible: (name) => {
      const stream = streams.get(name);
      if (!stream || stream.events.length === 0 || isSoftDeleted(stream)) return undefined;
      return stream.events.slice(Math.max(stream.truncateBefore, stream.events.length - stream.maxCount));
    },
    isTombstoned: (name) => streams.get(name)?.tombstoned ?? false,
    softDelete: (name) => void write(`$$${name}`, [ownEvent('$metadata', { $tb: Number.MAX_SAFE_INTEGER })]),
    tombstone: (name) => {
      write(name, [ownEvent('$streamDeleted', {})]);
      of(name).tombstoned = true;
    },
    onAppended: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
