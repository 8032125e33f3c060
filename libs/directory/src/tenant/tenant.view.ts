import { tenantEvents, type TenantEvent } from '@tenure/contracts';
import { configurationPart, type RowPatch } from '../view/configuration-part.ts';

const patchOf = (event: TenantEvent): RowPatch => {
  switch (event.type) {
    case 'TenantCreated':
    case 'TenantReplaced':
      return { profile: event.data };
    case 'AppRolesReplaced':
      return { appRoles: event.data.appRoles };
  }
};

export const tenantsPart = configurationPart<TenantEvent>({
  name: 'tenants',
  category: 'tenant',
  events: tenantEvents,
  patchOf,
  moreIndexes: (table) => [`create index if not exists tenants_by_creation on ${table} (created_at, id)`],
});
