import { randomUUID } from 'node:crypto';
import { METHODS } from 'node:http';
import { Transform } from 'node:stream';
import { StandardSchemaValidationPipe, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { currentTraceparent, inSpan, markFailed, readTraceparent, Rejected, SpanKind } from '@tenure/eventing';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { nestLogger, type Log } from '../observe/logging.ts';
import type { Metrics } from '../observe/metrics.ts';
import { ProblemFilter, type ErrorDialect, type OnRefused } from './problem.filter.ts';
import { parseJson } from './parse-json.ts';
import { rememberTrace } from './request-trace.ts';
import { onUnreadable } from './unreadable.ts';

const MIB = 1024 * 1024;
/** Groups may carry 100,000 members; everything else is small (design, decision 9). */
const LARGEST_BODY = 32 * MIB;
const BODY_ELSEWHERE = 10 * MIB;

export type HttpOptions = {
  log: Log;
  metrics: Metrics;
  dialects?: readonly ErrorDialect[];
  onRefused?: OnRefused | undefined;
};

/** A Nest application on Fastify as every service of Tenure runs it: parsers, validation, errors, metrics and traces in one place. */
export const createHttpApp = async (
  module: DynamicModule,
  { log, metrics, dialects = [], onRefused }: HttpOptions,
): Promise<NestFastifyApplication> => {
  const adapter = new FastifyAdapter({
    bodyLimit: LARGEST_BODY,
    genReqId: () => randomUUID(),
    logger: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: onUnreadable(dialects),
    rewriteUrl: ({ url = '/' }) => dialects.find(({ prefix }) => url.startsWith(prefix))?.canonicalUrl?.(url) ?? url,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 500 },
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: nestLogger(log),
    abortOnError: false,
    bodyParser: false,
  });
  routeAllMethods(adapter);
  // Fastify would take plain text as well, and then nobody refuses it.
  (adapter.getInstance() as unknown as FastifyInstance).removeContentTypeParser('text/plain');
  const parse = async (_request: FastifyRequest, body: Buffer) => parseJson(body);
  app.useBodyParser(['application/json', 'application/scim+json'], { bodyLimit: LARGEST_BODY }, parse as never);
  app.useGlobalPipes(new StandardSchemaValidationPipe({ exceptionFactory: refusal }));
  app.useGlobalFilters(new ProblemFilter(log, dialects, onRefused));
  observe(app, metrics);
  refuseCodings(app);
  limitBodies(app);
  return app;
};

const SERVED = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** What Node reads gets to the routes for all methods, `PROPFIND` too, whatever its body is; but CONNECT, which is no request of a resource. */
const routeAllMethods = (adapter: FastifyAdapter) => {
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  for (const method of METHODS)
    if (!SERVED.has(method) && method !== 'CONNECT')
      fastify.addHttpMethod(method, { hasBody: false, overrideExisting: true });
};

/** What a body, query or parameter did wrong, field by field. */
const refusal = (issues: readonly { message: string; path?: readonly (PropertyKey | { key: PropertyKey })[] }[]) => {
  const errors = issues.map(({ message, path = [] }) => ({ field: fieldName(path), message }));
  return new Rejected(
    'invalid',
    'request/invalid',
    errors.map(({ field, message }) => (field ? `${field}: ${message}` : message)).join('; '),
    errors,
  );
};

const fieldName = (path: readonly (PropertyKey | { key: PropertyKey })[]) =>
  path
    .map((part) => (typeof part === 'object' ? part.key : part))
    .reduce<string>(
      (name, key) =>
        typeof key === 'number' ? `${name}[${key}]` : name === '' ? String(key) : `${name}.${String(key)}`,
      '',
    );

const observe = (app: NestFastifyApplication, metrics: Metrics) => {
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  fastify.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const { method, protocol, routeOptions, headers } = request;
    const traceparent = readTraceparent(headers.traceparent);
    const name = routeOptions.url === undefined ? method : `${method} ${routeOptions.url}`;
    // Neither path nor query: filters quote people.
    const attributes = {
      'http.request.method': method,
      'http.route': routeOptions.url,
      'url.scheme': protocol,
      'tenure.correlation.id': String(request.id),
    };
    void inSpan({ name, kind: SpanKind.SERVER, traceparent, attributes }, async (span) => {
      rememberTrace(request, currentTraceparent() ?? traceparent);
      done();
      await new Promise<void>((resolve) => reply.raw.once('close', resolve));
      span.setAttribute('http.response.status_code', reply.statusCode);
      if (reply.statusCode >= 500) markFailed(span, String(reply.statusCode));
    });
  });
  fastify.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const labels = {
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      status: String(reply.statusCode),
    };
    metrics.requestSeconds.observe(labels, reply.elapsedTime / 1000);
    done();
  });
};

/** RFC 9110 §15.5.16: a body that is coded, as with gzip, is none that anybody here reads. */
const refuseCodings = (app: NestFastifyApplication) => {
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  fastify.addHook('preParsing', async ({ headers }, _reply, payload) => {
    const coding = headers['content-encoding'];
    const hasBody = Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined;
    if (hasBody && coding && coding.trim().toLowerCase() !== 'identity') throw codedBody();
    return payload;
  });
};

const codedBody = () =>
  Object.assign(new Error('Content codings such as gzip are not taken: send the body as it is.'), {
    statusCode: 415,
    headers: { 'accept-encoding': 'identity' },
  });

const limitBodies = (app: NestFastifyApplication) => {
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  fastify.addHook('preParsing', async (request, _reply, payload) => {
    if (mayBeLarge(request.url)) return payload;
    const length = request.headers['content-length'];
    if (Number(length ?? 0) > BODY_ELSEWHERE) throw tooLarge();
    return length === undefined && request.headers['transfer-encoding'] !== undefined
      ? payload.pipe(atMost(BODY_ELSEWHERE))
      : payload;
  });
};

const mayBeLarge = (url: string) => /\/groups(\/|\?|$)/i.test(url);

const tooLarge = () =>
  Object.assign(new Error(`The body is larger than maxPayloadSize, ${BODY_ELSEWHERE} bytes.`), { statusCode: 413 });

/** Counts a body that does not say how long it is. */
const atMost = (limit: number) => {
  let length = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length;
      done(length > limit ? tooLarge() : null, chunk);
    },
  });
};
