import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { Rejected, type Caller } from '@tenure/eventing';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../observe/logging.ts';
import { isTooLarge, tooLarge } from './bodies.ts';
import { callerOfRequest } from './caller.guard.ts';
import { headersOf, retryAfterOf, toProblem } from './problem.ts';

/** How requests and errors below one path are written where it is not as in the JSON APIs: SCIM has its own ways (RFC 7644 §3.12). */
export type ErrorDialect = {
  prefix: string;
  contentType: string;
  toBody: (error: unknown, requestId: string) => { status: number; body: unknown; headers?: Record<string, string> };
  /** What a request's URL means, where clients write it in more ways than routes are declared. */
  canonicalUrl?: (url: string) => string;
};

/** Hears what was refused to whom: `POST /mapping/v1/tenants/:tenantId/apps`, and of which resource. */
export type OnRefused = (refused: Rejected, asked: { caller: Caller; operation: string; resourceId?: string }) => void;

/** Every error of every controller leaves through here; what is not a refusal is logged once. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly log: Log,
    private readonly dialects: readonly ErrorDialect[],
    private readonly onRefused: OnRefused | undefined,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost) {
    if (host.getType() !== 'http') throw thrown;
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const error = isTooLarge(thrown) ? tooLarge(request) : thrown;
    const dialect = this.dialects.find(({ prefix }) => request.url.startsWith(prefix));
    const { status, body, headers = {} } = (dialect?.toBody ?? problemBody)(error, String(request.id));
    if (status === 500)
      this.log.error({ err: error, requestId: request.id, route: request.routeOptions?.url }, 'A request failed');
    this.tellRefusal(error, request);
    if (reply.sent) return;
    reply.header('x-request-id', request.id);
    const retryAfter = retryAfterOf(status);
    void reply
      .status(status)
      .headers({ ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }), ...headers })
      .type(dialect?.contentType ?? 'application/problem+json')
      .send(body);
  }

  private tellRefusal(error: unknown, request: FastifyRequest) {
    const caller = callerOfRequest(request);
    if (!(error instanceof Rejected) || !caller) return;
    const { id, appId } = request.params as { id?: string; appId?: string };
    const resourceId = id ?? appId;
    this.onRefused?.(error, {
      caller,
      operation: `${request.method} ${request.routeOptions.url ?? ''}`,
      ...(resourceId !== undefined && { resourceId }),
    });
  }
}

/** An error as those of the JSON APIs are (RFC 9457). */
export const problemBody = (error: unknown, requestId: string) => {
  const body = toProblem(error, requestId);
  return {
    status: body.status,
    body,
    headers: { ...(body.status === 401 && { 'www-authenticate': 'Bearer realm="tenure"' }), ...headersOf(error) },
  };
};
