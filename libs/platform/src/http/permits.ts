import type { Need, Role } from './route-settings.ts';

export type AdminRole = Exclude<Role, 'root'>;
/** What a route of the JSON APIs may need. */
export type KeyNeed = Exclude<Need, 'public' | 'connection' | 'discovery'>;

const rank: Record<AdminRole, number> = { super_admin: 2, admin: 1, auditor: 0 };

export const leastOf = (one: AdminRole, other: AdminRole): AdminRole => (rank[one] < rank[other] ? one : other);
export const isAtLeast = (role: AdminRole, least: AdminRole): boolean => rank[role] >= rank[least];

/** The least role of an admin; none where the root key alone will do. */
export const leastRole = (need: KeyNeed): AdminRole | undefined => {
  switch (need) {
    case 'root':
      return undefined;
    case 'app_admin':
    case 'super_adminOrRoot':
      return 'super_admin';
    case 'auditorOrRoot':
      return 'auditor';
    case 'super_admin':
    case 'admin':
    case 'auditor':
      return need;
  }
};

/** Whether a role suffices for what is needed: the one rule, for the guard of every route and for what `GET /auth/v1/me` tells. */
export const suffices = (role: Role, need: KeyNeed): boolean => {
  if (role === 'root') return need === 'root' || need === 'super_adminOrRoot' || need === 'auditorOrRoot';
  const least = leastRole(need);
  return least !== undefined && isAtLeast(role, least);
};

/** R6: whoever has an address of a consumer mail domain configures no apps, whatever their role. */
export const isBarred = (consumerMail: boolean, need: KeyNeed): boolean => need === 'app_admin' && consumerMail;
