import { adminEvents, type AdminEvent } from '@tenure/contracts';
import { load, streamName, type Aggregate, type EventSource } from '@tenure/eventing';
import { adminClaims, adminDecider, type AdminCommand, type AdminState } from './admin.decider.ts';

/** A stream per admin, beside the tenant's own in the category of tenants: a version of its own, and no person's data. */
export const adminAggregate: Aggregate<AdminState, AdminCommand, AdminEvent> = {
  category: 'tenant',
  decider: adminDecider,
  events: adminEvents,
  stateVersion: 2,
  exists: ({ status }) => status === 'present',
  claimsOf: adminClaims,
};

/** The admin as the events have it: for rules that must not depend on how far a view is. */
export const loadAdmin = async (source: EventSource, tenantId: string, adminId: string): Promise<AdminState> =>
  (await load(source, adminAggregate, streamName(adminAggregate.category, tenantId, adminId))).state;
