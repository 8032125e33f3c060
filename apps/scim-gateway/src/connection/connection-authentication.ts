import type { ConnectionQueries, ScimConnection } from '@tenure/directory';
import { oncePerRequest, settingsOf, type Authenticate } from '@tenure/platform';
import { problem } from '@tenure/scim';
import type { TokenHashing } from '@tenure/sealing';
import type { FastifyReply } from 'fastify';
import type { Attempts } from './attempts.ts';
import { operationOf } from './operation.ts';
import type { Rate } from './rate.ts';
import type { Turns } from './turns.ts';

/** Asks the directory's view for every request: a deleted token is refused at once. */
export type Connections = Pick<ConnectionQueries, 'connectionForScim'>;

export type ConnectionIdentity = { tenantId: string; connectionId: string; connection: ScimConnection };

export type AuthenticationDeps = {
  connections: Connections;
  tokens: Pick<TokenHashing, 'tokenMatches'>;
  attempts: Attempts;
  /** What keeps a connection from taking all there is. */
  turns: Turns;
  rate: Rate;
};

const IDS = /^[\w-]{1,100}$/;
/** RFC 6750 §3.1: a token that was sent is called invalid; who sent none is only told how. */
const INVALID_TOKEN = { headers: { 'www-authenticate': 'Bearer realm="scim", error="invalid_token"' } };

/**
 * The bearer token of the connection in the path. An unknown connection and a wrong token get the same answer.
 * Discovery is readable without a token (C14), but a wrong one is wrong there too. Who is known waits here for a turn of the
 * connection, so that it doesn't hold more bodies in memory than it has turns.
 */
export const connectionAuthentication = ({
  connections,
  tokens,
  attempts,
  turns,
  rate,
}: AuthenticationDeps): Authenticate<ConnectionIdentity> => {
  const admit = async (key: string, { settings }: ScimConnection, { raw }: FastifyReply) => {
    if (settings.rateLimit) rate.spend(key, settings.rateLimit);
    const end = await turns.take(key);
    if (raw.closed || raw.destroyed) end();
    else raw.once('close', end);
  };

  return oncePerRequest(async (request, reply) => {
    const { tenantId = '', connectionId = '' } = request.params as Record<string, string>;
    const { authorization } = request.headers;
    const token = /^Bearer\s+(\S+)\s*$/i.exec(authorization ?? '')?.[1];
    const connection =
      IDS.test(tenantId) && IDS.test(connectionId)
        ? await connections.connectionForScim(tenantId, connectionId)
        : undefined;
    const anonymous = authorization === undefined && settingsOf(request).needs === 'discovery';
    const allowed =
      anonymous ||
      (token !== undefined && connection?.tokenHmac !== undefined && tokens.tokenMatches(connection.tokenHmac, token));
    if (!connection || !allowed) {
      if (connection)
        attempts.refused(
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
    if (!anonymous) await admit(`${tenantId}/${connectionId}`, connection, reply);
    return { tenantId, connectionId, connection };
  });
};
