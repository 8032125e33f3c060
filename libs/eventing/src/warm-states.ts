import type { StreamName } from './event.ts';
import type { Loaded } from './load.ts';

/**
 * Streams as this process last wrote them, so that the next command needn't read them. Only a guess: another process may have written since. An append
 * that expects the guessed revision proves it; whatever else comes out of it is decided again on what the store has (`handle`).
 */
export type WarmStates = {
  get: (stream: StreamName, stateVersion: number) => Loaded<unknown> | undefined;
  /** `fold` is called when the state is asked for. */
  put: (stream: StreamName, state: { stateVersion: number; bytes: number; fold: () => Loaded<unknown> }) => void;
  drop: (stream: StreamName) => void;
};

type Kept = { stateVersion: number; bytes: number; at: number; fold: () => Loaded<unknown> };

export type WarmLimits = { states?: number; bytes?: number; forMs?: number };

const MOST_STATES = 5000;
const MOST_BYTES = 32 * 1024 * 1024;
/** As long as a key may be cached: no longer is a person's data held in the clear after the key was destroyed elsewhere. */
const KEPT_FOR_MS = 60_000;

/** The least recently written are forgotten first. */
export const warmStates = ({
  states = MOST_STATES,
  bytes: mostBytes = MOST_BYTES,
  forMs = KEPT_FOR_MS,
}: WarmLimits = {}): WarmStates => {
  const kept = new Map<StreamName, Kept>();
  let bytes = 0;

  const drop = (stream: StreamName) => {
    bytes -= kept.get(stream)?.bytes ?? 0;
    kept.delete(stream);
  };

  const isOver = () => kept.size > states || bytes > mostBytes;

  return {
    get: (stream, stateVersion) => {
      const found = kept.get(stream);
      if (!found) return undefined;
      if (found.stateVersion !== stateVersion || Date.now() - found.at > forMs) {
        drop(stream);
        return undefined;
      }
      const loaded = found.fold();
      found.fold = () => loaded;
      return loaded;
    },
    put: (stream, state) => {
      drop(stream);
      const now = Date.now();
      kept.set(stream, { ...state, at: now });
      bytes += state.bytes;
      for (const [oldest, { at }] of kept) {
        if (!isOver() && now - at <= forMs) break;
        drop(oldest);
      }
    },
    drop,
  };
};
