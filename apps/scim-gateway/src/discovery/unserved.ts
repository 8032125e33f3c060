import { problem } from '@tenure/scim';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Methods of each path below a base URL (RFC 7644, table 1); the URL is a canonical one. */
const allowed: readonly [RegExp, string[]][] = [
  [/^$/, ['GET']],
  [/^(\/Users|\/Groups)?\/\.search$/, ['POST']],
  [/^\/Bulk$/, ['POST']],
  [/^\/(Users|Groups)\/[^/]+$/, ['GET', 'PUT', 'PATCH', 'DELETE']],
  [/^\/(Users|Groups)$/, ['GET', 'POST']],
  [/^\/ServiceProviderConfig$/, ['GET']],
  [/^\/(ResourceTypes|Schemas)(\/[^/]+)?$/, ['GET']],
];

/** RFC 7644 §3.2: the methods of a path that has others. */
export const notAllowed = (allow: string) => Object.assign(problem(405, `This method is not possible here; ${allow} is.`), { headers: { allow } });

/** What no route serves: 501 for `/Me`, 404 where there is nothing, else 405 with `Allow`; OPTIONS gets `Allow` alone. */
export const answerUnserved = ({ method, url }: FastifyRequest, reply: FastifyReply): void => {
  const path = /\/v2([^?]*)/.exec(url)?.[1] ?? '';
  if (path === '/Me') throw problem(501, '/Me is not supported: a connection is no user.');
  const methods = allowed.find(([pattern]) => pattern.test(path))?.[1];
  // A path of a known shape whose own route did not take it names nothing: an id too long to be one.
  if (!methods || methods.includes(method)) throw problem(404, 'There is nothing at this path.');
  const allow = methods.join(', ');
  if (method !== 'OPTIONS') throw notAllowed(allow);
  reply.status(204).header('allow', allow);
};
