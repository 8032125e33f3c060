import { userEvents, type UserEvent } from '@tenure/contracts';
import type { Aggregate } from '@tenure/eventing';
import { userClaims } from './user.claims.ts';
import { userDecider, type UserCommand } from './user.decider.ts';
import type { UserState } from './user.state.ts';

export const userAggregate: Aggregate<UserState, UserCommand, UserEvent> = {
  category: 'user',
  decider: userDecider,
  events: userEvents,
  stateVersion: 4,
  exists: ({ status }) => status === 'present',
  personOf: (id) => id,
  claimsOf: userClaims,
};
