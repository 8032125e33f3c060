import { setTimeout as sleep } from 'node:timers/promises';
import { streamParts, type StoredEvent } from '@tenure/eventing';
import type { Connection, LogMark } from './connection.ts';
import { toStoredEvent } from './envelope.ts';

const MOST_EVENTS = 5000;
const MOST_BYTES = 16 * 1024 * 1024;
const FIRST_BACK_OFF_MS = 100;
const LONGEST_BACK_OFF_MS = 5000;
/** A mark is renewed after so many bytes of other applications' records, at most this often. */
const MARK_AFTER_BYTES = 16n * 1024n * 1024n;
const MARK_EVERY_MS = 60_000;

type Held = { event: StoredEvent; commit: bigint; category: string; bytes: number };

/** The end of the log as it comes, for every reader of this process. */
export type LiveWindow = {
  /** Holds what comes of these categories from now on, too. Answers the place behind which it holds everything. */
  open: (categories: readonly string[]) => Promise<bigint>;
  /** Events behind a place and how far that looked; `undefined` where the window doesn't reach back so far, or isn't connected. */
  behind: (
    from: bigint,
    categories: readonly string[],
    limit: number,
  ) => Promise<{ events: StoredEvent[]; upTo: bigint } | undefined>;
  /** The place, if an event that stands there is held. */
  held: (commit: bigint) => bigint | undefined;
  /** This process appended to a category; what reads from now on sees it. */
  appended: (category: string, commit: bigint) => void;
  /** A record that is not behind what the window has looked at: where a later process may begin. */
  mark: () => LogMark | undefined;
  stop: () => Promise<void>;
};

const OWN_APPEND_SHOWS_WITHIN_MS = 1000;
/** Stands before the first record. */
export const BEFORE_ALL = -1n;

/** One filtered subscription for all readers of a process. Nothing is lost where it breaks or falls behind: who can't be served reads the log. */
export const liveWindow = (
  connection: Connection,
  generationId: () => Promise<string>,
  hear: (category: string) => void,
): LiveWindow => {
  const known = new Set<string>();
  let held: Held[] = [];
  let bytes = 0;
  /** Everything behind `start` and up to `upTo` is held. */
  let start = BEFORE_ALL;
  let upTo = BEFORE_ALL;
  let mark: LogMark | undefined;
  let markedAt = 0;
  let connected = false;
  let lastOwn = BEFORE_ALL;
  let subscription: { abort: AbortController; ended: Promise<void> } | undefined;
  let opening: Promise<unknown> = Promise.resolve();
  const waiting = new Set<() => void>();

  const moveTo = (commit: bigint) => {
    if (commit > upTo) upTo = commit;
    for (const look of waiting) look();
  };

  const hold = (event: StoredEvent, commit: bigint) => {
    const { category } = streamParts(event.stream);
    const size = 1000 + (event.personal?.length ?? 0);
    held.push({ event, commit, category, bytes: size });
    bytes += size;
    while (held.length > MOST_EVENTS || (bytes > MOST_BYTES && held.length > 1)) {
      const oldest = held.shift()!;
      bytes -= oldest.bytes;
      start = oldest.commit;
    }
    mark = { commit, id: event.id };
    moveTo(commit);
    hear(category);
  };

  /** While only other applications write, the mark stays behind what was looked at. */
  const renewMark = async () => {
    if (Date.now() - markedAt < MARK_EVERY_MS || upTo - (mark?.commit ?? BEFORE_ALL) < MARK_AFTER_BYTES) return;
    markedAt = Date.now();
    const at = upTo;
    const found = await connection.markAt(at).catch(() => undefined);
    if (found?.commit === at && at > (mark?.commit ?? BEFORE_ALL)) mark = found;
  };

  const receive = async (signal: AbortSignal) => {
    const generation = await generationId();
    const from = upTo;
    for await (const news of connection.subscribe(from === BEFORE_ALL ? undefined : from, [...known], signal)) {
      if (signal.aborted) return;
      if ('confirmed' in news) connected = true;
      else if ('lookedAt' in news) {
        moveTo(news.lookedAt);
        void renewMark();
      } else {
        const commit = news.event.position!.commit;
        if (commit > upTo) hold(toStoredEvent(generation, news.event), commit);
      }
    }
  };

  /** The log may have been replaced by another copy while the connection was gone. */
  const isSameLog = async () => {
    if (!mark) return true;
    const found = await connection.markAt(mark.commit);
    return found?.commit === mark.commit && found.id === mark.id;
  };

  const follow = async (signal: AbortSignal) => {
    for (let failures = 0; !signal.aborted;) {
      const startedAt = Date.now();
      await receive(signal).catch(() => undefined);
      connected = false;
      for (const look of waiting) look();
      failures = Date.now() - startedAt > LONGEST_BACK_OFF_MS ? 0 : failures + 1;
      await sleep(Math.min(LONGEST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** failures), undefined, { signal }).catch(
        () => undefined,
      );
      // Readers find out by themselves what became of their checkpoints.
      if (!signal.aborted && !(await isSameLog().catch(() => true))) {
        known.clear();
        return;
      }
    }
  };

  const end = async () => {
    const ending = subscription;
    subscription = undefined;
    connected = false;
    ending?.abort.abort();
    await ending?.ended;
  };

  const begin = () => {
    const abort = new AbortController();
    subscription = { abort, ended: follow(abort.signal) };
  };

  const restart = async (categories: readonly string[]) => {
    const missing = categories.filter((category) => !known.has(category));
    if (missing.length === 0) return;
    await end();
    const last = await connection.markAt('end');
    for (const category of missing) known.add(category);
    held = [];
    bytes = 0;
    mark = last;
    markedAt = Date.now();
    start = upTo = last?.commit ?? BEFORE_ALL;
    begin();
  };

  const reached = async (commit: bigint): Promise<boolean> => {
    if (!connected || upTo >= commit) return connected;
    const until = Date.now() + OWN_APPEND_SHOWS_WITHIN_MS;
    while (connected && upTo < commit && Date.now() < until)
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, Math.max(1, until - Date.now()));
        waiting.add(done);
      });
    return connected && upTo >= commit;
  };

  return {
    open: async (categories) => {
      if (!categories.every((category) => known.has(category))) {
        const restarted = opening.then(() => restart(categories));
        opening = restarted.catch(() => undefined);
        await restarted;
      }
      return start;
    },
    behind: async (from, categories, limit) => {
      if (!categories.every((category) => known.has(category)) || !(await reached(lastOwn))) return undefined;
      if (from < start || from > upTo) return undefined;
      const events: StoredEvent[] = [];
      // From the end: readers that have caught up ask for little of it.
      let index = held.length;
      while (index > 0 && held[index - 1]!.commit > from) index -= 1;
      for (; index < held.length && events.length < limit; index++)
        if (categories.includes(held[index]!.category)) events.push(held[index]!.event);
      return { events, upTo };
    },
    held: (commit) => (held.some((each) => each.commit === commit) ? commit : undefined),
    appended: (category, commit) => {
      if (known.has(category) && commit > lastOwn) lastOwn = commit;
    },
    mark: () => mark,
    stop: async () => {
      await opening;
      await end();
    },
  };
};
