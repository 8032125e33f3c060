import type { Failure } from '@tenure/provisioning';
import type { Answer } from './exchange.ts';

type Answered = Extract<Answer, { kind: 'answer' }>;

const LONGEST_REASON = 300;

const isSuccess = (status: number) => status >= 200 && status < 300;
export { isSuccess };

/** What the app said of it (RFC 7644 §3.12, or OAuth's and problem+json's words for it), in one line. */
export const reasonIn = ({ status, body }: Answered): string => {
  const said = [body?.detail, body?.error_description, body?.error, body?.message, body?.title].find(
    (text) => typeof text === 'string' && text.trim() !== '',
  );
  const text = typeof said === 'string' ? said.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim() : `The app answered ${status}.`;
  return text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON)}…` : text;
};

/** RFC 9110 §10.2.3: seconds, or a date. */
export const secondsOf = (retryAfter: string | undefined, now: number = Date.now()): number | undefined => {
  if (retryAfter === undefined) return undefined;
  if (/^\d+$/.test(retryAfter.trim())) return Number(retryAfter);
  const at = Date.parse(retryAfter);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1000));
};

/** What an answer that is no success means (api.md, What a target app is asked). */
export const failureOf = (answer: Answered): Failure => {
  const { status, retryAfter } = answer;
  const reason = reasonIn(answer);
  if (status === 401) return { kind: 'unauthorized', reason };
  const afterSeconds = secondsOf(retryAfter);
  if (status === 408 || status === 429 || status >= 500)
    return { kind: 'retry', reason, ...(afterSeconds !== undefined && { afterSeconds }) };
  if (status >= 300 && status < 400)
    return {
      kind: 'refused',
      status,
      reason: `The app answered with a redirect (${status}), which is not followed: give the address it leads to.`,
    };
  if (isSuccess(status))
    return { kind: 'refused', status, reason: `The app answered ${status}, but not with what SCIM asks for.` };
  return { kind: 'refused', status, reason };
};
