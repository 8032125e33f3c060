import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore } from '../../event-store.ts';
import {
  streamName,
  type Metadata,
  type NewEvent,
  type Position,
  type StoredEvent,
  type StreamName,
} from '../../event.ts';

/** What one test has: a store that others may use too, and a tenant that nobody else has. */
export type Bench = {
  store: EventStore;
  /** Another connection to the same events, as after a restart. */
  reopen: () => Promise<EventStore>;
  /** Breaks the store's connections, where it has any. */
  interrupt: () => Promise<void>;
  /** A position of another store. */
  foreignPosition: () => Promise<Position>;
  tenantId: string;
  stream: (id: string, category?: string) => StreamName;
  event: (type: string, more?: Partial<NewEvent>) => NewEvent;
  /** Appends an event and gives its position: the feed of this test starts behind it. */
  mark: () => Promise<Position>;
  /** All events of this test's tenant behind a position, read in pages. */
  feed: (after: Position, options?: { categories?: readonly string[]; limit?: number }) => Promise<StoredEvent[]>;
};

type Connections = Pick<Bench, 'store' | 'reopen' | 'interrupt' | 'foreignPosition'>;

export const benchOf = ({ store, ...connections }: Connections): Bench => {
  const tenantId = randomBytes(6).toString('hex');
  const metadata = (): Metadata => ({
    tenantId,
    actor: { kind: 'connection', id: 'okta' },
    commandId: randomUUID(),
    correlationId: 'correlation',
    causationId: 'cause',
    occurredAt: '2026-01-05T09:00:00.000Z',
  });
  const stream = (id: string, category = 'user') => streamName(category, tenantId, id);
  const event = (type: string, more: Partial<NewEvent> = {}): NewEvent => ({
    id: randomUUID(),
    type,
    schemaVersion: 1,
    data: {},
    metadata: metadata(),
    ...more,
  });
  return {
    ...connections,
    store,
    tenantId,
    stream,
    event,
    mark: async () =>
      (await store.append({ stream: stream(randomUUID(), 'marker'), expected: 0, events: [event('Marked')] })).position,
    feed: async (after, { categories, limit = 100 } = {}) => {
      const found: StoredEvent[] = [];
      for (let position = after; ;) {
        const page = await store.readAll(position, { categories, limit });
        if (page.length === 0) return found;
        found.push(...page.filter(({ metadata: { tenantId: owner } }) => owner === tenantId));
        position = page.at(-1)!.position;
      }
    },
  };
};

/** Asks again until the answer is right: a feed may show an event a moment after its append, when other transactions are open. */
export const eventually = async <T>(
  ask: () => Promise<T> | T,
  isRight: (answer: T) => boolean,
  timeoutMs = 10_000,
): Promise<T> => {
  for (const deadline = Date.now() + timeoutMs; ; await sleep(10)) {
    const answer = await ask();
    if (isRight(answer) || Date.now() > deadline) return answer;
  }
};

export const types = (events: readonly StoredEvent[]): string[] => events.map(({ type }) => type);
