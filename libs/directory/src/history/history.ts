import {
  decoder,
  ERASED,
  historyHead,
  load,
  Rejected,
  type Actor,
  type Aggregate,
  type DomainEvent,
  type EventSource,
  type Instant,
  type StoredEvent,
  type StreamName,
} from '@tenure/eventing';

/** One event as an admin or auditor reads it. `data` is what it says, the person's part opened; null where the person was erased. */
export type HistoryEntry = {
  id: string;
  type: string;
  schemaVersion: number;
  revision: number;
  occurredAt: Instant;
  recordedAt: Instant;
  actor: Actor;
  commandId: string;
  correlationId: string;
  causationId: string;
  changed: string[];
  data: Readonly<Record<string, unknown>> | null;
  erased: boolean;
};

export type HistoryPage = { after?: number; limit: number };
export type History = { items: HistoryEntry[]; nextAfter?: number };

/** The events of a stream, oldest first. */
export const historyOf = async <S, C, E extends DomainEvent>(
  { store, sealer }: EventSource,
  { events }: Aggregate<S, C, E>,
  stream: StreamName,
  { after = 0, limit }: HistoryPage,
): Promise<History> => {
  const decode = decoder(sealer, events);
  const stored = await store.read(stream, { after, limit: limit + 1 });
  const items = await Promise.all(stored.slice(0, limit).map(async (one) => entryOf(one, (await decode(one)).event)));
  return { items, ...(stored.length > limit && { nextAfter: items.at(-1)!.revision }) };
};

const entryOf = (stored: StoredEvent, event: DomainEvent | undefined): HistoryEntry => {
  const erased = stored.personal !== undefined && event?.personal === ERASED;
  const opened = typeof event?.personal === 'object' ? event.personal : {};
  const changed = Array.isArray(event?.data.changed) ? (event.data.changed as string[]) : [];
  return { ...historyHead(stored), changed, data: erased ? null : { ...event?.data, ...opened }, erased };
};

/** A stream folded up to and at an instant of business time (R80). Throws `{category}/not-yet` before its first event. */
export const stateAsOf = async <S, C, E extends DomainEvent>(
  source: EventSource,
  aggregate: Aggregate<S, C, E>,
  stream: StreamName,
  asOf: Instant,
) => {
  const loaded = await load(source, aggregate, stream, { asOf });
  if (loaded.revision === 0)
    throw new Rejected('not-found', `${aggregate.category}/not-yet`, 'It did not exist at that instant.');
  const { state, revision, createdAt, occurredAt } = loaded;
  return { state, revision, createdAt: createdAt!, lastModified: occurredAt! };
};
