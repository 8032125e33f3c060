import { z } from 'zod';
import { variables } from './environment.ts';

/** How admins sign in (R110): what directory-service reads, and the standalone system. */
export const signInVariables = {
  TENURE_OIDC_ISSUER: variables.TENURE_OIDC_ISSUER,
  TENURE_OIDC_CLIENT_ID: variables.TENURE_OIDC_CLIENT_ID,
  TENURE_OIDC_CLIENT_SECRET: variables.TENURE_OIDC_CLIENT_SECRET,
  TENURE_OIDC_SCOPES: variables.TENURE_OIDC_SCOPES,
  TENURE_OIDC_ROLES_CLAIM: variables.TENURE_OIDC_ROLES_CLAIM,
  TENURE_OIDC_ROLES: variables.TENURE_OIDC_ROLES,
};

const read = z.object({ TENURE_PUBLIC_URL: variables.TENURE_PUBLIC_URL, ...signInVariables });
type Read = Readonly<z.output<typeof read>>;

/** With a provider, what belongs to it is required too: the redirect URI must not depend on what a request says. */
export const requireWithProvider = (given: Read, context: z.RefinementCtx): void => {
  if (given.TENURE_OIDC_ISSUER === undefined) return;
  for (const name of ['TENURE_PUBLIC_URL', 'TENURE_OIDC_CLIENT_ID', 'TENURE_OIDC_ROLES'] as const)
    if (given[name] === undefined)
      context.addIssue({ code: 'custom', path: [name], message: 'is required with TENURE_OIDC_ISSUER' });
};

/** The provider as configured; undefined without one. */
export const providerOf = (given: Read) =>
  given.TENURE_OIDC_ISSUER === undefined
    ? undefined
    : {
        issuer: given.TENURE_OIDC_ISSUER,
        clientId: given.TENURE_OIDC_CLIENT_ID!,
        clientSecret: given.TENURE_OIDC_CLIENT_SECRET,
        scopes: given.TENURE_OIDC_SCOPES,
        rolesClaim: given.TENURE_OIDC_ROLES_CLAIM,
        roles: given.TENURE_OIDC_ROLES!,
      };
export type ProviderSettings = NonNullable<ReturnType<typeof providerOf>>;
