import { isBarred, suffices, type KeyNeed } from './permits.ts';
import type { Role } from './route-settings.ts';

/** What the routes of each kind need, by name: for those who show only what works, `GET /auth/v1/me`. The guard judges by the same needs. */
const rights = {
  'tenants.read': 'root',
  'tenants.write': 'root',
  'clock.write': 'root',
  'parked.read': 'root',
  'parked.write': 'root',
  'tenant.read': 'auditorOrRoot',
  'tenant.write': 'super_adminOrRoot',
  'admins.read': 'auditor',
  'admins.write': 'super_admin',
  'keys.read': 'auditor',
  'keys.write': 'super_admin',
  'users.read': 'auditor',
  'users.write': 'admin',
  'groups.read': 'auditor',
  'connections.read': 'auditor',
  'connections.write': 'admin',
  'schemas.read': 'auditor',
  'schemas.write': 'admin',
  'resources.read': 'auditor',
  'resources.write': 'admin',
  'app-roles.read': 'auditor',
  'app-roles.write': 'super_admin',
  'apps.read': 'auditor',
  'apps.write': 'app_admin',
  'assignments.write': 'admin',
  'accounts.read': 'auditor',
  'accounts.write': 'admin',
  'audit.read': 'auditor',
  'webhooks.read': 'auditor',
  'webhooks.write': 'super_admin',
} satisfies Record<string, KeyNeed>;

export type Right = keyof typeof rights;
export const rightNames = Object.keys(rights) as [Right, ...Right[]];

export const rightsOf = ({ role, consumerMail }: { role: Role; consumerMail: boolean }): Right[] =>
  rightNames.filter((right) => suffices(role, rights[right]) && !isBarred(consumerMail, rights[right]));
