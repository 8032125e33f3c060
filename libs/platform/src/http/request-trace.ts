import type { FastifyRequest } from 'fastify';

const traceparents = new WeakMap<FastifyRequest, string>();

export const rememberTrace = (request: FastifyRequest, traceparent: string | undefined): void => {
  if (traceparent !== undefined) traceparents.set(request, traceparent);
};

/** The trace that a request belongs to, for the commands it sends. */
export const traceparentOf = (request: FastifyRequest): string | undefined => traceparents.get(request);
