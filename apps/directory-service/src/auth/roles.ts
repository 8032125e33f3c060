import type { AdminRole } from '@tenure/platform';
import { isAtLeast } from '@tenure/platform';

/** What a value of the roles claim stands for: TENURE_OIDC_ROLES. */
export type RoleMap = Readonly<Record<string, { tenant: string; role: AdminRole }>>;

export type Claims = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A claim by its name, which may be a URL, else by a path such as `realm_access.roles`. */
const claimAt = (claims: Claims, path: string): unknown =>
  Object.hasOwn(claims, path)
    ? claims[path]
    : path
        .split('.')
        .reduce<unknown>(
          (value, name) => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined),
          claims,
        );

export type FoundRole =
  | { kind: 'role'; tenantId: string; role: AdminRole }
  /** What was found instead: for the page that says so. */
  | { kind: 'none'; found: readonly string[] | undefined; isOverage: boolean };

/** An address counts only where the provider says that it is theirs. */
const isTrusted = (claims: Claims, path: string): boolean => path !== 'email' || claims['email_verified'] === true;

/**
 * The role that the provider gives: of several the highest, of equals the one that is listed first. Entra leaves out groups where there are
 * too many and names the claim in `_claim_names` instead (OpenID Connect Core §5.6.2).
 */
export const roleIn = (claims: Claims, path: string, roles: RoleMap, tenantId?: string): FoundRole => {
  const claim = isTrusted(claims, path) ? claimAt(claims, path) : undefined;
  const found =
    typeof claim === 'string'
      ? [claim]
      : Array.isArray(claim)
        ? claim.filter((value): value is string => typeof value === 'string')
        : undefined;
  const values = new Set(found);
  const given = Object.entries(roles)
    .filter(([value, { tenant }]) => values.has(value) && (tenantId === undefined || tenant === tenantId))
    .map(([, role]) => role);
  const [first, ...others] = given;
  if (first) {
    const { tenant, role } = others.reduce((best, next) => (isAtLeast(best.role, next.role) ? best : next), first);
    return { kind: 'role', tenantId: tenant, role };
  }
  const names = claims['_claim_names'];
  const [top = ''] = path.split('.');
  const isOverage =
    found === undefined && ((isObject(names) && Object.hasOwn(names, top)) || claims['hasgroups'] === true);
  return { kind: 'none', found, isOverage };
};
