import type { FastifyRequest } from 'fastify';

/** The prefix has browsers refuse it without Secure, with a Domain, or for a part of the site (RFC 6265bis §4.1.3.2). */
export const SESSION_COOKIE = '__Host-tenure';

/** A cookie's value; the first where a browser sends two of a name. */
export const cookieOf = ({ headers }: Pick<FastifyRequest, 'headers'>, name: string): string | undefined => {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim() || undefined;
  }
  return undefined;
};

export const sessionCookieOf = (request: Pick<FastifyRequest, 'headers'>): string | undefined =>
  cookieOf(request, SESSION_COOKIE);

/** Without `seconds` the browser forgets it when it is closed; 0 deletes it. */
export const setCookie = (name: string, value: string, seconds?: number): string =>
  `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=Lax${seconds === undefined ? '' : `; Max-Age=${seconds}`}`;
