import { setTimeout as sleep } from 'node:timers/promises';
import { streamNameFilter, type Filter } from '@eventstore/db-client';
import {
  ForeignPosition,
  type EventHandler,
  type FeedRange,
  type Position,
  type StoredEvent,
  type Subscription,
} from '@tenure/eventing';
import type { Connection } from './connection.ts';
import { toStoredEvent } from './envelope.ts';
import { commitOf } from './position.ts';

const PAGE = 256;
const FIRST_BACK_OFF_MS = 100;
const LONGEST_BACK_OFF_MS = 5000;

/** All but the server's own streams, the claims and the generation. */
const OURS = /^(?!\$|claims-|tenure-)/;

const filterOf = (categories: readonly string[] | undefined): Filter =>
  categories
    ? streamNameFilter({ prefixes: categories.map((category) => `${category}-`) })
    : streamNameFilter({ regex: OURS.source });

const matcherOf = (categories: readonly string[] | undefined): ((stream: string) => boolean) => {
  if (!categories) return (stream) => OURS.test(stream);
  return (stream) => categories.some((category) => stream.startsWith(`${category}-`));
};

export type Feed = {
  readAll: (after: Position | undefined, range: FeedRange) => Promise<StoredEvent[]>;
  subscribe: (after: Position | undefined, range: Pick<FeedRange, 'categories'>, handler: EventHandler) => Subscription;
  /** Stops every subscription. */
  stop: () => Promise<void>;
};

/** Events in the order of the log, by category. */
export const feedOf = (connection: Connection, generationId: () => Promise<string>): Feed => {
  /** How far each kind of reader has looked behind a position without finding more: the next one needn't look there again. */
  const lookedAt = new Map<string, { after: Position | undefined; upTo: bigint }>();
  const running = new Set<Subscription>();

  /** An event that a checkpoint names is never deleted: where it is missing, the log is another one, such as a restored copy with the same generation. */
  const expectThere = (position: Position, commit: bigint, found: bigint | undefined) => {
    if (found !== commit) throw new ForeignPosition(position);
  };

  const readAll: Feed['readAll'] = async (after, { categories, limit }) => {
    const generation = await generationId();
    const matches = matcherOf(categories);
    const reader = categories ? categories.join() : '*';
    const looked = lookedAt.get(reader);
    const start = after === undefined ? undefined : commitOf(generation, after);
    const found: StoredEvent[] = [];
    const pageSize = Math.max(limit + 1, PAGE);
    for (let from = looked && looked.after === after ? looked.upTo : start; ;) {
      const page = await connection.readLog(from, pageSize);
      if (after !== undefined && from === start) expectThere(after, start!, page[0]?.position!.commit);
      for (const recorded of page) {
        if (recorded.position!.commit === from || !matches(recorded.streamId)) continue;
        found.push(toStoredEvent(generation, recorded));
        if (found.length === limit) return found;
      }
      const last = page.at(-1)?.position!.commit ?? from;
      if (page.length < pageSize) {
        if (last !== undefined) lookedAt.set(reader, { after: found.at(-1)?.position ?? after, upTo: last });
        return found;
      }
      from = last;
    }
  };

  const follow = async (
    after: Position | undefined,
    categories: readonly string[] | undefined,
    handler: EventHandler,
    signal: AbortSignal,
  ) => {
    // What was handled, and nothing else: the client's checkpoints run ahead of the handler.
    let handled = after;
    const once = async () => {
      const generation = await generationId();
      const commit = handled === undefined ? undefined : commitOf(generation, handled);
      if (commit !== undefined)
        expectThere(handled!, commit, (await connection.readLog(commit, 1))[0]?.position!.commit);
      for await (const recorded of connection.subscribe(commit, filterOf(categories), signal)) {
        if (signal.aborted) return;
        const event = toStoredEvent(generation, recorded);
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
    stop: async () => {
      await Promise.all([...running].map(({ stop }) => stop()));
    },
  };
};

class HandlerFailed extends Error {
  constructor(readonly reason: unknown) {
    super('The handler failed.');
  }
}
