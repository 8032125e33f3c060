import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { ConnectionPolicy } from '@tenure/directory';
import type { Caller } from '@tenure/eventing';
import type { FastifyRequest } from 'fastify';

/** Who asks, through which connection, and what its URLs begin with. */
export type ScimContext = { caller: Caller; policy: ConnectionPolicy; baseUrl: string; operation: string };

export type ScimRequest = FastifyRequest & { scim?: ScimContext };

/** The context that `ConnectionGuard` put there. */
export const Scim = createParamDecorator((_data: unknown, context: ExecutionContext): ScimContext => {
  const { scim } = context.switchToHttp().getRequest<ScimRequest>();
  if (!scim) throw new Error('Scim is used on a route that no connection guards.');
  return scim;
});
