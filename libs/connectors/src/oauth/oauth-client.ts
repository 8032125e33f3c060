import type { Failure } from '@tenure/provisioning/connector';
import { isObject } from '@tenure/scim';
import * as openid from 'openid-client';
import { fetch as guardedFetch, type RequestInit } from 'undici';
import { redacting } from '../redaction/redact.ts';
import { reasonIn } from '../scim/outcome.ts';
import type { Targets } from '../targets/targets.ts';

/** How Tenure authenticates itself at a token endpoint (RFC 6749 §2.3, RFC 7523). */
export type ClientMethod = 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none';

/** Tenure as a client of an app's authorization server. */
export type OAuthClientSettings = {
  tokenUrl: string;
  clientId: string;
  clientSecret?: string;
  /** PEM of a PKCS #8 key, for `private_key_jwt`. */
  privateKey?: string;
  method?: ClientMethod;
  scope?: string;
  /** Some servers want to know for which API a token is meant. */
  audience?: string;
  /** RFC 8707. */
  resource?: string;
  authorizationUrl?: string;
  revocationUrl?: string;
  issuer?: string;
};

export type Tokens = { accessToken: string; refreshToken?: string; expiresAt: number };
export type Granted = { kind: 'ok'; tokens: Tokens } | { kind: 'failed'; failure: Failure };

export type OAuthClient = {
  /** RFC 6749 §4.4. */
  clientCredentials: () => Promise<Granted>;
  /** Where an admin grants access (RFC 6749 §4.1, RFC 7636). */
  authorizationUrl: (request: { redirectUri: string; state: string; verifier: string }) => Promise<URL>;
  /** `callback`: the whole URL that the admin came back to. */
  exchangeCode: (callback: URL, checks: { redirectUri: string; state: string; verifier: string }) => Promise<Granted>;
  /** RFC 6749 §6. `unknown` in a failure: the token may have been used up. */
  refresh: (refreshToken: string) => Promise<Granted>;
  /** RFC 7009; what fails is not tried again. */
  revoke: (token: string) => Promise<void>;
};

/** RFC 6749 §5.1 only recommends `expires_in`. */
const ASSUMED_LIFE_S = 300;
const LARGEST_ANSWER = 256 * 1024;

type Seen = { status: number; text: string };

/**
 * RFC 6749 §2.3.1 has both parts form-encoded. The library also encodes what needs no encoding, such as `-`, and servers that compare
 * without decoding, of which there are many, would refuse that.
 */
const basicAuth =
  (clientSecret: string): openid.ClientAuth =>
  (_server, { client_id: clientId }, _body, headers) => {
    const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
    headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`);
  };

const clientAuth = async ({ method, clientSecret, privateKey }: OAuthClientSettings): Promise<openid.ClientAuth> => {
  switch (method ?? 'client_secret_basic') {
    case 'client_secret_basic':
      return basicAuth(clientSecret ?? '');
    case 'client_secret_post':
      return openid.ClientSecretPost(clientSecret);
    case 'private_key_jwt':
      return openid.PrivateKeyJwt(await signingKey(privateKey ?? ''));
    case 'none':
      return openid.None();
  }
};

const ALGORITHMS = [
  { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  { name: 'ECDSA', namedCurve: 'P-256' },
  { name: 'Ed25519' },
] as const;

/** The key in whichever algorithm it is of: RS256, ES256 or EdDSA. Throws when it is of none. */
export const signingKey = async (pem: string): Promise<openid.CryptoKey> => {
  const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  for (const algorithm of ALGORITHMS) {
    const key = await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']).catch(() => undefined);
    if (key) return key as openid.CryptoKey;
  }
  throw new Error('The private key is not a PKCS #8 key for RS256, ES256 or EdDSA.');
};

/** Speaks to an app's authorization server, through the guard that all calls to apps go through. */
export const oauthClient = (settings: OAuthClientSettings, targets: Targets, timeoutMs: number): OAuthClient => {
  const { tokenUrl, clientId, clientSecret, privateKey, scope, audience, resource } = settings;
  const secrets = [clientSecret ?? '', privateKey ?? ''];

  /** A configuration of its own for each call, which notes what came back, so that a failure can be told in the server's words. */
  const prepare = async (more: string[] = [], issuer?: string) => {
    let seen: Seen | undefined;
    const config = new openid.Configuration(
      {
        issuer: issuer ?? settings.issuer ?? new URL(settings.authorizationUrl ?? tokenUrl).origin,
        token_endpoint: tokenUrl,
        ...(settings.authorizationUrl !== undefined && { authorization_endpoint: settings.authorizationUrl }),
        ...(settings.revocationUrl !== undefined && { revocation_endpoint: settings.revocationUrl }),
      },
      clientId,
      undefined,
      await clientAuth(settings),
    );
    // Plain http is the guard's to allow: for hosts that are listed, such as one's own in a test.
    openid.allowInsecureRequests(config);
    config.timeout = Math.max(1, Math.ceil(timeoutMs / 1000));
    config[openid.customFetch] = async (url, options) => {
      const init = { ...options, redirect: 'manual', dispatcher: targets.dispatcher } as unknown as RequestInit;
      const response = await guardedFetch(url, init);
      const text = (await response.text()).slice(0, LARGEST_ANSWER);
      seen = { status: response.status, text };
      return new Response(withoutIdToken(text), {
        status: response.status,
        headers: Object.fromEntries(response.headers),
      });
    };
    const redact = redacting([...secrets, ...more]);
    const failed = (error: unknown, isUsedUp: boolean): Granted => {
      if (!seen) {
        const code = codeOf(error);
        const reason = `Token endpoint: ${code === 'FORBIDDEN_TARGET' ? messageOf(error) : `it could not be reached${code === undefined ? '' : ` (${code})`}.`}`;
        return { kind: 'failed', failure: { kind: isUsedUp ? 'unknown' : 'unavailable', reason } };
      }
      const { status, text } = seen;
      const said = reasonIn({ kind: 'answer', status, text, body: jsonIn(text), headers: {} }, redact);
      const reason = `Token endpoint: ${status === 200 ? redact.reason(messageOf(error)) : said}`;
      if (status === 429) return { kind: 'failed', failure: { kind: 'throttled', reason } };
      // RFC 6749 §5.2, and an address that is none: only new credentials help.
      return {
        kind: 'failed',
        failure: { kind: status === 408 || status >= 500 ? 'unavailable' : 'unauthorized', reason },
      };
    };
    return { config, failed };
  };

  const extras = (): Record<string, string> => ({
    ...(scope !== undefined && { scope }),
    ...(audience !== undefined && { audience }),
    ...(resource !== undefined && { resource }),
  });

  const granted = (response: openid.TokenEndpointResponse, before?: string): Granted => {
    const refreshToken = response.refresh_token ?? before;
    const life = typeof response.expires_in === 'number' ? response.expires_in : ASSUMED_LIFE_S;
    return {
      kind: 'ok',
      tokens: {
        accessToken: response.access_token,
        ...(refreshToken !== undefined && { refreshToken }),
        expiresAt: Date.now() + life * 1000,
      },
    };
  };

  return {
    clientCredentials: async () => {
      const { config, failed } = await prepare();
      return openid.clientCredentialsGrant(config, extras()).then(
        (response) => granted(response),
        (error: unknown) => failed(error, false),
      );
    },
    authorizationUrl: async ({ redirectUri, state, verifier }) => {
      const { config } = await prepare();
      return openid.buildAuthorizationUrl(config, {
        ...extras(),
        redirect_uri: redirectUri,
        state,
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
    },
    exchangeCode: async (callback, { redirectUri, state, verifier }) => {
      const iss = callback.searchParams.get('iss') ?? undefined;
      // RFC 9207: a server that names itself must be the one that was asked.
      const isTheOne =
        iss === undefined ||
        (settings.issuer === undefined
          ? URL.canParse(iss) && new URL(iss).origin === new URL(settings.authorizationUrl ?? tokenUrl).origin
          : iss === settings.issuer);
      if (!isTheOne)
        return {
          kind: 'failed',
          failure: {
            kind: 'unauthorized',
            reason: 'Another authorization server answered than the one that was asked.',
          },
        };
      const { config, failed } = await prepare([verifier], iss);
      const url = new URL(redirectUri);
      url.search = callback.search;
      return openid
        .authorizationCodeGrant(
          config,
          url,
          { expectedState: state, pkceCodeVerifier: verifier },
          resource === undefined ? undefined : { resource },
        )
        .then(
          (response) => granted(response),
          (error: unknown) => failed(error, false),
        );
    },
    refresh: async (refreshToken) => {
      const { config, failed } = await prepare([refreshToken]);
      return openid.refreshTokenGrant(config, refreshToken, resource === undefined ? undefined : { resource }).then(
        (response) => granted(response, refreshToken),
        (error: unknown) => failed(error, true),
      );
    },
    revoke: async (token) => {
      if (settings.revocationUrl === undefined) return;
      const { config } = await prepare([token]);
      await openid.tokenRevocation(config, token).catch(() => undefined);
    },
  };
};

/** Only access is wanted; who the admin is there is nobody's business here, and would have to be verified. */
const withoutIdToken = (text: string): string => {
  const body = jsonIn(text);
  if (!body || !('id_token' in body)) return text;
  const { id_token: _, ...rest } = body;
  return JSON.stringify(rest);
};

const jsonIn = (text: string) => {
  try {
    const json: unknown = JSON.parse(text);
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The system's word for what went wrong, wherever in the chain of causes it is. */
const codeOf = (error: unknown): string | undefined => {
  for (let each: unknown = error, depth = 0; each instanceof Error && depth < 5; each = each.cause, depth++) {
    const { code } = each as { code?: unknown };
    if (typeof code === 'string' && /^(E[A-Z]+|FORBIDDEN_TARGET|UND_ERR_\w+)$/.test(code)) return code;
  }
  return undefined;
};
