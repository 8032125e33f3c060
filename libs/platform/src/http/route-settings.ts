import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import type { JsonLimits } from './parse-json.ts';

/** Rights of a key, from most to least (api.md, Keys). */
export type Role = 'root' | 'super_admin' | 'admin' | 'auditor';

/**
 * Who may send a request: a key with at least this role, one of the roles `OrRoot`, a super admin who may configure apps (R6), the
 * token of a connection, that token or none at all (`discovery`), or anybody. A route that doesn't say needs an auditor's key for a
 * GET and a super admin's for everything else.
 */
export type Need = Role | 'super_adminOrRoot' | 'auditorOrRoot' | 'app_admin' | 'connection' | 'discovery' | 'public';

/** What must be known of a route before the body of a request is read. */
export type RouteSettings = {
  needs?: Need;
  /** In bytes. */
  bodyLimit?: number;
  /** What clients know the limit as, where it has a name. */
  bodyLimitName?: string;
  json?: JsonLimits;
  /** Takes forms of browsers beside JSON. */
  form?: true;
  /** The body of a request to this route is never read. */
  ignoresBody?: true;
};

const SETTINGS = 'tenure:route';

type Target = ((...args: never[]) => unknown) & { prototype?: Record<string, unknown> };

/**
 * Settings of a route, or on a class of all its routes; a route's own go first. Nest's metadata of a class doesn't reach Fastify, so
 * they are kept as the config of each route.
 */
export const Route = (settings: RouteSettings): ClassDecorator & MethodDecorator => {
  const settle = (handler: object) => {
    const merged = { ...settings, ...(Reflect.getMetadata(SETTINGS, handler) as RouteSettings | undefined) };
    Reflect.defineMetadata(SETTINGS, merged, handler);
    RouteConfig(merged)(handler as never);
  };
  return applyDecorators((target: object, key?: string | symbol, descriptor?: { value?: unknown }) => {
    if (key !== undefined) return settle(descriptor!.value as object);
    const { prototype = {} } = target as Target;
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const { value } = Object.getOwnPropertyDescriptor(prototype, name)!;
      if (name !== 'constructor' && typeof value === 'function') settle(value as object);
    }
  });
};

export const settingsOf = ({ routeOptions }: Pick<FastifyRequest, 'routeOptions'>): RouteSettings =>
  (routeOptions?.config ?? {}) as RouteSettings;
