import {
  createParamDecorator,
  Injectable,
  SetMetadata,
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Rejected, type Caller } from '@tenure/eventing';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AdminKey, Authenticate, KeyHolder } from './authentication.ts';
import { traceparentOf } from './request-trace.ts';
import { refuseUnknownQuery } from './strict-requests.ts';
import { Route, type Need, type Role } from './route-settings.ts';

const NEEDS = 'tenure:needs';

/** Who may ask this of a route, or of all routes of a class. */
export const Needs = (needs: Need) => applyDecorators(SetMetadata(NEEDS, needs), Route({ needs }));

const rank: Record<AdminKey['role'], number> = { super_admin: 2, admin: 1, auditor: 0 };

type KeyNeed = Exclude<Need, 'public' | 'connection' | 'discovery'>;

/** The least role of an admin; none where the root key alone will do. */
const leastRole = (need: KeyNeed): AdminKey['role'] | undefined => {
  switch (need) {
    case 'root':
      return undefined;
    case 'app_admin':
    case 'super_adminOrRoot':
      return 'super_admin';
    case 'auditorOrRoot':
      return 'auditor';
    case 'super_admin':
    case 'admin':
    case 'auditor':
      return need;
  }
};

const suffices = (role: Role, need: KeyNeed): boolean => {
  if (role === 'root') return need === 'root' || need === 'super_adminOrRoot' || need === 'auditorOrRoot';
  const least = leastRole(need);
  return least !== undefined && rank[role] >= rank[least];
};

const refusalOfRole = (role: Role, need: KeyNeed) => {
  const least = leastRole(need);
  const required = least === undefined ? 'the root key' : `the role ${least}`;
  const given = role === 'root' ? 'this is the root key' : `this key has the role ${role}`;
  return new Rejected('forbidden', 'key/role', `Requires ${required}; ${given}.`);
};

/** What a request's key allows, beside whose it is. */
export type CallerKey = { role: Role; consumerMail: boolean };

type Signed = FastifyRequest & { caller?: Caller; callerKey?: CallerKey };

/** Who asks, once `KeyGuard` knows it. */
export const callerOfRequest = (request: FastifyRequest): Caller | undefined => (request as Signed).caller;

/** Whether the role of the key suffices, and that the tenant in the path is its own (another's is 404). */
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

    const { role, key } = await this.authenticate(request, http.getResponse<FastifyReply>());
    const tenantId = (request.params as { tenantId?: string }).tenantId;
    // Before anything is refused: what is, is audited with who asked (R70), in the tenant that the key is of.
    request.caller = {
      tenantId: key?.tenantId ?? tenantId ?? '',
      actor: key ? { kind: 'admin', id: key.adminId } : { kind: 'root', id: 'root' },
      correlationId: String(request.id),
      ...(traceparentOf(request) !== undefined && { traceparent: traceparentOf(request) }),
    };
    request.callerKey = { role, consumerMail: key?.consumerMail ?? false };
    if (key && tenantId !== undefined && tenantId !== key.tenantId)
      throw new Rejected('not-found', 'tenant/not-found', 'There is no such tenant.');
    if (!suffices(role, needed)) throw refusalOfRole(role, needed);
    if (needed === 'app_admin' && key?.consumerMail)
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

/** The role of a request's key, once it passed `KeyGuard`. */
export const KeyOf = createParamDecorator((_data: unknown, context: ExecutionContext): CallerKey => {
  const { callerKey } = context.switchToHttp().getRequest<Signed>();
  if (!callerKey) throw new Error('KeyOf is used on a route that no guard protects.');
  return callerKey;
});
