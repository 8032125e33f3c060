/** Which offsets of one partition are in flight, and how far everything is done. */
export type PartitionOffsets = {
  /** Takes an offset up, unless it was taken up before: a rebalance fetches again what runs here already. */
  admit: (offset: number, at: number) => boolean;
  done: (offset: number) => void;
  /** Everything before it is done; undefined before the first message. */
  lowWater: () => number | undefined;
  /** When the log took the oldest that is in flight. */
  oldestAt: () => number | undefined;
  readonly inFlight: number;
};

/** Offsets come ascending, so what is in flight is sorted: a map keeps the order of insertion. */
export const partitionOffsets = (): PartitionOffsets => {
  const running = new Map<number, number>();
  let highest = -1;
  let highestAt = 0;
  let known = false;

  return {
    admit: (offset, at) => {
      // A topic that was deleted and made again starts at offset 0, but later.
      const madeAnew = offset <= highest && at > highestAt;
      if (madeAnew) running.clear();
      else if (offset <= highest) return false;
      running.set(offset, at);
      highest = offset;
      highestAt = Math.max(highestAt, at);
      known = true;
      return true;
    },
    done: (offset) => void running.delete(offset),
    lowWater: () => {
      if (!known) return undefined;
      const [first] = running.keys();
      return first ?? highest + 1;
    },
    oldestAt: () => {
      const [first] = running.values();
      return first;
    },
    get inFlight() {
      return running.size;
    },
  };
};
