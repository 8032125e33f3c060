import type { Metadata, Place, Revision, StoredEvent } from './event.ts';

/**
 * What a stream remembers of the commands that changed it, to know a repeated one (design, decision 5):
 * the ids of the last minute, at least 200, and the highest place applied.
 */
export type ProcessedCommands = {
  highest?: Place;
  recent: readonly { id: string; revision: Revision; at: number }[];
};

export const noCommands: ProcessedCommands = { recent: [] };

const KEPT_MS = 60_000;
const KEPT_AT_LEAST = 200;
/** Trimming copies the list, so it waits until a good part is old. */
const TRIM_ABOVE = 2 * KEPT_AT_LEAST;

export const recordCommand = (
  log: ProcessedCommands,
  { metadata, revision, recordedAt }: StoredEvent,
): ProcessedCommands => {
  const at = Date.parse(recordedAt);
  const last = log.recent.at(-1);
  const entry = { id: metadata.commandId, revision, at };
  const recent = last?.id === metadata.commandId ? [...log.recent.slice(0, -1), entry] : [...log.recent, entry];
  return {
    highest: higher(log.highest, metadata.place),
    recent: recent.length > TRIM_ABOVE ? trimmed(recent, at) : recent,
  };
};

const trimmed = (recent: ProcessedCommands['recent'], now: number) =>
  recent.filter(({ at }, index) => index >= recent.length - KEPT_AT_LEAST || at > now - KEPT_MS);

const higher = (a: Place | undefined, b: Place | undefined) => (b && (!a || a.log !== b.log || isAfter(b, a)) ? b : a);

/** Redelivered places have both an offset and an append time that were seen; a log made anew repeats offsets, but later. */
const isAfter = (place: Place, highest: Place) => place.offset > highest.offset || place.at > highest.at;

export type Repetition = { kind: 'new' } | { kind: 'applied'; revision: Revision } | { kind: 'no-op' };

/** Whether a command was here before: applied (then after which revision), or a no-op or refusal that must not be decided again. */
export const repetitionOf = (
  log: ProcessedCommands,
  { commandId, place }: Pick<Metadata, 'commandId' | 'place'>,
): Repetition => {
  const known = log.recent.find(({ id }) => id === commandId);
  if (known) return { kind: 'applied', revision: known.revision };
  const seen = place && log.highest && place.log === log.highest.log && !isAfter(place, log.highest);
  return seen ? { kind: 'no-op' } : { kind: 'new' };
};
