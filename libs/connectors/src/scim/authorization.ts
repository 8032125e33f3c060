import type { Failure } from '@tenure/provisioning/connector';
import { redacting } from '../redaction/redact.ts';
import type { Targets } from '../targets/targets.ts';
import { exchange } from './exchange.ts';
import { failureOf } from './outcome.ts';

/** How Tenure signs in to an app (R25). */
export type AppCredential =
  | { kind: 'bearer'; token: string }
  | { kind: 'basic'; username: string; password: string }
  | { kind: 'oauth2'; tokenUrl: string; clientId: string; clientSecret: string; scope?: string };

/** What must never be shown of a credential. */
export const secretsIn = (credential: AppCredential): string[] => {
  switch (credential.kind) {
    case 'bearer':
      return [credential.token];
    case 'basic':
      return [credential.password, `${credential.username}:${credential.password}`];
    case 'oauth2':
      return [credential.clientSecret];
  }
};

export type Authorized = { kind: 'ok'; header: string } | { kind: 'failed'; failure: Failure };

export type Authorization = {
  header: () => Promise<Authorized>;
  /** The header was not accepted: whether another one can be had by asking anew. */
  renew: () => boolean;
};

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

export const authorization = (credential: AppCredential, targets: Targets, timeoutMs: number): Authorization => {
  switch (credential.kind) {
    case 'bearer':
      return fixed(`Bearer ${credential.token}`);
    case 'basic':
      return fixed(basic(credential.username, credential.password));
    case 'oauth2':
      return clientCredentials(credential, targets, timeoutMs);
  }
};

const fixed = (header: string): Authorization => ({ header: async () => ({ kind: 'ok', header }), renew: () => false });

/** A token is given up this long before it ends, so that it does not end on the way. */
const EARLY_MS = 30_000;
/** RFC 6749 §5.1 only recommends `expires_in`. */
const ASSUMED_LIFE_MS = 300_000;

/** RFC 6749 §4.4. The token is kept until it expires; callers at the same time share one request for it. */
const clientCredentials = (
  credential: Extract<AppCredential, { kind: 'oauth2' }>,
  targets: Targets,
  timeoutMs: number,
): Authorization => {
  let token: { header: string; until: number } | undefined;
  let asking: Promise<Authorized> | undefined;

  const ask = async (): Promise<Authorized> => {
    const { tokenUrl, clientId, clientSecret, scope } = credential;
    const answer = await exchange(
      targets,
      {
        method: 'POST',
        url: new URL(tokenUrl),
        // RFC 6749 §2.3.1: both parts form-encoded before they are joined.
        headers: {
          authorization: basic(encodeURIComponent(clientId), encodeURIComponent(clientSecret)),
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          ...(scope !== undefined && { scope }),
        }).toString(),
      },
      timeoutMs,
    );
    if (answer.kind === 'none')
      return { kind: 'failed', failure: { kind: 'unavailable', reason: `Token endpoint: ${answer.reason}` } };
    const { status, body } = answer;
    const accessToken = body?.access_token;
    if (status === 200 && typeof accessToken === 'string') {
      const life = typeof body?.expires_in === 'number' ? body.expires_in * 1000 : ASSUMED_LIFE_MS;
      token = { header: `Bearer ${accessToken}`, until: Date.now() + Math.max(0, life - EARLY_MS) };
      return { kind: 'ok', header: token.header };
    }
    const failure = failureOf(answer, redacting(secretsIn(credential)));
    const reason = `Token endpoint: ${failure.reason}`;
    // §5.2, and an address that is none: only new credentials help. It is never the app's own refusal, such as 404 for an account.
    return {
      kind: 'failed',
      failure:
        failure.kind === 'throttled' || failure.kind === 'unavailable'
          ? { ...failure, reason }
          : { kind: 'unauthorized', reason },
    };
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
