import type { Failure, Outcome } from '@tenure/provisioning/connector';
import type { JsonObject } from '@tenure/scim';
import type { Redact } from '../redaction/redact.ts';
import type { Targets } from '../targets/targets.ts';
import type { Authorization } from './authorization.ts';
import { exchange, type Answer, type Call } from './exchange.ts';
import { failureOf } from './outcome.ts';

export type Answered = Extract<Answer, { kind: 'answer' }>;
export type Request = {
  method: Call['method'];
  path: readonly string[];
  query?: Record<string, string>;
  body?: JsonObject;
  ifMatch?: string;
};

const SCIM = 'application/scim+json';

export type ScimCalls = {
  /** What came back, or the failure of a request that certainly did nothing, or whose outcome is open. */
  send: (request: Request) => Promise<Answered | { kind: 'none'; failure: Failure }>;
  /** A call that may be repeated. A question that was cut off did nothing; of a change nobody knows. */
  ask: <Value>(request: Request, read: (answer: Answered) => Outcome<Value> | undefined) => Promise<Outcome<Value>>;
};

/** Signed requests to one app's endpoint. */
export const scimCalls = ({
  url,
  signIn,
  targets,
  redact,
  timeoutMs,
}: {
  url: string;
  signIn: Authorization;
  targets: Targets;
  redact: Redact;
  timeoutMs: number;
}): ScimCalls => {
  const send: ScimCalls['send'] = async (request) => {
    for (let renewed = false; ; renewed = true) {
      const authorized = await signIn.header();
      if (authorized.kind === 'failed') return { kind: 'none', failure: authorized.failure };
      const answer = await exchange(targets, toCall(url, request, authorized.header), timeoutMs);
      if (answer.kind === 'none')
        return { kind: 'none', failure: { kind: answer.sent ? 'unknown' : 'unavailable', reason: answer.reason } };
      if (answer.status !== 401 || renewed || !signIn.renew()) return answer;
    }
  };

  return {
    send,
    ask: async (request, read) => {
      const answer = await send(request);
      if (answer.kind === 'none')
        return answer.failure.kind === 'unknown' && request.method === 'GET'
          ? { kind: 'unavailable', reason: answer.failure.reason }
          : answer.failure;
      return read(answer) ?? failureOf(answer, redact);
    },
  };
};

const toCall = (base: string, { method, path, query, body, ifMatch }: Request, authorizationHeader: string): Call => {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path.map(encodeURIComponent).join('/')}`;
  // Appended by hand: a flag such as ?aadOptscim062020 must not become ?aadOptscim062020=, nor a space in a filter a plus.
  const more = Object.entries(query ?? {}).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  url.search = [url.search.slice(1), ...more].filter((part) => part !== '').join('&');
  const headers = {
    authorization: authorizationHeader,
    ...(body && { 'content-type': SCIM }),
    ...(ifMatch !== undefined && { 'if-match': ifMatch }),
  };
  return { method, url, headers, ...(body && { body: JSON.stringify(body) }) };
};
