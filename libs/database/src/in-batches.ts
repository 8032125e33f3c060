/**
 * Batches under way at a time: while they are, what comes waits and travels together. Two, so that one that waits for a lock does not stop all.
 * (Durable appends a second with 16 and 64 callers, on a busy machine: one statement each 2,990 and 3,050; batches, one under way 3,960 and 7,100;
 * two 4,600 and 6,980; four 3,580 and 6,710. A bare insert 5,430 and 6,120.)
 */
const UNDER_WAY = 2;
const LARGEST_COUNT = 64;
const LARGEST_BYTES = 4 * 1024 * 1024;

type Waiting<Item, Result> = { item: Item; resolve: (result: Result) => void; reject: (error: unknown) => void };

export type Sending<Item, Result> = {
  /** The results in the order of the items. */
  send: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** How much of a batch an item fills; one that fills more than all of it travels alone. Absent: only their number counts. */
  bytesOf?: (item: Item) => number;
  /** Whether a batch may have failed for what one of its items asks: then each is tried by itself. Absent: where PostgreSQL said no. */
  failsForOne?: (error: unknown) => boolean;
};

/** What PostgreSQL itself says (a SQLSTATE), unless it says that it ends the connection. All else is a connection that broke. */
export const isAnswered = (error: unknown): error is Error & { code: string } => {
  const code = (error as { code?: unknown }).code;
  return (
    typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^(08|57)/.test(code) && 'severity' in (error as object)
  );
};

/**
 * Carries single requests in batches when there are many at once, so that they share a round trip and a commit: those of one turn of the
 * event loop, and those that come while others are under way. One that comes alone waits for nobody, and one that can't be served fails alone.
 */
export const inBatches = <Item, Result>({
  send,
  bytesOf = () => 0,
  failsForOne = isAnswered,
}: Sending<Item, Result>): ((item: Item) => Promise<Result>) => {
  const queue: Waiting<Item, Result>[] = [];
  let underWay = 0;
  let gathering = false;

  const settle = async (batch: readonly Waiting<Item, Result>[]): Promise<void> => {
    try {
      const results = await send(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, index) => resolve(results[index]!));
    } catch (error) {
      if (batch.length > 1 && failsForOne(error)) for (const one of batch) await settle([one]);
      else batch.forEach(({ reject }) => reject(error));
    }
  };

  const nextBatch = (): Waiting<Item, Result>[] => {
    let bytes = bytesOf(queue[0]!.item);
    let count = 1;
    while (count < Math.min(queue.length, LARGEST_COUNT) && (bytes += bytesOf(queue[count]!.item)) <= LARGEST_BYTES)
      count += 1;
    return queue.splice(0, count);
  };

  const proceed = (): void => {
    gathering = false;
    while (underWay < UNDER_WAY && queue.length > 0) {
      underWay += 1;
      void settle(nextBatch()).then(() => {
        underWay -= 1;
        gather();
      });
    }
  };

  /** Sends at the end of the turn: what else this turn asks for goes along. */
  const gather = (): void => {
    if (gathering || underWay >= UNDER_WAY || queue.length === 0) return;
    gathering = true;
    setImmediate(proceed);
  };

  return (item) =>
    new Promise((resolve, reject) => {
      queue.push({ item, resolve, reject });
      gather();
    });
};
