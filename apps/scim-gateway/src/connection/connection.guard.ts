import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { policyOf, type TypeQueries } from '@tenure/directory';
import { traceparentOf, type Authenticate } from '@tenure/platform';
import type { FastifyReply } from 'fastify';
import type { ConnectionIdentity } from './connection-authentication.ts';
import { operationOf } from './operation.ts';
import type { ScimRequest } from './scim-context.ts';

export const AUTHENTICATE = Symbol('authenticate');
export const TYPES = Symbol('types');
export const PUBLIC_URL = Symbol('public url');

/** Makes the context of a request, of the connection that was authenticated before its body was read. */
@Injectable()
export class ConnectionGuard implements CanActivate {
  constructor(
    @Inject(AUTHENTICATE) private readonly authenticate: Authenticate<ConnectionIdentity>,
    @Inject(TYPES) private readonly types: Pick<TypeQueries, 'at'>,
    @Inject(PUBLIC_URL) private readonly publicUrl: string | undefined,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<ScimRequest>();
    const { connection, tenantId, connectionId } = await this.authenticate(request, http.getResponse<FastifyReply>());
    const { collection } = request.params as { collection?: string };
    const traceparent = traceparentOf(request);
    const types = await this.types.at(tenantId, connection.schemasVersion);
    request.scim = {
      policy: policyOf(connection),
      types,
      ...(collection !== undefined && { collection }),
      caller: {
        tenantId,
        connectionId,
        actor: { kind: 'connection', id: connectionId },
        correlationId: String(request.id),
        ...(traceparent !== undefined && { traceparent }),
      },
      operation: operationOf(request, types),
      baseUrl: `${this.publicUrl ?? `${request.protocol}://${request.host}`}/scim/${tenantId}/${connectionId}/v2`,
    };
    return true;
  }
}
