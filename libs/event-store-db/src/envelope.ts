import { jsonEvent, type EventData, type JSONType, type RecordedEvent } from '@eventstore/db-client';
import type { ClaimNames, Metadata, NewEvent, StoredEvent, StreamName } from '@tenure/eventing';
import { positionAt } from './position.ts';

/** What stands in EventStoreDB's metadata of an event. Its `data` is ours as it is. */
type Envelope = { schemaVersion: number; personId?: string; personal?: string; metadata: Metadata };

export const toEventData = ({ id, type, data, ...envelope }: NewEvent): EventData =>
  jsonEvent({ id, type, data: data as JSONType, metadata: envelope satisfies Envelope });

export const toStoredEvent = (generation: string, recorded: RecordedEvent): StoredEvent => {
  const envelope = recorded.metadata as Envelope;
  return {
    id: recorded.id,
    type: recorded.type,
    data: recorded.data as NewEvent['data'],
    ...envelope,
    stream: recorded.streamId as StreamName,
    revision: Number(recorded.revision) + 1,
    position: positionAt(generation, recorded.position!.commit),
    recordedAt: recorded.created.toISOString(),
  };
};

export const claimsOf = (recorded: RecordedEvent): ClaimNames | undefined => (recorded.data as NewEvent['data']).claims;
