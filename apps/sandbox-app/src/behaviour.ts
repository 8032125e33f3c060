import { setTimeout as sleep } from 'node:timers/promises';
import { problem } from '@tenure/scim';

/** How the sandbox answers: as it should, with an error, late, or not to this method. */
export type Mode = { mode: 'ok' } | { mode: 'fail'; status: number } | { mode: 'slow'; delayMs: number };

/** One line of what the sandbox was asked: the demo counts them, so "exactly once" is seen from the other side. */
export type Asked = { at: string; method: string; path: string; status: number };

const KEPT = 10_000;

/** The switch to fail or be slow, and the record of what was asked. */
export const behaviour = () => {
  let mode: Mode = { mode: 'ok' };
  const asked: Asked[] = [];
  return {
    mode: () => mode,
    set: (next: Mode) => {
      mode = next;
    },
    /** To be awaited before a request is answered. */
    misbehave: async () => {
      if (mode.mode === 'slow') await sleep(mode.delayMs);
      if (mode.mode === 'fail') throw problem(mode.status, 'The sandbox was told to fail.');
    },
    record: (entry: Asked) => {
      asked.push(entry);
      if (asked.length > KEPT) asked.shift();
    },
    asked: () => asked,
  };
};

export type Behaviour = ReturnType<typeof behaviour>;
