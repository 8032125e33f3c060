import {
  createParamDecorator,
  Injectable,
  SetMetadata,
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Rejected, type Actor, type Caller } from '@tenure/eventing';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AdminKey, Authenticate, KeyHolder } from './authentication.ts';
import { isBarred, leastRole, suffices, type KeyNeed } from './permits.ts';
import { traceparentOf } from './request-trace.ts';
import { refuseUnknownQuery } from './strict-requests.ts';
import { Route, type Need, type Role } from './route-settings.ts';

const NEEDS = 'tenure:needs';

/** Who may ask this of a route, or of all routes of a class. */
export const Needs = (needs: Need) => applyDecorators(SetMetadata(NEEDS, needs), Route({ needs }));

const refusalOfRole = (role: Role, need: KeyNeed, what: 'key' | 'session') => {
  const least = leastRole(need);
  const required = least === undefined ? 'the root key' : `the role ${least}`;
  const given = role === 'root' ? `this is the root ${what}` : `this ${what} has the role ${role}`;
  return new Rejected('forbidden', 'key/role', `Requires ${required}; ${given}.`);
};

/** What a request's key or session allows, beside whose it is. */
export type CallerKey = { role: Role; consumerMail: boolean; keyId?: string; adminId?: string; sessionId?: string };

type Signed = FastifyRequest & { caller?: Caller; callerKey?: CallerKey };

/** Who asks, once `KeyGuard` knows it. */
export const callerOfRequest = (request: FastifyRequest): Caller | undefined => (request as Signed).caller;

/** A key that acts for an admin is that admin. */
export const actorOf = (key: AdminKey | undefined): Actor => {
  if (!key) return { kind: 'root', id: 'root' };
  return key.adminId === undefined ? { kind: 'key', id: key.keyId! } : { kind: 'admin', id: key.adminId };
};

/** Whether the role of the key or session suffices, and that the tenant in the path is its own (another's is 404). */
@Injectable()
export class KeyGuard implements CanActivate {
  private readonly reflector = new Reflector();

  constructor(private readonly authenticate: Authenticate<KeyHolder>) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const http = context.switchToHttp();
    const request = http.getRequest<Signed>();
    const asked = this.reflector.getAllAndOverride<Need | undefined>(NEEDS, [context.getHandler(), context.getClass()]);
    if (asked === 'public' || asked === 'connection' || asked === 'discovery') return true;
    const needed = asked ?? (request.method === 'GET' || request.method === 'HEAD' ? 'auditor' : 'super_admin');

    const { role, key, sessionId } = await this.authenticate(request, http.getResponse<FastifyReply>());
    const tenantId = (request.params as { tenantId?: string }).tenantId;
    // Before anything is refused: what is, is audited with who asked (R70), in the tenant that the key is of.
    request.caller = {
      tenantId: key?.tenantId ?? tenantId ?? '',
      actor: actorOf(key),
      correlationId: String(request.id),
      ...(traceparentOf(request) !== undefined && { traceparent: traceparentOf(request) }),
    };
    request.callerKey = {
      role,
      consumerMail: key?.consumerMail ?? false,
      ...(key?.keyId !== undefined && { keyId: key.keyId }),
      ...(key?.adminId !== undefined && { adminId: key.adminId }),
      ...(sessionId !== undefined && { sessionId }),
    };
    if (key && tenantId !== undefined && tenantId !== key.tenantId)
      throw new Rejected('not-found', 'tenant/not-found', 'There is no such tenant.');
    if (!suffices(role, needed)) throw refusalOfRole(role, needed, sessionId === undefined ? 'key' : 'session');
    if (isBarred(key?.consumerMail ?? false, needed))
      throw new Rejected('forbidden', 'admin/consumer-mail', "Accounts of consumer mail domains can't configure apps.");
    refuseUnknownQuery(request, context);
    return true;
  }
}

/** The `Caller` of a request that passed `KeyGuard`. */
export const CallerOf = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<Signed>();
  if (!caller) throw new Error('CallerOf is used on a route that no guard protects.');
  return caller;
});

/** What the guard asks of a route, for acts that one route offers to several roles. */
export const mayDo = ({ role, consumerMail }: CallerKey, need: KeyNeed): boolean =>
  suffices(role, need) && !isBarred(consumerMail, need);

/** What a request's key or session allows, once it passed `KeyGuard`. */
export const KeyOf = createParamDecorator((_data: unknown, context: ExecutionContext): CallerKey => {
  const { callerKey } = context.switchToHttp().getRequest<Signed>();
  if (!callerKey) throw new Error('KeyOf is used on a route that no guard protects.');
  return callerKey;
});
