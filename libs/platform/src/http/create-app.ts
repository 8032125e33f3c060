import { METHODS } from 'node:http';
import { StandardSchemaValidationPipe, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { currentTraceparent, inSpan, isTracing, markFailed, readTraceparent, SpanKind } from '@tenure/eventing';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { nestLogger, type Log } from '../observe/logging.ts';
import type { Metrics } from '../observe/metrics.ts';
import { authenticateRequest, type Authenticators } from './authentication.ts';
import { drain, limitBodies, refuseLarge, USUAL_BODY, withoutUnwanted } from './bodies.ts';
import { decodableUrl } from './decodable-url.ts';
import { parseJson } from './parse-json.ts';
import { refusalOf } from './plain-words.ts';
import { ProblemFilter, type ErrorDialect, type OnRefused } from './problem.filter.ts';
import { answerWithId, requestIdOf } from './request-id.ts';
import { rememberTrace } from './request-trace.ts';
import { settingsOf } from './route-settings.ts';
import { refuseUnstorable } from './strict-requests.ts';
import { onUnreadable } from './unreadable.ts';
import { rememberRoutes, type Unserved } from './unserved.ts';

/** As Node's own; Fastify would wait for ever. */
const REQUEST_TIMEOUT_MS = 300_000;

export type HttpOptions = {
  log: Log;
  metrics: Metrics;
  dialects?: readonly ErrorDialect[];
  onRefused?: OnRefused | undefined;
  /** Without it everybody may send anything. */
  authenticators?: Authenticators;
};

/** A Nest application on Fastify as every service of Tenure runs it: authentication, parsers, validation, errors, metrics and traces in one place. */
export const createHttpApp = async (
  module: DynamicModule,
  { log, metrics, dialects = [], onRefused, authenticators }: HttpOptions,
): Promise<NestFastifyApplication> => {
  const adapter = new FastifyAdapter({
    genReqId: requestIdOf,
    logger: false,
    forceCloseConnections: 'idle',
    requestTimeout: REQUEST_TIMEOUT_MS,
    clientErrorHandler: onUnreadable(dialects),
    rewriteUrl: ({ url = '/' }) =>
      dialects.find(({ prefix }) => url.startsWith(prefix))?.canonicalUrl?.(url) ?? decodableUrl(url),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 500 },
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: nestLogger(log),
    abortOnError: false,
    bodyParser: false,
  });
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  routeAllMethods(fastify);
  // Fastify would take plain text as well, and then nobody refuses it.
  fastify.removeContentTypeParser('text/plain');
  const parse = (request: FastifyRequest, body: Buffer) => parseJson(body, settingsOf(request).json);
  app.useBodyParser(['application/json', 'application/scim+json'], { bodyLimit: USUAL_BODY }, parse as never);
  app.useGlobalPipes(new StandardSchemaValidationPipe({ exceptionFactory: refusalOf }));
  app.useGlobalFilters(new ProblemFilter(log, dialects, onRefused));
  limitBodies(fastify);
  const unserved = rememberRoutes(fastify);
  answerWithId(fastify);
  observe(fastify, metrics);
  checkBeforeBody(fastify, unserved, authenticators);
  fastify.addHook('preParsing', (request, _reply, payload, done) => {
    try {
      done(null, withoutUnwanted(request, payload as never) as never);
    } catch (error) {
      done(error as never);
    }
  });
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    withoutCharset(reply);
    done();
  });
  return app;
};

const SERVED = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** What Node reads gets to the routes for all methods, `PROPFIND` too, whatever its body is; but CONNECT, which is no request of a resource. */
const routeAllMethods = (fastify: FastifyInstance) => {
  for (const method of METHODS)
    if (!SERVED.has(method) && method !== 'CONNECT')
      fastify.addHttpMethod(method, { hasBody: false, overrideExisting: true });
};

/** Nobody's body is read before it is known who sends it, and that a route takes it and how much of it (design, decision 30). */
const checkBeforeBody = (fastify: FastifyInstance, unserved: Unserved, authenticators: Authenticators | undefined) => {
  fastify.addHook('onRequest', async (request, reply) => {
    try {
      if (request.is404) throw unserved(request);
      if (authenticators) await authenticateRequest(authenticators, request, reply);
      refuseUnstorable(request);
      refuseLarge(request);
    } catch (error) {
      drain(request);
      throw error;
    }
  });
};

/** RFC 8259 §11: types of JSON have no charset. Fastify adds one. */
const withoutCharset = (reply: FastifyReply) => {
  const [type] = /^application\/(?:scim|problem)\+json(?=;)/.exec(String(reply.getHeader('content-type'))) ?? [];
  if (type !== undefined) reply.header('content-type', type);
};

const observe = (fastify: FastifyInstance, metrics: Metrics) => {
  fastify.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const { method, protocol, routeOptions, headers } = request;
    const traceparent = readTraceparent(headers.traceparent);
    if (!isTracing()) {
      rememberTrace(request, traceparent);
      return done();
    }
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
