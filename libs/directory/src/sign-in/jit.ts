import { type EnsureUser, jsonObject, type PayloadOf } from '@tenure/contracts';
import { Rejected } from '@tenure/eventing';
import { applyPatch, parsePatch, patchSchema, profiles, userSchema, valueAt } from '@tenure/scim';
import { z } from 'zod';
import type { TypeQueries } from '../schema/kept-types.ts';
import type { TenantQueries } from '../tenant/tenant.queries.ts';
import { inScim } from '../user/user.rules.ts';

export const jitBody = z.strictObject({ identityProviderId: z.string().min(1).max(200), attributes: jsonObject });
export const jitReply = z.object({ id: z.string(), created: z.boolean() });

/**
 * What a first sign-in asks of the directory (R23): the person with the assertion's attributes, by SCIM path (`emails[type eq "work"].value`
 * among them, and those of the tenant's own extensions, R71). Sent as `user.ensure`, which never updates who is there already.
 */
export type JitUser = (tenantId: string, body: z.output<typeof jitBody>) => Promise<PayloadOf<typeof EnsureUser>>;

export const jitUser =
  (tenants: Pick<TenantQueries, 'get'>, types: Pick<TypeQueries, 'now'>): JitUser =>
  async (tenantId, { identityProviderId, attributes }) => {
    const { features, sso } = await tenants.get(tenantId);
    if (!features.provisioning)
      throw new Rejected('forbidden', 'feature/provisioning', 'Provisioning is not enabled for this tenant.');
    if (!sso.providers.some(({ id }) => id === identityProviderId))
      throw new Rejected(
        'invalid',
        'jit/identity-provider',
        "The identity provider is none of the tenant's SSO configurations.",
        [{ field: 'identityProviderId', message: 'is not known' }],
      );
    const { type } = (await types.now(tenantId)).user;
    const resource = inScim(() => {
      const Operations = Object.entries(attributes).map(([path, value]) => ({ op: 'add', path, value }));
      const { operations } = parsePatch(type, { schemas: [patchSchema], Operations }, profiles.generic);
      return applyPatch(type, { schemas: [userSchema.id] }, operations, profiles.generic).resource;
    });
    if (typeof valueAt(resource, 'userName') !== 'string')
      throw new Rejected('invalid', 'user/attribute-required', 'The assertion must bring a userName.', [
        { field: 'attributes.userName', message: 'is required' },
      ]);
    return { resource, origin: 'jit' };
  };
