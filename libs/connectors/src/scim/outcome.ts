import type { Failure } from '@tenure/provisioning/connector';
import { isObject } from '@tenure/scim';
import type { Redact } from '../redaction/redact.ts';
import { LARGEST_ANSWER, type Answer } from './exchange.ts';

type Answered = Extract<Answer, { kind: 'answer' }>;

export const isSuccess = (status: number) => status >= 200 && status < 300;

/** RFC 7644 §3.12, OAuth's and problem+json's members, and what other APIs call theirs. */
const MEMBERS = ['detail', 'error_description', 'message', 'error', 'title', 'reason', 'description', 'msg'];

const textIn = (value: unknown, depth = 0): string | undefined => {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  if (depth > 3) return undefined;
  if (Array.isArray(value)) return value.map((each) => textIn(each, depth + 1)).find((text) => text !== undefined);
  if (!isObject(value)) return undefined;
  for (const member of [...MEMBERS, 'errors', 'Errors']) {
    const found = textIn(value[member], depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
};

/** The words of a page: its title, else what is left without markup. */
const wordsOf = (html: string): string => {
  const start = html.slice(0, 4000);
  const title = /<title[^>]*>([^<]{1,300})/i.exec(start)?.[1];
  return title ?? start.replaceAll(/<(script|style)[^>]*>[^<]*/gi, ' ').replaceAll(/<[^>]{0,500}>/g, ' ');
};

/** What the app said of it, in one line, in whatever form it said it. */
export const reasonIn = ({ status, body, text }: Answered, redact: Redact): string => {
  const said = textIn(body) ?? (body === undefined ? wordsOf(text) : undefined);
  const reason = said === undefined ? '' : redact.reason(said);
  return reason === '' ? `The app answered ${status}.` : reason;
};

/** RFC 9110 §10.2.3: seconds, or a date. */
const secondsOf = (retryAfter: string | undefined, now: number): number | undefined => {
  if (retryAfter === undefined) return undefined;
  if (/^\d{1,9}$/.test(retryAfter.trim())) return Number(retryAfter);
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1000));
};

/** A reset is given in seconds from now by some, as an instant in seconds since 1970 by others. */
const secondsUntilReset = (reset: string | undefined, now: number): number | undefined => {
  const value = Number(reset);
  if (reset === undefined || !Number.isFinite(value) || value < 0) return undefined;
  return value > 1_000_000_000 ? Math.max(0, Math.ceil(value - now / 1000)) : value;
};

/** A day: what asks for more is not believed. */
const LONGEST_WAIT_S = 86_400;

/** How long an answer asks to wait: `Retry-After`, else the reset of a rate limit that is used up. */
export const waitIn = ({ headers }: Pick<Answered, 'headers'>, now: number = Date.now()): number | undefined => {
  const remaining = headers['x-ratelimit-remaining'] ?? headers['ratelimit-remaining'];
  const isUsedUp = remaining !== undefined && Number(remaining) === 0;
  const seconds =
    secondsOf(headers['retry-after'], now) ??
    (isUsedUp ? secondsUntilReset(headers['x-ratelimit-reset'] ?? headers['ratelimit-reset'], now) : undefined);
  return seconds === undefined ? undefined : Math.min(seconds, LONGEST_WAIT_S) * 1000;
};

/** What an answer that is no success means (api.md, What a target app is asked). */
export const failureOf = (answer: Answered, redact: Redact): Failure => {
  const { status } = answer;
  const reason = reasonIn(answer, redact);
  const refused = (code: string, text = reason): Failure => ({ kind: 'refused', code, status, reason: text });
  const afterMs = waitIn(answer);
  const after = afterMs !== undefined && { afterMs };
  switch (status) {
    case 401:
      return { kind: 'unauthorized', reason };
    case 404:
    case 410:
      return { kind: 'gone', reason };
    case 409:
      return { kind: 'conflict', reason };
    case 412:
      return { kind: 'stale', reason };
    case 429:
      return { kind: 'throttled', reason, ...after };
    case 413:
      return refused('app/too-large');
    case 501:
      return refused('app/unsupported');
  }
  if (status === 408 || status >= 500) return { kind: 'unavailable', reason, ...after };
  if (status >= 300 && status < 400)
    return refused(
      'app/redirect',
      `The app answered with a redirect (${status}), which isn't followed. Enter the address that it leads to.`,
    );
  if (answer.tooLarge && isSuccess(status))
    return refused('app/answer-too-large', `The app answered with more than ${LARGEST_ANSWER} bytes.`);
  if (isSuccess(status))
    return refused('app/invalid-answer', `The app answered ${status}, but not with what SCIM asks for.`);
  return refused(status === 405 ? 'app/unsupported' : 'app/refused');
};
