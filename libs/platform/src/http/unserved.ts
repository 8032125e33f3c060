import { HttpException, NotFoundException } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** What to answer where no route takes a request: 405 where its path has other methods (RFC 9110 §15.5.6), else 404. */
export type Unserved = (request: FastifyRequest) => HttpException;

/** Before routes are declared: remembers their paths. */
export const rememberRoutes = (fastify: FastifyInstance): Unserved => {
  const routes: { path: RegExp; methods: string[] }[] = [];
  fastify.addHook('onRoute', ({ url, method }) => {
    const segments = url.split('/').map((segment) => {
      if (segment.startsWith(':')) return '[^/]+';
      return segment === '*' ? '.*' : segment.replace(/[^\w-]/g, '\\$&');
    });
    routes.push({ path: new RegExp(`^${segments.join('/')}/?$`), methods: [method].flat() });
  });
  return ({ url }) => {
    const [path = ''] = url.split('?', 1);
    const methods = routes.filter((route) => route.path.test(path)).flatMap((route) => route.methods);
    if (methods.length === 0) return new NotFoundException('There is nothing at this path.');
    const allowed = [...new Set(methods)].join(', ');
    return Object.assign(new HttpException(`Method not allowed. Allowed: ${allowed}.`, 405), {
      headers: { allow: allowed },
    });
  };
};
