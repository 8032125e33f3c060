import { z } from 'zod';
import { defineCommand } from '../define-command.ts';
import { ifMatch } from '../user/user.commands.ts';
import { appRole } from './app-role.ts';
import { tenantProfile } from './tenant.profile.ts';

/**
 * The tenant under whose transport key commands travel that make a tenant: the new one has no key yet. Its keys are made at start
 * (`keyRing.ensureTenant`). No tenant can have this id, for all are random.
 */
export const ROOT_TENANT = 'root';

export const tenantReply = z.object({
  id: z.string(),
  ...tenantProfile.shape,
  version: z.int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type TenantReply = z.output<typeof tenantReply>;

/** A tenant in the list of all. */
export const tenantListItem = tenantReply.pick({ id: true, name: true, primaryDomain: true, createdAt: true });
export type TenantListItem = z.output<typeof tenantListItem>;

/** Sent with `tenantId: ROOT_TENANT`; the key is the id of the tenant to be. */
export const CreateTenant = defineCommand('tenant.create', {
  payload: z.object({ profile: tenantProfile }),
  reply: tenantReply,
});

export const ReplaceTenant = defineCommand('tenant.replace', {
  payload: z.object({ profile: tenantProfile, ifMatch }),
  reply: tenantReply,
});

/** New ids come from whoever sends it. The version is the tenant's. */
export const ReplaceAppRoles = defineCommand('app-roles.replace', {
  payload: z.object({ appRoles: z.array(appRole), ifMatch }),
  reply: z.object({ appRoles: z.array(appRole), version: z.int() }),
});
