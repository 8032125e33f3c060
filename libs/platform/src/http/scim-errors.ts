import { Rejected, type RejectionKind } from '@tenure/eventing';
import { errorBody, ScimProblem, scimTypes, type ScimType } from '@tenure/scim';
import type { ErrorDialect } from './problem.filter.ts';
import { headersOf, httpStatusOf, isAnswer } from './problem.ts';

type Answer = { status: number; scimType?: ScimType };

/** RFC 7644 §3.12, table 9. The one place where a refusal becomes a SCIM status. */
const wire: Record<RejectionKind, Answer> = {
  invalid: { status: 400, scimType: 'invalidValue' },
  'not-found': { status: 404 },
  conflict: { status: 409 },
  taken: { status: 409, scimType: 'uniqueness' },
  stale: { status: 412 },
  forbidden: { status: 403 },
  unprocessable: { status: 422 },
  unauthenticated: { status: 401 },
  'too-large': { status: 413 },
  'too-many': { status: 429 },
  unavailable: { status: 503 },
};

/** `scim/noTarget`: the protocol refused where the state is, and the refusal came back as one of ours. */
const protocolRefusal = (code: string): Answer | undefined => {
  const scimType = /^scim\/(\w+)$/.exec(code)?.[1];
  return scimType !== undefined && Object.hasOwn(scimTypes, scimType)
    ? { status: scimTypes[scimType as ScimType].status, scimType: scimType as ScimType }
    : undefined;
};

const answerTo = (error: unknown, requestId: string): Answer & { detail: string } => {
  if (error instanceof ScimProblem)
    return { status: error.status, scimType: error.scimType as ScimType | undefined, detail: error.detail };
  if (error instanceof Rejected) return { ...wire[error.kind], ...protocolRefusal(error.code), detail: error.message };
  const status = httpStatusOf(error);
  if (status === 400) return { status, scimType: 'invalidSyntax', detail: (error as Error).message };
  if (status === 415 && !('accept-encoding' in headersOf(error)))
    return { status, detail: 'Bodies are application/scim+json or application/json.' };
  if (status !== undefined && isAnswer(status)) return { status, detail: (error as Error).message };
  return {
    status: 500,
    detail: `Something went wrong. The log of the service has the details of request ${requestId}.`,
  };
};

/** Errors below a SCIM base URL. */
export const scimErrors = (prefix: string): ErrorDialect => ({
  prefix,
  contentType: 'application/scim+json',
  toBody: (error, requestId) => {
    const answer = answerTo(error, requestId);
    const headers = {
      ...(answer.status === 401 && { 'www-authenticate': 'Bearer realm="scim"' }),
      ...headersOf(error),
    };
    return { status: answer.status, body: errorBody({ ...answer, scimType: answer.scimType }), headers };
  },
});
