import type { Failure } from '@tenure/provisioning/connector';
import { oauthClient, type OAuthClientSettings } from '../oauth/oauth-client.ts';
import type { Targets } from '../targets/targets.ts';

/** How Tenure signs in to an app (R25). `grant`: an admin granted access on the app's own page (R97); else client credentials. */
export type AppCredential =
  | { kind: 'bearer'; token: string }
  | { kind: 'basic'; username: string; password: string }
  | ({ kind: 'oauth2'; grant?: 'authorization_code' } & OAuthClientSettings);

/** Access tokens that an admin granted, kept and renewed by whoever holds the grant. */
export type GrantedTokens = {
  /** `renew`: the last one wasn't accepted. */
  accessToken: (options: {
    renew: boolean;
  }) => Promise<{ kind: 'ok'; token: string } | { kind: 'failed'; failure: Failure }>;
};

/** What must never be shown of a credential. */
export const secretsIn = (credential: AppCredential): string[] => {
  switch (credential.kind) {
    case 'bearer':
      return [credential.token];
    case 'basic':
      return [credential.password, `${credential.username}:${credential.password}`];
    case 'oauth2':
      return [credential.clientSecret ?? '', credential.privateKey ?? ''];
  }
};

export type Authorized = { kind: 'ok'; header: string } | { kind: 'failed'; failure: Failure };

export type Authorization = {
  header: () => Promise<Authorized>;
  /** The header was not accepted: whether another one can be had by asking anew. */
  renew: () => boolean;
};

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

export const authorization = (
  credential: AppCredential,
  targets: Targets,
  timeoutMs: number,
  granted?: GrantedTokens,
): Authorization => {
  switch (credential.kind) {
    case 'bearer':
      return fixed(`Bearer ${credential.token}`);
    case 'basic':
      return fixed(basic(credential.username, credential.password));
    case 'oauth2':
      if (credential.grant === undefined) return clientCredentials(credential, targets, timeoutMs);
      return granted ? byGrant(granted) : notGranted;
  }
};

const fixed = (header: string): Authorization => ({ header: async () => ({ kind: 'ok', header }), renew: () => false });

const notGranted: Authorization = {
  header: async () => ({
    kind: 'failed',
    failure: { kind: 'unauthorized', reason: 'Access to the app was not granted yet.' },
  }),
  renew: () => false,
};

const byGrant = (granted: GrantedTokens): Authorization => {
  let refused = false;
  return {
    header: async () => {
      const found = await granted.accessToken({ renew: refused });
      refused = false;
      return found.kind === 'ok' ? { kind: 'ok', header: `Bearer ${found.token}` } : found;
    },
    renew: () => (refused = true),
  };
};

/** A token is given up this long before it ends, so that it does not end on the way. */
const EARLY_MS = 30_000;

/** RFC 6749 §4.4. The token is kept until it expires; callers at the same time share one request for it. */
const clientCredentials = (settings: OAuthClientSettings, targets: Targets, timeoutMs: number): Authorization => {
  const client = oauthClient(settings, targets, timeoutMs);
  let token: { header: string; until: number } | undefined;
  let asking: Promise<Authorized> | undefined;

  const ask = async (): Promise<Authorized> => {
    const answer = await client.clientCredentials();
    if (answer.kind === 'failed') return answer;
    const { accessToken, expiresAt } = answer.tokens;
    token = { header: `Bearer ${accessToken}`, until: expiresAt - EARLY_MS };
    return { kind: 'ok', header: token.header };
  };

  return {
    header: async () => {
      if (token && token.until > Date.now()) return { kind: 'ok', header: token.header };
      return (asking ??= ask().finally(() => (asking = undefined)));
    },
    renew: () => {
      token = undefined;
      return true;
    },
  };
};
