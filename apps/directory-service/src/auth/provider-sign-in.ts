import { createHash } from 'node:crypto';
import { EnrolAdmin } from '@tenure/contracts';
import { isConsumerMail, type DirectoryQueries, type Sessions } from '@tenure/directory';
import type { Database } from '@tenure/database';
import { Rejected, storableText } from '@tenure/eventing';
import { cookieOf, setCookie, type DirectoryClient } from '@tenure/platform';
import type { SecretBox, TokenHashing } from '@tenure/sealing';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Auth } from './auth-api.ts';
import { localPath } from './local-path.ts';
import type { Checks, Identified, OidcClient } from './oidc-client.ts';
import { roleIn, type FoundRole, type RoleMap } from './roles.ts';

export const PROVIDER = Symbol('provider');

export type ProviderDeps = {
  auth: Auth;
  /** Absent where none is configured. */
  client?: OidcClient | undefined;
  rolesClaim: string;
  roles: RoleMap;
  database: Database;
  sessions: Sessions;
  queries: Pick<DirectoryQueries, 'users' | 'tenants'>;
  commands: DirectoryClient;
  hashing: Pick<TokenHashing, 'tokenHmac'>;
  box: SecretBox;
};

const COOKIE = '__Host-tenure-sign-in';
const COOKIE_S = 300;
const USED_FOR_MS = 3_600_000;

type Begun = Checks & { returnTo: string; tenantId?: string; until: number };

/** Nobody gets in: what the provider said doesn't stand for any role. */
export class NoRole extends Rejected {
  constructor(
    readonly claim: string,
    readonly found: Extract<FoundRole, { kind: 'none' }>,
  ) {
    super('forbidden', 'sign-in/no-role', 'The OpenID provider gave you no role in Tenure.');
  }
}

const textIn = (value: unknown, most: number): string | null =>
  typeof value === 'string' && value !== '' ? storableText(value).slice(0, most) : null;

/** Sign-in through the OpenID provider (R110): admins are known by issuer and subject, their roles are read anew each time. */
export const providerSignIn = (deps: ProviderDeps) => {
  const { auth, rolesClaim, roles, database, sessions, queries, commands, box } = deps;

  const client = (): OidcClient => {
    if (deps.client) return deps.client;
    throw new Rejected(
      'not-found',
      'sign-in/no-provider',
      'No OpenID provider is configured. Set TENURE_OIDC_ISSUER, or sign in with a key.',
    );
  };

  /** Random to everybody who doesn't have our secrets, and always the same for one person in one tenant. */
  const adminIdOf = (tenantId: string, { issuer, subject }: Identified): string => {
    const hmac = deps.hashing.tokenHmac(JSON.stringify(['admin', tenantId, issuer, subject]));
    const hex = createHash('sha256').update(hmac).digest('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-9${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  };

  const useOnce = async (id: string): Promise<boolean> => {
    const until = new Date(Date.now() + USED_FOR_MS).toISOString();
    const used = await database.query({
      text: 'insert into sign_in.used_tokens (id, expires_at) values ($1, $2) on conflict do nothing returning 1',
      values: [deps.hashing.tokenHmac(id), until],
    });
    return used.length === 1;
  };

  /** What was begun in this browser, taken so that it is finished once. */
  const takeBegun = async (request: FastifyRequest, reply: FastifyReply): Promise<Begun> => {
    const cookie = cookieOf(request, COOKIE);
    reply.header('set-cookie', setCookie(COOKIE, '', 0));
    const begun = cookie === undefined ? undefined : openOrNot(cookie);
    if (!begun || begun.until < Date.now() || !(await useOnce(`state ${begun.state}`)))
      throw new Rejected(
        'unprocessable',
        'sign-in/not-begun',
        'This sign-in was not begun in this browser, was finished already, or took longer than five minutes. Start again.',
      );
    return begun;
  };

  const openOrNot = (cookie: string): Begun | undefined => {
    try {
      return box.open(cookie, ['sign-in']) as Begun;
    } catch {
      return undefined;
    }
  };

  /** The directory user with the address, where the provider vouches for it; the admin's own id where there is none. */
  const userOf = async (tenantId: string, adminId: string, { claims }: Identified): Promise<string> => {
    if (claims['email_verified'] !== true || typeof claims['email'] !== 'string') return adminId;
    const user = await queries.users.findByName(tenantId, claims['email']);
    if (user && !user.active)
      throw new Rejected('forbidden', 'auth/deactivated', 'This account is deactivated or was removed.');
    return user?.id ?? adminId;
  };

  const admit = async (request: FastifyRequest, reply: FastifyReply, who: Identified, tenantId?: string) => {
    const found = roleIn(who.claims, rolesClaim, roles, tenantId);
    if (found.kind === 'none') {
      // Whoever has no role any more keeps no session that had one.
      if (tenantId === undefined) await auth.end(request, { issuer: who.issuer, subject: who.subject }, 'role-lost');
      throw new NoRole(rolesClaim, found);
    }
    const { role } = found;
    await queries.tenants.get(found.tenantId);
    const adminId = adminIdOf(found.tenantId, who);
    const userId = await userOf(found.tenantId, adminId, who);
    const email = textIn(who.claims['email'], 254) ?? textIn(who.claims['preferred_username'], 254);
    const consumerMail = email !== null && isConsumerMail(email);
    const caller = auth.callerFor(request, found.tenantId, { kind: 'admin', id: adminId });
    await commands.send(EnrolAdmin, caller, adminId, { userId, role, issuer: who.issuer, consumerMail });
    const isUser = userId !== adminId;
    await database.query({
      text: `insert into sign_in.identities (tenant_id, admin_id, name, email, last_sign_in_at) values ($1, $2, $3, $4, now())
             on conflict (tenant_id, admin_id) do update set name = excluded.name, email = excluded.email, last_sign_in_at = now()`,
      values: [found.tenantId, adminId, isUser ? null : textIn(who.claims['name'], 200), isUser ? null : email],
    });
    const { issuer, subject, session, idToken } = who;
    await auth.signIn(request, reply, {
      tenantId: found.tenantId,
      adminId,
      role,
      consumerMail,
      method: 'provider',
      provider: { issuer, subject, idToken, ...(session !== undefined && { session }) },
    });
  };

  return {
    isConfigured: deps.client !== undefined,

    /** Where the browser is to go; what must come back is kept there, sealed. */
    begin: async (reply: FastifyReply, returnTo: string | undefined, tenantId: string | undefined): Promise<URL> => {
      const checks = client().newChecks();
      const url = await client().authorizationUrl(checks);
      const begun: Begun = {
        ...checks,
        returnTo: localPath(returnTo),
        ...(tenantId !== undefined && { tenantId }),
        until: Date.now() + COOKIE_S * 1000,
      };
      reply.header('set-cookie', setCookie(COOKIE, box.seal(begun, ['sign-in']), COOKIE_S));
      return url;
    },

    /** Signs in whoever came back, and answers where they wanted to go. */
    finish: async (request: FastifyRequest, reply: FastifyReply, answer: URLSearchParams): Promise<string> => {
      const oidc = client();
      const begun = await takeBegun(request, reply);
      const refused = answer.get('error');
      if (refused !== null && answer.get('state') === begun.state)
        throw new Rejected(
          'unprocessable',
          'sign-in/refused',
          `The OpenID provider refused: ${(answer.get('error_description') ?? refused).slice(0, 300)}`,
        );
      await admit(request, reply, await oidc.identify(answer, begun), begun.tenantId);
      return begun.returnTo;
    },

    /** Ends the sessions that a logout token of the provider names. Throws where it isn't to be believed, or was used already. */
    backchannel: async (request: FastifyRequest, token: string): Promise<number> => {
      const oidc = client();
      const { jti, subject, session } = await oidc.logoutToken(token);
      if (!(await useOnce(`logout ${oidc.issuer} ${jti}`))) throw new Error('It was used already.');
      const which = {
        issuer: oidc.issuer,
        ...(subject !== undefined && { subject }),
        ...(session !== undefined && { providerSession: session }),
      };
      return (await auth.end(request, which, 'provider')).length;
    },

    endSessionEndpoint: async (): Promise<string | undefined> => deps.client?.endSessionEndpoint(),

    /** Where to be signed out at the provider too, for a session that it started. */
    logoutUrl: async (sessionId: string): Promise<string | undefined> => {
      const endpoint = await deps.client?.endSessionEndpoint();
      const idToken = endpoint === undefined ? undefined : await sessions.idTokenOf(sessionId);
      if (endpoint === undefined || idToken === undefined || auth.publicUrl === undefined) return undefined;
      const url = new URL(endpoint);
      url.searchParams.set('id_token_hint', idToken);
      url.searchParams.set('client_id', client().clientId);
      url.searchParams.set('post_logout_redirect_uri', `${auth.publicUrl}/auth`);
      return url.href;
    },
  };
};

export type ProviderSignIn = ReturnType<typeof providerSignIn>;
