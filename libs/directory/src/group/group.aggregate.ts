import { groupEvents, type GroupEvent } from '@tenure/contracts';
import type { Aggregate } from '@tenure/eventing';
import { groupClaims, groupDecider, type GroupCommand, type GroupState } from './group.decider.ts';

export const groupAggregate: Aggregate<GroupState, GroupCommand, GroupEvent> = {
  category: 'group',
  decider: groupDecider,
  events: groupEvents,
  stateVersion: 2,
  // One event may name a thousand members, of whom the state keeps none.
  snapshotEvery: 10,
  exists: ({ status }) => status === 'present',
  claimsOf: groupClaims,
};
