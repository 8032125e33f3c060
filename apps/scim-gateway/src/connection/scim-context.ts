import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { ConnectionPolicy, TenantTypes } from '@tenure/directory';
import type { Caller } from '@tenure/eventing';
import type { FastifyRequest } from 'fastify';

/** Who asks, through which connection, what there is in its tenant, and what its URLs begin with. */
export type ScimContext = {
  caller: Caller;
  policy: ConnectionPolicy;
  types: TenantTypes;
  /** The collection in the path, where it may be one of the tenant's own types (R71): `Devices`. */
  collection?: string;
  baseUrl: string;
  operation: string;
};

export type ScimRequest = FastifyRequest & { scim?: ScimContext };

/** The context that `ConnectionGuard` put there. */
export const Scim = createParamDecorator((_data: unknown, context: ExecutionContext): ScimContext => {
  const { scim } = context.switchToHttp().getRequest<ScimRequest>();
  if (!scim) throw new Error('Scim is used on a route that no connection guards.');
  return scim;
});
