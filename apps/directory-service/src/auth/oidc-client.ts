import { Rejected } from '@tenure/eventing';
import { createRemoteJWKSet, jwtVerify, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions } from 'jose';
import * as openid from 'openid-client';
import type { Claims } from './roles.ts';

export type OidcSettings = {
  issuer: string;
  clientId: string;
  clientSecret?: string | undefined;
  scopes: string;
  redirectUri: string;
};

/** What must come back unchanged. */
export type Checks = { state: string; nonce: string; verifier: string };

export type Identified = { issuer: string; subject: string; session?: string; idToken: string; claims: Claims };

const TIMEOUT_S = 10;
const DISCOVERED_FOR_MS = 3_600_000;
/** Between two looks at the provider's keys for one that isn't known: keys are rotated, and forged tokens name keys too. */
const KEYS_AGAIN_MS = 1000;
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** OpenID Connect Back-Channel Logout 1.0 §2.6: not too long ago; clocks differ. */
const LOGOUT_AGE_S = 300;
const CLOCK_TOLERANCE_S = 60;
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

const unavailable = (issuer: string) =>
  new Rejected(
    'unavailable',
    'sign-in/provider-unavailable',
    `The OpenID provider ${issuer} can't be reached or gave no proper answer. Try again in a moment.`,
  );

const failed = () =>
  new Rejected(
    'unprocessable',
    'sign-in/failed',
    'The answer of the OpenID provider is not valid for this sign-in. Start again.',
  );

/** Tenure as a client of the one OpenID provider (OpenID Connect Core 1.0, authorization code with PKCE). */
export const oidcClient = (settings: OidcSettings, onFailure: (error: unknown) => void) => {
  const { issuer, clientId, clientSecret, scopes, redirectUri } = settings;
  let known: { config: Promise<openid.Configuration>; keys?: JWTVerifyGetKey; until: number } | undefined;

  const discover = (): Promise<openid.Configuration> => {
    const url = new URL(issuer);
    const auth = clientSecret === undefined ? openid.None() : openid.ClientSecretPost(clientSecret);
    return openid.discovery(url, clientId, clientSecret, auth, {
      timeout: TIMEOUT_S,
      // The configuration refuses plain http anywhere but on this machine.
      ...(url.protocol === 'http:' && { execute: [openid.allowInsecureRequests] }),
    });
  };

  const provider = async () => {
    if (!known || known.until < Date.now()) known = { config: discover(), until: Date.now() + DISCOVERED_FOR_MS };
    const asked = known;
    try {
      const config = await asked.config;
      const { jwks_uri: keysUrl } = config.serverMetadata();
      if (keysUrl === undefined) throw new Error('The provider names no jwks_uri.');
      asked.keys ??= createRemoteJWKSet(new URL(keysUrl), {
        cooldownDuration: KEYS_AGAIN_MS,
        timeoutDuration: TIMEOUT_S * 1000,
      });
      return { config, keys: asked.keys };
    } catch (error) {
      if (known === asked) known = undefined;
      onFailure(error);
      throw unavailable(issuer);
    }
  };

  const verified = async (token: string, keys: JWTVerifyGetKey, more: JWTVerifyOptions): Promise<JWTPayload> => {
    const options = { issuer, audience: clientId, algorithms: ALGORITHMS, clockTolerance: CLOCK_TOLERANCE_S, ...more };
    return (await jwtVerify(token, keys, options)).payload;
  };

  return {
    issuer,

    newChecks: (): Checks => ({
      state: openid.randomState(),
      nonce: openid.randomNonce(),
      verifier: openid.randomPKCECodeVerifier(),
    }),

    authorizationUrl: async ({ state, nonce, verifier }: Checks): Promise<URL> => {
      const { config } = await provider();
      return openid.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: scopes,
        state,
        nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
    },

    /** Who came back with this answer. Throws `Rejected`, with words for the person who wanted to sign in. */
    identify: async (answer: URLSearchParams, { state, nonce, verifier }: Checks): Promise<Identified> => {
      const { config, keys } = await provider();
      const url = new URL(redirectUri);
      url.search = answer.toString();
      try {
        const tokens = await openid.authorizationCodeGrant(config, url, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const idToken = tokens.id_token!;
        // It came over TLS, but from whom is better proved twice.
        const claims = await verified(idToken, keys, {});
        const { sub, sid } = claims;
        if (typeof sub !== 'string') throw new Error('The ID token has no sub.');
        return { issuer, subject: sub, ...(typeof sid === 'string' && { session: sid }), idToken, claims };
      } catch (error) {
        onFailure(error);
        throw failed();
      }
    },

    /** OpenID Connect Back-Channel Logout 1.0 §2.6. Throws where the token isn't to be believed. */
    logoutToken: async (token: string): Promise<{ jti: string; subject?: string; session?: string }> => {
      const { keys } = await provider();
      const { jti, sub, sid, events, nonce, exp } = await verified(token, keys, {
        maxTokenAge: LOGOUT_AGE_S,
        requiredClaims: ['iat', 'jti', 'events'],
      });
      const event = (events as Record<string, unknown> | null)?.[LOGOUT_EVENT];
      if (typeof event !== 'object' || event === null) throw new Error('It tells of no logout.');
      if (nonce !== undefined) throw new Error('It has a nonce, so it is an ID token.');
      if (typeof jti !== 'string' || exp === undefined) throw new Error('It has no jti or no exp.');
      const [subject, session] = [sub, sid].map((value) => (typeof value === 'string' ? value : undefined));
      if (subject === undefined && session === undefined) throw new Error('It says whose neither by sub nor by sid.');
      return { jti, ...(subject !== undefined && { subject }), ...(session !== undefined && { session }) };
    },

    /** Where the provider ends its own session; undefined where it has no such place, or can't be asked. */
    endSessionEndpoint: async (): Promise<string | undefined> => {
      const { config } = await provider().catch(() => ({ config: undefined }));
      return config?.serverMetadata().end_session_endpoint;
    },
    clientId,
  };
};

export type OidcClient = ReturnType<typeof oidcClient>;
