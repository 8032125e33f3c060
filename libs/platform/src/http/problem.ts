import { HttpException } from '@nestjs/common';
import { Rejected, type RejectionKind } from '@tenure/eventing';

/** RFC 9457, with our stable `code`. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  errors?: readonly { field: string; message: string; position?: number }[];
  /** Of a 500: by this id the log has the details. */
  requestId?: string;
};

/** The one place where a refusal becomes a status, for the JSON APIs. */
export const statusOf: Record<RejectionKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  'not-found': 404,
  conflict: 409,
  taken: 409,
  stale: 412,
  forbidden: 403,
  unprocessable: 422,
  'too-large': 413,
  'too-many': 429,
  unavailable: 503,
};

const titles: Record<number, string> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Request timeout',
  409: 'Conflict',
  412: 'Precondition failed',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Unprocessable',
  429: 'Too many requests',
  431: 'Headers too large',
  500: 'Internal error',
  501: 'Not implemented',
  503: 'Unavailable',
};

const problem = (status: number, code: string, detail: string, errors?: Problem['errors']): Problem => ({
  type: 'about:blank',
  title: titles[status] ?? 'Error',
  status,
  code,
  detail,
  ...(errors && { errors }),
});

export const toProblem = (error: unknown, requestId: string): Problem => {
  if (error instanceof Rejected) return problem(statusOf[error.kind], error.code, error.message, error.errors);
  const status = httpStatusOf(error);
  if (status !== undefined && isAnswer(status)) return problem(status, `http/${status}`, (error as Error).message);
  const failed = problem(
    500,
    'internal',
    'Something went wrong. The log of the service has the details under the requestId.',
  );
  return { ...failed, requestId };
};

/** Whether the caller did something that the status tells them about. From 500 on only 501 does. */
export const isAnswer = (status: number): boolean => status < 500 || status === 501;

/** The status of errors that Nest or Fastify made (404, 405, 413, 415, malformed JSON); undefined for a bug. */
export const httpStatusOf = (error: unknown): number | undefined => {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return error instanceof Error && typeof status === 'number' ? status : undefined;
};

/** What an error wants to say in a header, such as `Allow` or a `Retry-After` that it knows better. */
export const headersOf = (error: unknown): Record<string, string> =>
  (error as { headers?: Record<string, string> } | null)?.headers ?? {};

/** Whole seconds after which a refused or failed request may be repeated; only 429 and 503 say so. */
export const retryAfterOf = (status: number): number | undefined =>
  status === 429 ? 1 : status === 503 ? 5 : undefined;
