import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An OAuth 2.0 authorization server that knows one client and hands out one token (RFC 6749 §4.4). */
export const tokenServer = async ({
  clientId,
  clientSecret,
  accessToken,
}: {
  clientId: string;
  clientSecret: string;
  accessToken: string;
}) => {
  const expected = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  const server = createServer((request, response) => {
    const known = request.headers.authorization === expected;
    request.resume();
    response
      .writeHead(known ? 200 : 401, { 'content-type': 'application/json' })
      .end(
        JSON.stringify(
          known ? { access_token: accessToken, token_type: 'Bearer', expires_in: 3600 } : { error: 'invalid_client' },
        ),
      );
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`, close: () => server.close() };
};

/** An application that lists no users, for whoever sends the right header. */
export const emptyApp = async (authorization: string) => {
  const server = createServer((request, response) => {
    const known = request.headers.authorization === authorization;
    const body = known
      ? { schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'], totalResults: 0, Resources: [] }
      : { status: '401', detail: 'Invalid authentication' };
    response.writeHead(known ? 200 : 401, { 'content-type': 'application/scim+json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/scim`, close: () => server.close() };
};
