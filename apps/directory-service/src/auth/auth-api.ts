import { RecordSignIn, RecordSignOut, type SignOutReason } from '@tenure/contracts';
import type { Sessions, SessionsOf, SignedInAs, SignInLinks, SignInThrottle } from '@tenure/directory';
import { Rejected, type Actor, type Caller } from '@tenure/eventing';
import {
  originOf,
  refuseForeignOrigin,
  sessionCookieOf,
  setCookie,
  SESSION_COOKIE,
  type DirectoryClient,
  type Sessions as OpenSessions,
} from '@tenure/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';

export type AuthDeps = {
  sessions: Sessions;
  open: OpenSessions;
  links: SignInLinks;
  throttle: SignInThrottle;
  commands: DirectoryClient;
  publicUrl?: string | undefined;
  onAttempt: (method: string, outcome: string) => void;
  rootKey?: string | undefined;
};

const isLoopback = (host: string) => /^(localhost|[\w-]+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host);

/** What all ways to sign in have in common: when they are refused, what they start, and how they end. */
export const openAuth = ({ sessions, open, links, throttle, commands, publicUrl, onAttempt, rootKey }: AuthDeps) => {
  const callerFor = (request: FastifyRequest, tenantId: string, actor: Actor): Caller => ({
    tenantId,
    actor,
    correlationId: String(request.id),
  });

  /** The session of the browser that asks, if it has one that is open. */
  const current = async (request: FastifyRequest) => {
    const token = sessionCookieOf(request);
    return token === undefined ? undefined : open.find(token);
  };

  const end = async (request: FastifyRequest, which: SessionsOf, because: SignOutReason) => {
    const ended = await sessions.end(which);
    for (const { id, tenantId, adminId, keyId } of ended) {
      if (tenantId === null) continue;
      const actor: Actor =
        because === 'provider' || because === 'role-lost'
          ? { kind: 'system', id: 'directory-service' }
          : adminId === null
            ? { kind: 'key', id: keyId! }
            : { kind: 'admin', id: adminId };
      commands.emit(RecordSignOut, callerFor(request, tenantId, actor), id, { because });
    }
    return ended;
  };

  return {
    publicUrl,
    links,
    current,
    end,
    callerFor,
    origin: (request: FastifyRequest) => originOf(request, publicUrl),

    /** Before anything that signs in: from our own page, over https or on this machine, and not too often. Counts how it went. */
    attempt: async <T>(
      request: FastifyRequest,
      method: string,
      work: () => Promise<T>,
      { foreign = false } = {},
    ): Promise<T> => {
      try {
        await throttle.admit(request.ip);
        const { protocol, hostname } = new URL(originOf(request, publicUrl));
        if (protocol !== 'https:' && !isLoopback(hostname))
          throw new Rejected(
            'forbidden',
            'auth/insecure',
            'Signing in needs https, or http://localhost on this machine. Set TENURE_PUBLIC_URL to the https address.',
          );
        if (!foreign) refuseForeignOrigin(request, publicUrl);
        const done = await work();
        onAttempt(method, 'done');
        return done;
      } catch (error) {
        onAttempt(method, error instanceof Rejected && error.kind === 'too-many' ? 'throttled' : 'refused');
        throw error;
      }
    },

    /** Starts a session with a new id, whatever the browser had, and has the browser keep it. */
    signIn: async (request: FastifyRequest, reply: FastifyReply, who: SignedInAs & { role?: string }) => {
      const before = await current(request);
      if (before) await end(request, { id: before.id }, 'signed-in-again');
      const { id, token } = await sessions.start(who.tenantId === null ? { ...who, rootKey } : who);
      const opened = await open.find(token);
      if (!opened) throw new Rejected('forbidden', 'auth/deactivated', 'This account is deactivated or was removed.');
      if (who.tenantId !== null && opened.role !== 'root') {
        const { adminId = null, keyId = null, method } = who;
        const actor: Actor = adminId === null ? { kind: 'key', id: keyId! } : { kind: 'admin', id: adminId };
        await commands.send(RecordSignIn, callerFor(request, who.tenantId, actor), id, {
          adminId,
          keyId,
          role: opened.role,
          method,
        });
      }
      reply.header('set-cookie', setCookie(SESSION_COOKIE, token));
      return opened;
    },
  };
};

export type Auth = ReturnType<typeof openAuth>;
export const AUTH = Symbol('auth');
