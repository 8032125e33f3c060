/** An instant in UTC with milliseconds: `2026-01-05T09:00:00.000Z`. Such strings sort as the instants do. */
export type Instant = string;

/** Revision of an event in its stream: 1, 2, 3, … without gaps; 0 is an empty stream. */
export type Revision = number;

/** Where an event stands among all events of a store. Opaque: each adapter has its own, and only compares its own. Holds the store's generation. */
export type Position = string & { readonly position: unique symbol };

/** `{category}-{tenantId}_{id}`. Holds only random ids. */
export type StreamName = string & { readonly stream: unique symbol };

export type Actor = { kind: 'connection' | 'admin' | 'key' | 'system' | 'root'; id: string };

/**
 * Where a command stood in the log that brought it: a redelivered one has a place not above the highest that its stream has seen.
 * `at` is the log's own append time (ms): a log that was deleted and made again starts at offset 0, but later.
 */
export type Place = { log: string; offset: number; at: number };

/** Who, for whom, because of what, and when in business time. The audit trail is built from this. */
export type Metadata = {
  tenantId: string;
  actor: Actor;
  connectionId?: string;
  commandId: string;
  place?: Place;
  correlationId: string;
  causationId: string;
  /** Business time (design, decision 6). Never goes back within a stream. */
  occurredAt: Instant;
  traceparent?: string;
};

/** Claims taken and released by an event, by their names (an HMAC each: a name tells nothing about its value). */
export type ClaimNames = { take: readonly string[]; release: readonly string[] };

/** What is stored. `personal` is sealed: base64 of AES-256-GCM under the key of the person `personId`. */
export type NewEvent = {
  id: string;
  type: string;
  schemaVersion: number;
  data: Readonly<Record<string, unknown>> & { claims?: ClaimNames };
  personId?: string;
  personal?: string;
  metadata: Metadata;
};

export type StoredEvent = NewEvent & {
  stream: StreamName;
  revision: Revision;
  position: Position;
  /** The store's clock, real time. */
  recordedAt: Instant;
};

export const streamName = (category: string, tenantId: string, id: string) =>
  `${category}-${tenantId}_${id}` as StreamName;

/** The parts of a stream's name. Throws on a name that `streamName` did not make. */
export const streamParts = (stream: string): { category: string; tenantId: string; id: string } => {
  const match = /^([a-z]+)-([^_]+)_(.+)$/.exec(stream);
  if (!match) throw new Error(`${stream} is not the name of a stream: expected {category}-{tenantId}_{id}.`);
  return { category: match[1]!, tenantId: match[2]!, id: match[3]! };
};

/** What a history says of every event, whatever it holds: which it is, when it came, and who and what caused it. */
export const historyHead = ({ id, type, schemaVersion, revision, recordedAt, metadata }: StoredEvent) => {
  const { occurredAt, actor, commandId, correlationId, causationId } = metadata;
  return { id, type, schemaVersion, revision, occurredAt, recordedAt, actor, commandId, correlationId, causationId };
};
