/** What came of calls: `bad` is unavailable or of unknown outcome; answers that say no aren't counted at all. */
export type Counts = { good: number; bad: number };
export type Recent = {
  calls: Counts;
  /** Of those, the ones that change something: an app may answer questions and fail at everything else. */
  writes: Counts;
  /** Whole tries of deliveries. */
  tries: Counts;
};

export const WINDOW_S = 60;
const ENOUGH_CALLS = 20;
const BAD_RATIO = 0.9;
/** With few calls, and none that was good, so many are enough. A person's wait must not outlast the app's outage. */
const ENOUGH_WITHOUT_GOOD = 5;

export const ratioOf = ({ good, bad }: Counts): number => (good + bad === 0 ? 0 : bad / (good + bad));

const trips = (counts: Counts): boolean =>
  (counts.good + counts.bad >= ENOUGH_CALLS && ratioOf(counts) >= BAD_RATIO) ||
  (counts.good === 0 && counts.bad >= ENOUGH_WITHOUT_GOOD);

/** Whether the app should be left alone but for a probe now and then. */
export const isBroken = ({ calls, writes }: Recent): boolean => trips(calls) || trips(writes);

const none = (): Recent => ({
  calls: { good: 0, bad: 0 },
  writes: { good: 0, bad: 0 },
  tries: { good: 0, bad: 0 },
});

/** Counts by the second, over the last minute. */
export const recentCalls = (now: () => number = Date.now) => {
  let seconds: { at: number; counts: Recent }[] = [];
  const current = (): Recent => {
    const at = Math.floor(now() / 1000);
    seconds = seconds.filter((second) => second.at > at - WINDOW_S);
    const last = seconds.at(-1);
    if (last?.at === at) return last.counts;
    const counts = none();
    seconds.push({ at, counts });
    return counts;
  };
  return {
    called: (outcome: keyof Counts, isWrite: boolean): void => {
      const { calls, writes } = current();
      calls[outcome] += 1;
      if (isWrite) writes[outcome] += 1;
    },
    tried: (outcome: keyof Counts): void => void (current().tries[outcome] += 1),
    sum: (): Recent => {
      current();
      const total = none();
      for (const { counts } of seconds)
        for (const kind of ['calls', 'writes', 'tries'] as const) {
          total[kind].good += counts[kind].good;
          total[kind].bad += counts[kind].bad;
        }
      return total;
    },
    forget: (): void => void (seconds = []),
  };
};
