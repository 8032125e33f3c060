import {
  ForeignPosition,
  type EventHandler,
  type EventStore,
  type Position,
  type Subscription,
} from '@tenure/eventing';

const PAGE = 500;
const SHORTEST_WAIT_MS = 10;
/** What another process appends is seen after this at the latest, in a quiet system. */
const LONGEST_WAIT_MS = 500;
const LONGEST_OUTAGE_WAIT_MS = 2_000;

/** Wrong SQL, a missing table, a missing right, a database that was closed here: no waiting mends that. Anything else, such as a server that restarts, may pass. */
const isForGood = (error: unknown) =>
  error instanceof ForeignPosition ||
  String((error as { code?: unknown }).code).startsWith('42') ||
  (error instanceof Error && error.message.includes('after calling end on the pool'));

/** Sleeps that one call ends, all of them. */
const sleepers = () => {
  const wakers = new Set<() => void>();
  return {
    sleep: (ms: number) =>
      new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          wakers.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, ms);
        wakers.add(wake);
      }),
    wake: () => wakers.forEach((wake) => wake()),
  };
};

/**
 * Subscriptions that ask for news: at once when this process appended, after a pause that grows to half a second while nothing happens.
 * (Not NOTIFY: within appends it makes commits queue behind one lock.)
 */
export const subscriptions = (readAll: EventStore['readAll']) => {
  const { sleep, wake } = sleepers();
  const running = new Set<Subscription>();
  /** Counts the wake-ups: one that comes while a page is being read must not be slept through. */
  let news = 0;

  const follow = async (
    after: Position | undefined,
    range: { categories?: readonly string[] },
    handler: EventHandler,
    stopped: () => boolean,
  ): Promise<void> => {
    let position = after;
    let wait = SHORTEST_WAIT_MS;
    let outageWait = SHORTEST_WAIT_MS;
    for (let heard = news; !stopped();) {
      const announced = news !== heard;
      heard = news;
      const page = await readAll(position, { ...range, limit: PAGE }).catch((error: unknown) => {
        if (isForGood(error)) throw error;
        return undefined;
      });
      if (page === undefined) {
        await sleep(outageWait);
        outageWait = Math.min(LONGEST_OUTAGE_WAIT_MS, outageWait * 2);
        continue;
      }
      outageWait = SHORTEST_WAIT_MS;
      for (const event of page) {
        if (stopped()) return;
        await handler(event);
        position = event.position;
      }
      if (page.length > 0 || announced || news !== heard) wait = SHORTEST_WAIT_MS;
      else wait = Math.min(LONGEST_WAIT_MS, wait * 2);
      // An event of this process may wait for a transaction that is still open: soon again rather than at once.
      if (page.length === 0) await sleep(wait);
    }
  };

  const subscribe: EventStore['subscribe'] = (after, range, handler) => {
    let stopping = false;
    const ended = follow(after, range, handler, () => stopping).finally(() => running.delete(subscription));
    const settled = ended.catch(() => {});
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

  return {
    subscribe,
    wake: () => {
      news += 1;
      wake();
    },
    close: async () => void (await Promise.all([...running].map(({ stop }) => stop()))),
  };
};
