import type { FastifyRequest } from 'fastify';

const traceparents = new WeakMap<FastifyRequest, string | undefined>();

export const rememberTrace = (request: FastifyRequest, traceparent: string | undefined): void =>
  void traceparents.set(request, traceparent);

/** The trace that a request belongs to, for the commands it sends. */
export const traceparentOf = (request: FastifyRequest): string | undefined => traceparents.get(request);
