import { problem } from '@tenure/scim';
import type { FastifyReply } from 'fastify';
import type { ScimRequest } from '../connection/scim-context.ts';

/** Whether a path of one segment is a collection: users, groups, or a type of the tenant's own (R71). */
const isCollection = (name: string, { scim }: ScimRequest): boolean =>
  ['/users', '/groups', ...(scim?.types.own ?? []).map(({ type }) => type.endpoint.toLowerCase())].includes(
    `/${name.toLowerCase()}`,
  );

/** Methods of a path below a base URL (RFC 7644, table 1); the URL is a canonical one. */
const allowedAt = (path: string, request: ScimRequest): string[] | undefined => {
  const [first = '', second, ...rest] = path.split('/').slice(1);
  if (rest.length > 0) return undefined;
  if (second === undefined) {
    switch (first) {
      case '':
      case 'ServiceProviderConfig':
      case 'ResourceTypes':
      case 'Schemas':
        return ['GET'];
      case '.search':
      case 'Bulk':
        return ['POST'];
    }
    return isCollection(first, request) ? ['GET', 'POST'] : undefined;
  }
  if (first === 'ResourceTypes' || first === 'Schemas') return ['GET'];
  if (!isCollection(first, request)) return undefined;
  return second === '.search' ? ['POST'] : ['GET', 'PUT', 'PATCH', 'DELETE'];
};

/** All of a resource's methods (RFC 9110 §10.2.1): with GET goes HEAD, and OPTIONS is answered everywhere. */
const allowOf = (methods: readonly string[]): string =>
  [...methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : method)), 'OPTIONS'].join(', ');

/** RFC 7644 §3.2: the methods of a path that has others. */
export const notAllowed = (methods: readonly string[]) =>
  Object.assign(problem(405, `Method not allowed. Allowed: ${methods.join(', ')}.`), {
    headers: { allow: allowOf(methods) },
  });

/** What no route serves: 501 for `/Me`, 404 where there is nothing, else 405 with `Allow`; OPTIONS gets `Allow` alone. */
export const answerUnserved = (request: ScimRequest, reply: FastifyReply): void => {
  const { method, url } = request;
  const path = /\/v2([^?]*)/.exec(url)?.[1] ?? '';
  if (path === '/Me') throw problem(501, '/Me is not supported: a connection is no user.');
  const methods = allowedAt(path, request);
  // A path of a known shape whose own route did not take it names nothing: an id too long to be one.
  if (!methods || methods.includes(method)) throw problem(404, 'There is nothing at this path.');
  if (method !== 'OPTIONS') throw notAllowed(methods);
  reply.status(204).header('allow', allowOf(methods));
};
