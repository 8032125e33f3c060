import { timingSafeEqual, createHash } from 'node:crypto';
import {
  createParamDecorator,
  Injectable,
  SetMetadata,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Rejected, type Caller } from '@tenure/eventing';
import type { FastifyRequest } from 'fastify';
import { traceparentOf } from './request-trace.ts';

/** Rights of a key, from most to least (api.md, Keys). */
export type Role = 'root' | 'super_admin' | 'admin' | 'auditor';

/** `consumerMail`: the admin's address is of a consumer mail domain, and so may not configure apps (R6). */
export type AdminKey = { tenantId: string; adminId: string; role: Exclude<Role, 'root'>; consumerMail: boolean };

/** Where keys are looked up; each service asks the database, so that a deleted key is refused at once. */
export type AdminKeys = { find: (key: string) => Promise<AdminKey | undefined> };

const ROLE = 'tenure:role';

/** The least role that a route needs: a role, one of those `OrRoot`, a super admin who may configure apps (R6), the root key alone, or nobody's key. Without it: every GET is an auditor's, all else a super admin's. */
export type Need = Role | 'public' | 'super_adminOrRoot' | 'auditorOrRoot' | 'app_admin';
export const Needs = (need: Need) => SetMetadata(ROLE, need);

const rank: Record<AdminKey['role'], number> = { super_admin: 2, admin: 1, auditor: 0 };

const suffices = (role: Role, need: Exclude<Need, 'public'>): boolean => {
  if (role === 'root') return need === 'root' || need === 'super_adminOrRoot' || need === 'auditorOrRoot';
  if (need === 'root') return false;
  return rank[role] >= rank[need === 'app_admin' ? 'super_admin' : (need.replace('OrRoot', '') as AdminKey['role'])];
};

/** What is required, as people call it: of `…OrRoot` the role that a tenant's admins can have. */
const nameOf = (need: Exclude<Need, 'public'>): string =>
  need === 'root' ? 'the root key' : `the role ${need === 'app_admin' ? 'super_admin' : need.replace('OrRoot', '')}`;

/** What a request's key allows, beside whose it is. */
export type CallerKey = { role: Role; consumerMail: boolean };

type Signed = FastifyRequest & { caller?: Caller; callerKey?: CallerKey };

/** Who asks, once `KeyGuard` knows it. */
export const callerOfRequest = (request: FastifyRequest): Caller | undefined => (request as Signed).caller;

/** Bearer keys of the JSON APIs: who it is, whether the role suffices, and that the tenant in the path is theirs (another's is 404). */
@Injectable()
export class KeyGuard implements CanActivate {
  private readonly reflector = new Reflector();
  private readonly rootDigest: Buffer | undefined;

  constructor(
    rootKey: string | undefined,
    private readonly keys: AdminKeys,
  ) {
    this.rootDigest = rootKey === undefined ? undefined : digest(rootKey);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<Signed>();
    const asked = this.reflector.getAllAndOverride<Need | undefined>(ROLE, [context.getHandler(), context.getClass()]);
    if (asked === 'public') return true;
    const needed = asked ?? (request.method === 'GET' || request.method === 'HEAD' ? 'auditor' : 'super_admin');

    const { role, key } = await this.identify(request);
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
    if (!suffices(role, needed))
      throw new Rejected(
        'forbidden',
        'key/role',
        `Requires ${nameOf(needed)}; this key ${role === 'root' ? 'is the root key' : `has the role ${role}`}.`,
      );
    if (needed === 'app_admin' && key?.consumerMail)
      throw new Rejected(
        'forbidden',
        'admin/consumer-mail',
        'Accounts of consumer mail domains cannot configure apps.',
      );
    return true;
  }

  private async identify(request: FastifyRequest): Promise<{ role: Role; key?: AdminKey }> {
    const text = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (text === undefined) throw new UnauthorizedException('Send a key: Authorization: Bearer KEY.');
    if (this.rootDigest && timingSafeEqual(digest(text), this.rootDigest)) return { role: 'root' };
    const key = await this.keys.find(text);
    if (!key) throw new UnauthorizedException('The key is not known, or was deleted.');
    return { role: key.role, key };
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest();

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
