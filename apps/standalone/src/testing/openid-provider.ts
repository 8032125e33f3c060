import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK, type JWTPayload } from 'jose';
import { Provider } from 'oidc-provider';

export const CLIENT_ID = 'tenure';
const CLIENT_SECRET = 'the-secret-of-the-client';

const newKey = async (kid: string): Promise<JWK> => {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' };
};

/** A real OpenID provider. Whoever is `state.at` the keyboard is signed in at once; `accounts` has what it says of each. */
export const openIdProvider = async () => {
  const state = { at: 'ada', agrees: true };
  const accounts = new Map<string, Record<string, unknown>>();
  const held: { provider?: Provider; key?: JWK } = {};
  const known = () => held.provider!;

  const interact = async (request: IncomingMessage, response: ServerResponse) => {
    const { prompt, params } = await known().interactionDetails(request, response);
    if (!state.agrees)
      return known().interactionFinished(request, response, {
        error: 'access_denied',
        error_description: '<b>No.</b>',
      });
    if (prompt.name === 'login')
      return known().interactionFinished(request, response, { login: { accountId: state.at } });
    const grant = new (known().Grant)({ accountId: state.at, clientId: params['client_id'] as string });
    grant.addOIDCScope('openid profile email');
    const grantId = await grant.save();
    return known().interactionFinished(request, response, { consent: { grantId } }, { mergeWithLastSubmission: true });
  };

  const server = createServer((request, response) => {
    if (request.url!.startsWith('/interaction/')) return void interact(request, response);
    return void known().callback()(request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  /** As after a restart with a new key: sessions and keys of before are forgotten. */
  const start = async (kid: string, tenureUrl: string) => {
    held.key = await newKey(kid);
    held.provider = new Provider(issuer, {
      clients: [
        {
          client_id: CLIENT_ID,
          client_secret: CLIENT_SECRET,
          redirect_uris: [`${tenureUrl}/auth/callback`],
          post_logout_redirect_uris: [`${tenureUrl}/auth`],
          token_endpoint_auth_method: 'client_secret_post',
          backchannel_logout_uri: `${tenureUrl}/auth/backchannel`,
          backchannel_logout_session_required: true,
        },
      ],
      claims: {
        openid: ['sub', 'sid', 'groups', 'realm_access', '_claim_names', '_claim_sources'],
        profile: ['name'],
        email: ['email', 'email_verified'],
      },
      // As most providers do: what the scopes stand for is in the ID token too.
      conformIdTokenClaims: false,
      findAccount: (_context: unknown, accountId: string) => ({
        accountId,
        claims: () => ({ sub: accountId, ...accounts.get(accountId) }) as never,
      }),
      // Its own refuses addresses of this machine.
      fetch: (input, { dispatcher: _, ...options }: RequestInit & { dispatcher?: unknown } = {}) =>
        fetch(input, options),
      cookies: { keys: ['a-cookie-key'] },
      jwks: { keys: [held.key] as never },
      features: {
        devInteractions: { enabled: false },
        backchannelLogout: { enabled: true },
        rpInitiatedLogout: { enabled: true },
      },
      interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
      pkce: { required: () => true },
      ttl: { AccessToken: 3600, Grant: 86_400, IdToken: 3600, Interaction: 600, Session: 86_400 },
    });
  };

  return {
    issuer,
    state,
    accounts,
    start,
    settings: {
      TENURE_OIDC_ISSUER: issuer,
      TENURE_OIDC_CLIENT_ID: CLIENT_ID,
      TENURE_OIDC_CLIENT_SECRET: CLIENT_SECRET,
    },
    /** Tells Tenure that somebody signed out here, as the provider does it. */
    signOut: async (subject: string, session: string) => {
      const found = (await known().Client.find(CLIENT_ID))!;
      await (found as unknown as { backchannelLogout: (sub: string, sid: string) => Promise<void> }).backchannelLogout(
        subject,
        session,
      );
    },
    /** Something that the provider signed with its present key. */
    sign: async (payload: JWTPayload, header: object = {}) =>
      new SignJWT(payload)
        .setProtectedHeader({ alg: 'RS256', kid: held.key!.kid!, typ: 'logout+jwt', ...header })
        .sign(await importJWK(held.key!, 'RS256')),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
};

export type OpenIdProvider = Awaited<ReturnType<typeof openIdProvider>>;
