import { createHash, timingSafeEqual } from 'node:crypto';
import { UnauthorizedException } from '@nestjs/common';
import { Rejected } from '@tenure/eventing';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refuseCrossSite } from './cross-site.ts';
import { settingsOf, type Role } from './route-settings.ts';
import { sessionCookieOf } from './session-cookie.ts';

/**
 * An admin's key, a machine's, or a machine's that acts for an admin. `consumerMail`: the address of who holds or made it is of a consumer
 * mail domain, and so may not configure apps (R6).
 */
export type AdminKey = {
  tenantId: string;
  adminId?: string;
  keyId?: string;
  role: Exclude<Role, 'root'>;
  consumerMail: boolean;
};

/** Where keys are looked up; each service asks the database, so that a deleted key is refused at once. */
export type AdminKeys = { find: (key: string) => Promise<AdminKey | 'expired' | undefined> };

/** Where the sessions of browsers are looked up, as keys are; what has ended is not found. */
export type Sessions = { find: (token: string) => Promise<OpenSession | undefined> };
export type OpenSession = { id: string; role: Role; key?: AdminKey };

/** Says who sends a request, before its body is read; throws where nobody may. Guards ask again and get the same answer. */
export type Authenticate<Identity = unknown> = (request: FastifyRequest, reply: FastifyReply) => Promise<Identity>;

/** By what a route needs: a key unless it needs the token of a connection. */
export type Authenticators = { key: Authenticate; connection?: Authenticate | undefined };

/** Looks who it is up once for each request. */
export const oncePerRequest = <Identity>(authenticate: Authenticate<Identity>): Authenticate<Identity> => {
  const known = new WeakMap<FastifyRequest, Promise<Identity>>();
  return (request, reply) => {
    const found = known.get(request) ?? authenticate(request, reply);
    known.set(request, found);
    return found;
  };
};

export const authenticateRequest = async (
  { key, connection }: Authenticators,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> => {
  const { needs } = settingsOf(request);
  if (needs === 'public') return;
  if (needs !== 'connection' && needs !== 'discovery') return void (await key(request, reply));
  if (!connection) throw new Error('This service has no connections.');
  await connection(request, reply);
};

/** Who asks something of the JSON APIs: the holder of a key, or of a session of a browser. */
export type KeyHolder = { role: Role; key?: AdminKey; sessionId?: string };

export type KeyAuthentication = {
  rootKey?: string | undefined;
  keys: AdminKeys;
  sessions: Sessions;
  /** Where browsers reach the system; without it, where the request says that it was sent. */
  publicUrl?: string | undefined;
};

/** Who holds a key's text. Throws where nobody does, or it has expired. */
export const keyHolders = ({ rootKey, keys }: Pick<KeyAuthentication, 'rootKey' | 'keys'>) => {
  const rootDigest = rootKey === undefined ? undefined : digest(rootKey);
  return async (text: string): Promise<KeyHolder> => {
    if (rootDigest && timingSafeEqual(digest(text), rootDigest)) return { role: 'root' };
    const key = await keys.find(text);
    if (key === 'expired')
      throw new Rejected('unauthenticated', 'key/expired', 'The key has expired. Ask for a new one.');
    if (!key) throw new UnauthorizedException('The key is unknown or was deleted.');
    return { role: key.role, key };
  };
};

export const keyAuthentication = (options: KeyAuthentication): Authenticate<KeyHolder> => {
  const holderOf = keyHolders(options);
  return oncePerRequest(async (request) => {
    const { authorization } = request.headers;
    const text = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
    if (text !== undefined) return holderOf(text);
    const cookie = authorization === undefined ? sessionCookieOf(request) : undefined;
    if (cookie === undefined) throw new UnauthorizedException('Send a key: Authorization: Bearer KEY.');
    refuseCrossSite(request, options.publicUrl);
    const session = await options.sessions.find(cookie);
    if (!session) throw new Rejected('unauthenticated', 'session/ended', 'The session has ended. Sign in again.');
    const { id, role, key } = session;
    return { role, ...(key && { key }), sessionId: id };
  });
};

const digest = (text: string) => createHash('sha256').update(text).digest();
