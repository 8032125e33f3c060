import { resourceEvents, type ResourceEvent } from '@tenure/contracts';
import type { Aggregate } from '@tenure/eventing';
import { resourceClaims, resourceDecider, type ResourceCommand, type ResourceState } from './resource.decider.ts';

/** A resource of a tenant's own type (R71). Its content is sealed as a person's is, with a key of its own. */
export const resourceAggregate: Aggregate<ResourceState, ResourceCommand, ResourceEvent> = {
  category: 'resource',
  decider: resourceDecider,
  events: resourceEvents,
  stateVersion: 2,
  exists: ({ status }) => status === 'present',
  personOf: (id) => id,
  claimsOf: resourceClaims,
};
