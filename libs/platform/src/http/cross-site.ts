import { Rejected } from '@tenure/eventing';
import type { FastifyRequest } from 'fastify';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Where browsers reach the system, without a path: as configured, else as the request was sent. */
export const originOf = ({ protocol, host }: Pick<FastifyRequest, 'protocol' | 'host'>, publicUrl?: string): string =>
  publicUrl === undefined ? `${protocol}://${host}` : new URL(publicUrl).origin;

const crossSite = (message: string) => new Rejected('forbidden', 'auth/cross-site', message);

/** Refuses what changes something on behalf of a cookie, unless our own page sent it. */
export const refuseForeignOrigin = (request: FastifyRequest, publicUrl?: string): void => {
  if (request.headers.origin !== originOf(request, publicUrl))
    throw crossSite(`The Origin of the request must be ${originOf(request, publicUrl)}.`);
};

/**
 * A browser sends a session's cookie along with requests that other sites caused. A header of our own makes such a request one that needs
 * our leave (CORS), which nobody gets; and browsers say truthfully where a request comes from.
 */
export const refuseCrossSite = (request: FastifyRequest, publicUrl?: string): void => {
  if (SAFE.has(request.method)) return;
  if (request.headers['tenure-csrf'] !== '1')
    throw crossSite('Requests with a session that change something need the header Tenure-Csrf: 1.');
  refuseForeignOrigin(request, publicUrl);
};
