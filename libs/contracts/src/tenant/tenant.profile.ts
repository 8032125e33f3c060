import { z } from 'zod';

/** A tenant as it is stored. What a new one must look like is `tenantBody`'s: what was once recorded is not judged again. */
export const tenantProfile = z.object({
  name: z.string(),
  primaryDomain: z.string(),
  domains: z.array(z.string()),
  /** Whether single sign-on is set up (R5), and with which identity providers (R1). */
  sso: z.object({ configured: z.boolean(), providers: z.array(z.object({ id: z.string(), name: z.string() })) }),
  language: z.string().optional(),
  timezone: z.string().optional(),
  /** What is licensed, and which values of `roles` take a licence of it (R29). */
  products: z.array(z.object({ id: z.string(), appRoles: z.array(z.string()) })),
  /** Gates, open unless they are closed (R64). */
  features: z.object({ provisioning: z.boolean(), entitlements: z.boolean() }),
});
export type TenantProfile = z.output<typeof tenantProfile>;
export type Features = TenantProfile['features'];
