import type { Role } from './caller.guard.ts';

/** What a key may do, for those who show only what works: `GET /auth/v1/me`. The routes themselves ask for roles. */
const rights = {
  'tenants.read': ['root'],
  'tenants.write': ['root'],
  'clock.write': ['root'],
  'parked.read': ['root'],
  'parked.write': ['root'],
  'tenant.read': ['root', 'super_admin', 'admin', 'auditor'],
  'tenant.write': ['root', 'super_admin'],
  'admins.read': ['super_admin', 'admin', 'auditor'],
  'admins.write': ['super_admin'],
  'users.read': ['super_admin', 'admin', 'auditor'],
  'users.write': ['super_admin', 'admin'],
  'groups.read': ['super_admin', 'admin', 'auditor'],
  'connections.read': ['super_admin', 'admin', 'auditor'],
  'connections.write': ['super_admin', 'admin'],
  'schemas.read': ['super_admin', 'admin', 'auditor'],
  'schemas.write': ['super_admin', 'admin'],
  'resources.read': ['super_admin', 'admin', 'auditor'],
  'resources.write': ['super_admin', 'admin'],
  'app-roles.read': ['super_admin', 'admin', 'auditor'],
  'app-roles.write': ['super_admin'],
  'apps.read': ['super_admin', 'admin', 'auditor'],
  'apps.write': ['super_admin'],
  'assignments.write': ['super_admin', 'admin'],
  'accounts.read': ['super_admin', 'admin', 'auditor'],
  'accounts.write': ['super_admin', 'admin'],
  'audit.read': ['super_admin', 'admin', 'auditor'],
  'webhooks.read': ['super_admin', 'admin', 'auditor'],
  'webhooks.write': ['super_admin'],
} satisfies Record<string, readonly Role[]>;

export type Right = keyof typeof rights;
export const rightNames = Object.keys(rights) as [Right, ...Right[]];

/** R6: super admins with an address of a consumer mail domain don't configure apps. */
export const rightsOf = ({ role, consumerMail }: { role: Role; consumerMail: boolean }): Right[] =>
  rightNames.filter(
    (right) => (rights[right] as readonly Role[]).includes(role) && !(consumerMail && right === 'apps.write'),
  );
