import { tenantEvents, type TenantEvent } from '@tenure/contracts';
import { load, streamName, type Aggregate, type EventSource } from '@tenure/eventing';
import { tenantDecider, type TenantCommand, type TenantState } from './tenant.decider.ts';

/** One stream per tenant, with the tenant's own id. Its app roles are in it too. */
export const tenantAggregate: Aggregate<TenantState, TenantCommand, TenantEvent> = {
  category: 'tenant',
  decider: tenantDecider,
  events: tenantEvents,
  stateVersion: 1,
  exists: ({ status }) => status === 'present',
};

/** The tenant as its events have it: for rules that must not depend on how far a view is. */
export const loadTenant = async (source: EventSource, tenantId: string): Promise<TenantState> =>
  (await load(source, tenantAggregate, streamName(tenantAggregate.category, tenantId, tenantId))).state;
