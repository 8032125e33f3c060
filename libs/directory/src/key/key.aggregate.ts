import { keyEvents, type KeyEvent } from '@tenure/contracts';
import type { Aggregate } from '@tenure/eventing';
import { keyDecider, type KeyCommand, type KeyState } from './key.decider.ts';

/** A stream per key for machines, beside the tenant's own in the category of tenants. */
export const keyAggregate: Aggregate<KeyState, KeyCommand, KeyEvent> = {
  category: 'tenant',
  decider: keyDecider,
  events: keyEvents,
  stateVersion: 1,
  exists: ({ status }) => status === 'present',
};
