import { errors } from 'undici';
import { inSpan, markFailed, SpanKind } from '@tenure/eventing';
import type { JsonObject } from '@tenure/scim';
import type { Targets } from '../targets/targets.ts';

/** An answer of an app, or why there is none. `sent`: the request may have reached it. */
export type Answer =
  | {
      kind: 'answer';
      status: number;
      body: JsonObject | undefined;
      text: string;
      /** Names in lower case; of one that came several times, the first. */
      headers: Readonly<Record<string, string>>;
      /** It went on for too long and was cut off: there is neither body nor text. */
      tooLarge?: true;
    }
  | { kind: 'none'; sent: boolean; reason: string };

export type Call = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: URL;
  headers: Record<string, string>;
  body?: string;
};

/** In bytes. A page of accounts is far smaller. */
export const LARGEST_ANSWER = 4 * 1024 * 1024;

/** Failures before a byte was sent. */
const NOT_SENT = new Set([
  'FORBIDDEN_TARGET',
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'EPROTO',
]);

/** Sends one request and reads its answer, both within `timeoutMs`. Never throws for what the network or the app does. */
export const exchange = (targets: Targets, call: Call, timeoutMs: number): Promise<Answer> =>
  inSpan({ name: call.method, kind: SpanKind.CLIENT, attributes: attributesOf(call) }, async (span) => {
    const answer = await request(targets, call, timeoutMs);
    if (answer.kind === 'answer') span.setAttribute('http.response.status_code', answer.status);
    if (answer.kind === 'none' || answer.status >= 400)
      markFailed(span, answer.kind === 'none' ? 'no answer' : String(answer.status));
    return answer;
  });

/** Without the URL, for a filter in it quotes a person; and no trace of ours is sent to an app. */
const attributesOf = ({ method, url }: Call) => ({
  'http.request.method': method,
  'server.address': url.hostname,
  'server.port': url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
});

const request = async (
  { dispatcher, userAgent }: Targets,
  { method, url, headers, body }: Call,
  timeoutMs: number,
): Promise<Answer> => {
  const late = AbortSignal.timeout(timeoutMs);
  try {
    const {
      statusCode,
      headers: received,
      body: stream,
    } = await dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      headers: { 'user-agent': userAgent, accept: 'application/scim+json, application/json', ...headers },
      body,
      signal: late,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    const text = await textOf(stream);
    return {
      kind: 'answer',
      status: statusCode,
      text: text ?? '',
      body: text === undefined ? undefined : jsonIn(text),
      ...(text === undefined && { tooLarge: true }),
      headers: Object.fromEntries(
        Object.entries(received).flatMap(([name, value]) => {
          const first = Array.isArray(value) ? value[0] : value;
          return first === undefined ? [] : [[name.toLowerCase(), first]];
        }),
      ),
    };
  } catch (error) {
    return {
      kind: 'none',
      sent: wasSent(error),
      reason: reasonOf(error, late.aborted, timeoutMs),
    };
  }
};

/** Undefined for more than is ever read. */
const textOf = async (stream: AsyncIterable<Buffer>): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    // Leaving the loop destroys the stream, and with it the connection.
    if (length > LARGEST_ANSWER) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const jsonIn = (text: string): JsonObject | undefined => {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as JsonObject) : undefined;
  } catch {
    return undefined;
  }
};

/** Node wraps the failures of several addresses of one host in one error. */
const codesOf = (error: unknown): string[] => {
  if (error instanceof AggregateError) return error.errors.flatMap(codesOf);
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? [code] : [];
};

const wasSent = (error: unknown) => {
  const codes = codesOf(error);
  return codes.length === 0 || !codes.every((code) => NOT_SENT.has(code));
};

const reasonOf = (error: unknown, late: boolean, timeoutMs: number): string => {
  if (late || error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError)
    return `The app did not answer within ${timeoutMs / 1000} seconds.`;
  const [code] = codesOf(error);
  if (code === 'FORBIDDEN_TARGET') return (error as Error).message;
  return `The app could not be reached${code === undefined ? '' : ` (${code})`}.`;
};
