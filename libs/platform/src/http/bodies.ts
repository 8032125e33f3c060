import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { settingsOf, type RouteSettings } from './route-settings.ts';

export const MIB = 1024 * 1024;
/** Where a route says nothing else (design, decision 9). */
export const USUAL_BODY = 10 * MIB;

/** How much of a body that isn't wanted is read and dropped, so that the client gets to reading the answer, before its connection is cut. */
const DRAINED = 64 * MIB;

const hasBody = ({ headers }: FastifyRequest): boolean =>
  Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined;

/** Before routes are declared: each has the limit of its settings. */
export const limitBodies = (fastify: FastifyInstance): void => {
  fastify.addHook('onRoute', (route) => {
    const { bodyLimit = USUAL_BODY, ignoresBody } = (route.config ?? {}) as RouteSettings;
    // What is never read may be of any size.
    route.bodyLimit = ignoresBody ? Number.MAX_SAFE_INTEGER : bodyLimit;
  });
};

/** Of a body that says how long it is: without reading any of it. The others are counted as they come in. */
export const refuseLarge = (request: FastifyRequest): void => {
  if (Number(request.headers['content-length'] ?? 0) > request.routeOptions.bodyLimit) throw tooLarge(request);
};

export const tooLarge = (request: FastifyRequest) => {
  const { bodyLimit } = request.routeOptions;
  const { bodyLimitName } = settingsOf(request);
  const most = `${bodyLimit / MIB} MiB (${bodyLimit} bytes)`;
  return Object.assign(
    new Error(
      `The request body is larger than ${bodyLimitName === undefined ? `${most}, the limit of this route` : `${bodyLimitName}, ${most}`}.`,
    ),
    { statusCode: 413 },
  );
};

/** Fastify's own words name neither the limit nor the route's. */
export const isTooLarge = (error: unknown): boolean =>
  (error as { code?: unknown } | null)?.code === 'FST_ERR_CTP_BODY_TOO_LARGE';

/** Reads nothing of what the route ignores, and no coded body (RFC 9110 §15.5.16). */
export const withoutUnwanted = (request: FastifyRequest, payload: Readable): Readable => {
  if (!hasBody(request)) return payload;
  if (settingsOf(request).ignoresBody) {
    drain(request);
    return Object.assign(Readable.from([]), { receivedEncodedLength: Number(request.headers['content-length'] ?? 0) });
  }
  const coding = request.headers['content-encoding'];
  if (coding && coding.trim().toLowerCase() !== 'identity') throw codedBody();
  return payload;
};

const codedBody = () =>
  Object.assign(new Error('Content codings such as gzip are not supported. Send the body without one.'), {
    statusCode: 415,
    headers: { 'accept-encoding': 'identity' },
  });

/** Drops what is still to come of a request that is answered without it. */
export const drain = ({ raw }: FastifyRequest): void => {
  let left = DRAINED;
  raw.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) raw.socket.destroy();
  });
};
