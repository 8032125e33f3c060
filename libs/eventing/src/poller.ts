import { setTimeout as sleep } from 'node:timers/promises';

export type Poller = {
  /** There is something to do: don't wait for the next look. */
  wake: () => void;
  stop: () => Promise<void>;
};

/** Looks for work again and again, in real time; at once while there is some. What fails is tried again at the next look. */
export const startPoller = ({
  everyMs,
  run,
  onFailure,
}: {
  everyMs: number;
  run: () => Promise<boolean>;
  onFailure: (error: unknown) => void;
}): Poller => {
  const stopping = new AbortController();
  let woken = false;
  let wakeUp: () => void = () => undefined;

  const rest = async () => {
    if (woken || stopping.signal.aborted) return;
    const resting = new AbortController();
    wakeUp = () => resting.abort();
    await sleep(everyMs, undefined, { signal: resting.signal }).catch(() => undefined);
  };

  const poll = async () => {
    while (!stopping.signal.aborted) {
      woken = false;
      const worked = await run().catch((error: unknown) => {
        onFailure(error);
        return false;
      });
      if (!worked) await rest();
    }
  };
  const polling = poll();

  const wake = () => {
    woken = true;
    wakeUp();
  };
  return {
    wake,
    stop: async () => {
      stopping.abort();
      wake();
      await polling;
    },
  };
};
