import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import {
  builtInTypes,
  policyOf,
  type ConnectionQueries,
  type ScimConnection,
  type TypeQueries,
} from '@tenure/directory';
import { traceparentOf } from '@tenure/platform';
import { problem } from '@tenure/scim';
import type { TokenHashing } from '@tenure/sealing';
import type { FastifyReply } from 'fastify';
import { ATTEMPTS, type Attempts } from './attempts.ts';
import type { Rate } from './rate.ts';
import type { ScimRequest } from './scim-context.ts';
import type { Turns } from './turns.ts';

export const CONNECTIONS = Symbol('connections');
export const TYPES = Symbol('types');
export const TOKENS = Symbol('tokens');
export const PUBLIC_URL = Symbol('public url');
export const FAIRNESS = Symbol('fairness');

/** What keeps a connection from taking all there is. */
export type Fairness = { turns: Turns; rate: Rate };

/** Asks the directory's view for every request: a deleted token is refused at once. */
export type Connections = Pick<ConnectionQueries, 'connectionForScim'>;

const IDS = /^[\w-]{1,100}$/;
/** RFC 6750 §3.1: a token that was sent is called invalid; who sent none is only told how. */
const INVALID_TOKEN = { headers: { 'www-authenticate': 'Bearer realm="scim", error="invalid_token"' } };
const DISCOVERY = /\/v2\/(ServiceProviderConfig|ResourceTypes|Schemas)(\/|\?|$)/i;

/**
 * The bearer token of the connection in the path. An unknown connection and a wrong token get the same answer.
 * Discovery is readable without a token (C14), but a wrong one is wrong there too.
 */
@Injectable()
export class ConnectionGuard implements CanActivate {
  constructor(
    @Inject(CONNECTIONS) private readonly connections: Connections,
    @Inject(TYPES) private readonly types: Pick<TypeQueries, 'at'>,
    @Inject(TOKENS) private readonly tokens: Pick<TokenHashing, 'tokenMatches'>,
    @Inject(ATTEMPTS) private readonly attempts: Attempts,
    @Inject(PUBLIC_URL) private readonly publicUrl: string | undefined,
    @Inject(FAIRNESS) private readonly fairness: Fairness,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<ScimRequest>();
    const { tenantId = '', connectionId = '', collection } = request.params as Record<string, string>;
    const token = /^Bearer\s+(\S+)\s*$/i.exec(request.headers.authorization ?? '')?.[1];
    const connection =
      IDS.test(tenantId) && IDS.test(connectionId)
        ? await this.connections.connectionForScim(tenantId, connectionId)
        : undefined;
    const anonymous = token === undefined && request.headers.authorization === undefined && DISCOVERY.test(request.url);
    const allowed =
      connection &&
      (anonymous ||
        (token !== undefined &&
          connection.tokenHmac !== undefined &&
          this.tokens.tokenMatches(connection.tokenHmac, token)));
    if (!connection || !allowed) {
      if (connection)
        this.attempts.refused(
          { tenantId, connectionId, correlationId: String(request.id), operation: operationOf(request) },
          'token/unknown',
          401,
        );
      throw Object.assign(
        problem(401, 'Send the token of this connection: Authorization: Bearer TOKEN.'),
        token !== undefined && INVALID_TOKEN,
      );
    }
    // Whoever has no token can't use up a connection's share.
    if (!anonymous)
      await this.admit(`${tenantId}/${connectionId}`, connection, context.switchToHttp().getResponse<FastifyReply>());
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

  private async admit(key: string, { settings }: ScimConnection, reply: FastifyReply) {
    if (settings.rateLimit) this.fairness.rate.spend(key, settings.rateLimit);
    const end = await this.fairness.turns.take(key);
    if (reply.raw.closed || reply.raw.destroyed) end();
    else reply.raw.once('close', end);
  }
}

/** `PATCH /Users/:id`: the route, without ids and queries; a path that names nothing goes unnamed. */
const operationOf = ({ method, routeOptions, params }: ScimRequest, types = builtInTypes) => {
  const { collection } = params as { collection?: string };
  const own = types.own.find(({ type }) => type.endpoint.toLowerCase() === `/${collection?.toLowerCase()}`);
  return `${method} ${(routeOptions.url ?? '').replace(/^.*\/v2/, '').replace('/:collection', own?.type.endpoint ?? '/:collection')}`;
};
