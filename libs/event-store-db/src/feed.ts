import { setTimeout as sleep } from 'node:timers/promises';
import {
  ForeignPosition,
  type EventHandler,
  type EventStore,
  type FeedRange,
  type Position,
  type StoredEvent,
  type Subscription,
} from '@tenure/eventing';
import type { Connection } from './connection.ts';
import { toStoredEvent } from './envelope.ts';
import { BEFORE_ALL, liveWindow } from './live-window.ts';
import { commitOf, markFrom, markText } from './position.ts';

const FIRST_BACK_OFF_MS = 100;
const LONGEST_BACK_OFF_MS = 5000;
const READERS_REMEMBERED = 500;

export type Feed = {
  readAll: (after: Position | undefined, range: FeedRange) => Promise<StoredEvent[]>;
  hasEventsAfter: EventStore['hasEventsAfter'];
  lookedTo: (after: Position | undefined, categories: readonly string[]) => string | undefined;
  subscribe: (after: Position | undefined, range: Pick<FeedRange, 'categories'>, handler: EventHandler) => Subscription;
  /** This process appended: what it reads from now on shows it. */
  appended: (category: string, commit: bigint) => void;
  /** Stops every subscription. */
  stop: () => Promise<void>;
};

/**
 * Events in the order of the log, by category. A reader that is behind reads the log, filtered by the server; one that has caught up is
 * served from one live window of its process, which costs the server nothing.
 */
export const feedOf = (
  connection: Connection,
  generationId: () => Promise<string>,
  hear: (category: string) => void,
): Feed => {
  /** How far readers of some categories have looked behind a position without finding more: the next one needn't look there again. */
  const lookedAt = new Map<string, bigint>();
  const keyOf = (after: Position | undefined, categories: readonly string[]) => `${after ?? ''} ${categories.join()}`;
  const remember = (key: string, upTo: bigint) => {
    lookedAt.delete(key);
    lookedAt.set(key, upTo);
    if (lookedAt.size > READERS_REMEMBERED) lookedAt.delete(lookedAt.keys().next().value!);
  };
  const window = liveWindow(connection, generationId, hear);
  const running = new Set<Subscription>();

  /** An event that a checkpoint names is never deleted: where it is missing, the log is another one, such as a restored copy with the same generation. */
  const expectThere = async (position: Position, commit: bigint) => {
    if ((await connection.markAt(commit))?.commit !== commit) throw new ForeignPosition(position);
  };

  /** Whether the log still has what was recorded where an earlier reader looked. It may have been scavenged; then nothing is skipped. */
  const skipTo = async (generation: string, lookedTo: string | undefined, start: bigint | undefined) => {
    const mark = lookedTo === undefined ? undefined : markFrom(generation, lookedTo);
    if (!mark || (start !== undefined && mark.commit <= start)) return undefined;
    const found = await connection.markAt(mark.commit);
    return found?.commit === mark.commit && found.id === mark.id ? mark.commit : undefined;
  };

  type Range = FeedRange & { after: Position | undefined };

  /** From the log itself. `upTo` is where the next look may begin, if this one came to the end. */
  const readLog = async ({ after, categories, limit, lookedTo }: Range, looked: bigint | undefined) => {
    const generation = await generationId();
    const start = after === undefined ? undefined : commitOf(generation, after);
    const skipped = looked !== undefined && looked > BEFORE_ALL ? looked : await skipTo(generation, lookedTo, start);
    let from = skipped ?? start;
    const found: StoredEvent[] = [];
    for (let isFirst = true; ; isFirst = false) {
      const { events, last, ended } = await connection.readLog(from, categories, limit - found.length + 1);
      const isThere = events[0]?.position!.commit === start;
      if (isFirst && after !== undefined && skipped === undefined && !isThere) await expectThere(after, start!);
      for (const recorded of events) {
        if (recorded.position!.commit === from || found.length === limit) continue;
        found.push(toStoredEvent(generation, recorded));
      }
      if (found.length === limit || ended) return { found, ended: ended && found.length < limit };
      from = last;
    }
  };

  let generation: string | undefined;
  const readAll: Feed['readAll'] = async (after, range) => {
    const { categories, limit } = range;
    if (!categories) return (await readLog({ ...range, after }, undefined)).found;
    const known = (generation = await generationId());
    const begins = await window.open(categories);
    const looked = lookedAt.get(keyOf(after, categories));
    const lookedUpTo = (found: readonly StoredEvent[], upTo: bigint) => {
      const last = found.at(-1);
      const at = last && commitOf(known, last.position);
      remember(keyOf(last?.position ?? after, categories), at !== undefined && at > upTo ? at : upTo);
    };
    const from = looked ?? (after === undefined ? undefined : window.held(commitOf(known, after)));
    const served = from === undefined ? undefined : await window.behind(from, categories, limit);
    if (served) {
      lookedUpTo(served.events, served.events.length === limit ? from! : served.upTo);
      return served.events;
    }
    const { found, ended } = await readLog({ ...range, after }, looked);
    // Everything that was in the log when the window began was there for this read.
    lookedUpTo(found, !ended || (looked !== undefined && looked > begins) ? (looked ?? BEFORE_ALL) : begins);
    return found;
  };

  const follow = async (
    after: Position | undefined,
    categories: readonly string[] | undefined,
    handler: EventHandler,
    signal: AbortSignal,
  ) => {
    // What was handled, and nothing else: the server's checkpoints run ahead of the handler.
    let handled = after;
    const once = async () => {
      const generation = await generationId();
      const commit = handled === undefined ? undefined : commitOf(generation, handled);
      if (commit !== undefined) await expectThere(handled!, commit);
      for await (const news of connection.subscribe(commit, categories, signal)) {
        if (signal.aborted) return;
        if (!('event' in news)) continue;
        const event = toStoredEvent(generation, news.event);
        await handler(event).catch((error: unknown) => {
          throw new HandlerFailed(error);
        });
        handled = event.position;
      }
    };
    for (let failures = 0; !signal.aborted;) {
      const startedAt = Date.now();
      await once().catch((error: unknown) => {
        if (error instanceof HandlerFailed) throw error.reason;
        if (error instanceof ForeignPosition) throw error;
      });
      failures = Date.now() - startedAt > LONGEST_BACK_OFF_MS ? 0 : failures + 1;
      await sleep(Math.min(LONGEST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** failures), undefined, { signal }).catch(
        () => undefined,
      );
    }
  };

  return {
    readAll,
    hasEventsAfter: async (after, categories, lookedTo) => {
      const looked = lookedAt.get(keyOf(after, categories));
      return (await readLog({ after, categories, limit: 1, lookedTo }, looked)).found.length > 0;
    },
    lookedTo: (after, categories) => {
      const looked = lookedAt.get(keyOf(after, categories));
      const mark = window.mark();
      if (looked === undefined || !mark || mark.commit > looked) return undefined;
      return generation === undefined ? undefined : markText(generation, mark);
    },
    subscribe: (after, { categories }, handler) => {
      const stopping = new AbortController();
      const ended = follow(after, categories, handler, stopping.signal);
      const subscription: Subscription = {
        ended,
        stop: async () => {
          stopping.abort();
          await ended.catch(() => undefined);
        },
      };
      running.add(subscription);
      ended
        .catch(() => undefined)
        .finally(() => running.delete(subscription))
        .catch(() => undefined);
      return subscription;
    },
    appended: window.appended,
    stop: async () => {
      await Promise.all([...running].map(({ stop }) => stop()));
      await window.stop();
    },
  };
};

class HandlerFailed extends Error {
  constructor(readonly reason: unknown) {
    super('The handler failed.');
  }
}
