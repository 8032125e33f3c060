import { streamName, type NewEvent, type StoredEvent } from '@tenure/eventing';
import { randomUUID } from 'node:crypto';

export const event = (type = 'Written'): NewEvent => ({
  id: randomUUID(),
  type,
  schemaVersion: 1,
  data: {},
  metadata: {
    tenantId: 'acme',
    actor: { kind: 'system', id: 'test' },
    commandId: randomUUID(),
    correlationId: 'c',
    causationId: 'c',
    occurredAt: '2026-01-05T09:00:00.000Z',
  },
});

export const stream = (id: string) => streamName('user', 'acme', id);
export const types = (events: readonly StoredEvent[]) => events.map(({ type }) => type);
