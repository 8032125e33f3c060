import { connectionEvents, type ConnectionEvent } from '@tenure/contracts';
import type { Aggregate } from '@tenure/eventing';
import { connectionDecider, type ConnectionCommand, type ConnectionState } from './connection.decider.ts';

export const connectionAggregate: Aggregate<ConnectionState, ConnectionCommand, ConnectionEvent> = {
  category: 'connection',
  decider: connectionDecider,
  events: connectionEvents,
  stateVersion: 2,
  exists: ({ status }) => status === 'present',
};
