import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

/** A real OAuth 2.0 authorization server with an app behind it that takes its tokens: the admin is signed in and agrees at once. */
export const authorizationServer = async (redirectUri: string, { accessTokenLifeS = 3600 } = {}) => {
  const state = { agrees: true, asked: [] as string[], refreshes: 0 };
  const held: { provider?: Provider } = {};
  const known = () => held.provider!;

  const interact = async (request: IncomingMessage, response: ServerResponse) => {
    const { prompt, params } = await known().interactionDetails(request, response);
    if (!state.agrees)
      return known().interactionFinished(request, response, {
        error: 'access_denied',
        error_description: 'The admin said <b>no</b>.',
      });
    if (prompt.name === 'login')
      return known().interactionFinished(request, response, { login: { accountId: 'admin' } });
    const grant = new (known().Grant)({ accountId: 'admin', clientId: params['client_id'] as string });
    grant.addOIDCScope('openid');
    const grantId = await grant.save();
    return known().interactionFinished(request, response, { consent: { grantId } }, { mergeWithLastSubmission: true });
  };

  const app = async (request: IncomingMessage, response: ServerResponse) => {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    state.asked.push(token);
    const living = await known().AccessToken.find(token);
    const body = living
      ? { schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'], totalResults: 0, Resources: [] }
      : { status: '401', detail: `Invalid token ${token}` };
    response.writeHead(living ? 200 : 401, { 'content-type': 'application/scim+json' }).end(JSON.stringify(body));
  };

  const server = createServer((request, response) => {
    if (request.url!.startsWith('/scim/')) return void app(request, response);
    if (request.url!.startsWith('/interaction/')) return void interact(request, response);
    return void known().callback()(request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(origin, {
    clients: [
      {
        client_id: 'tenure',
        client_secret: 'a-client-secret-of-the-tests',
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    cookies: { keys: ['a-cookie-key'] },
    features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    issueRefreshToken: async () => true,
    rotateRefreshToken: true,
    ttl: {
      AccessToken: accessTokenLifeS,
      Grant: 86_400,
      Interaction: 600,
      Session: 86_400,
      RefreshToken: 86_400,
      IdToken: 3600,
    },
    pkce: { required: () => true },
  });
  held.provider = provider;
  provider.on('refresh_token.consumed', () => (state.refreshes += 1));

  return {
    origin,
    state,
    /** What PUT /authorize is told of it. */
    client: {
      authorizationUrl: `${origin}/auth`,
      tokenUrl: `${origin}/token`,
      revocationUrl: `${origin}/token/revocation`,
      clientId: 'tenure',
      clientSecret: 'a-client-secret-of-the-tests',
      method: 'client_secret_post',
      scope: 'openid',
    },
    scimUrl: `${origin}/scim`,
    /** Ends the grant that the last token came from. */
    revokeAll: async () => {
      const { AccessToken, RefreshToken } = provider;
      const grantId = (await AccessToken.find(state.asked.at(-1)!))!.grantId!;
      await Promise.all([AccessToken.revokeByGrantId(grantId), RefreshToken.revokeByGrantId(grantId)]);
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
};

/** A browser that follows redirects and keeps cookies, up to a page. */
export const browse = async (start: string): Promise<{ status: number; text: string; url: string }> => {
  const cookies = new Map<string, string>();
  for (let url = start, hops = 0; hops < 20; hops++) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      cookies.set(name!, value!);
    }
    const location = response.headers.get('location');
    if (location === null) return { status: response.status, text: await response.text(), url };
    url = new URL(location, url).href;
  }
  throw new Error('Redirected in a circle.');
};
