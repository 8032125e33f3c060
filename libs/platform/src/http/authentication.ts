import { createHash, timingSafeEqual } from 'node:crypto';
import { UnauthorizedException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { settingsOf, type Role } from './route-settings.ts';

/** `consumerMail`: the admin's address is of a consumer mail domain, and so may not configure apps (R6). */
export type AdminKey = { tenantId: string; adminId: string; role: Exclude<Role, 'root'>; consumerMail: boolean };

/** Where keys are looked up; each service asks the database, so that a deleted key is refused at once. */
export type AdminKeys = { find: (key: string) => Promise<AdminKey | undefined> };

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

/** Who holds a key of the JSON APIs. */
export type KeyHolder = { role: Role; key?: AdminKey };

export const keyAuthentication = (rootKey: string | undefined, keys: AdminKeys): Authenticate<KeyHolder> => {
  const rootDigest = rootKey === undefined ? undefined : digest(rootKey);
  return oncePerRequest(async ({ headers }) => {
    const text = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    if (text === undefined) throw new UnauthorizedException('Send a key: Authorization: Bearer KEY.');
    if (rootDigest && timingSafeEqual(digest(text), rootDigest)) return { role: 'root' };
    const key = await keys.find(text);
    if (!key) throw new UnauthorizedException('The key is unknown or was deleted.');
    return { role: key.role, key };
  });
};

const digest = (text: string) => createHash('sha256').update(text).digest();
