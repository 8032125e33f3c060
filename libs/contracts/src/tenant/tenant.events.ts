import { defineEvent, type EventOf } from '@tenure/eventing';
import { z } from 'zod';
import { tenantProfile } from './tenant.profile.ts';
import { appRole } from './app-role.ts';

/** A tenant's events hold its configuration and no person's data; each the whole of what it changed. */
export const TenantCreated = defineEvent('TenantCreated', { data: tenantProfile });
export const TenantReplaced = defineEvent('TenantReplaced', { data: tenantProfile });
export const AppRolesReplaced = defineEvent('AppRolesReplaced', { data: z.object({ appRoles: z.array(appRole) }) });

export const tenantEvents = [TenantCreated, TenantReplaced, AppRolesReplaced] as const;
export type TenantEvent = EventOf<typeof tenantEvents>;
