import { createHash } from 'node:crypto';
import { streamName, type Position } from '@tenure/eventing';
import type { Fact } from '@tenure/messaging';

export type FactParts = {
  tenant?: string;
  user?: string;
  revision?: number;
  id?: string;
  title?: string;
  recordedAt?: string;
  at?: string;
};

/** A change of a user's title, with a sealed part. */
export const userChanged = (parts: FactParts = {}): Fact => {
  const { tenant = 'acme', user = 'ada', revision = 1, title = 'Baker' } = parts;
  const id = parts.id ?? `${tenant}-${user}-${revision}`;
  return {
    id,
    type: revision === 1 ? 'UserCreated' : 'UserChanged',
    schemaVersion: 1,
    data: { changed: ['title'], title },
    personId: user,
    personal: createHash('sha256').update(`${id} ${title}`).digest('base64'),
    metadata: {
      tenantId: tenant,
      actor: { kind: 'connection', id: 'entra' },
      connectionId: 'entra',
      commandId: `command of ${id}`,
      correlationId: 'request-1',
      causationId: 'request-1',
      occurredAt: parts.at ?? '2026-01-05T09:00:00.000Z',
    },
    stream: streamName('user', tenant, user),
    revision,
    position: '' as Position,
    recordedAt: parts.recordedAt ?? '2026-01-05T09:00:01.000Z',
  };
};

/** Facts of a user, from one revision up to another. */
export const changesOf = (user: string, from: number, to: number, parts: FactParts = {}): Fact[] =>
  Array.from({ length: to - from + 1 }, (_, at) => userChanged({ ...parts, user, revision: from + at }));
