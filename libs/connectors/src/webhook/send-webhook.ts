import type { Targets } from '../targets/targets.ts';

const TIMEOUT_MS = 15_000;

/** Posts a webhook's message. Redirects are not followed, and what the receiver says beside its status is not read. */
export const sendWebhook =
  ({ dispatcher }: Targets, timeoutMs: number = TIMEOUT_MS) =>
  async (url: string, headers: Record<string, string>, body: string) => {
    const { origin, pathname, search } = new URL(url);
    const late = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await dispatcher.request({
        origin,
        path: `${pathname}${search}`,
        method: 'POST',
        headers,
        body,
        signal: late,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      // Ends the connection where more comes than anybody needs.
      await answer.body.dump({ limit: 64 * 1024 }).catch(() => undefined);
      const seconds = Number(answer.headers['retry-after']);
      return {
        kind: 'answer' as const,
        status: answer.statusCode,
        ...(Number.isFinite(seconds) && seconds > 0 && { retryAfterMs: Math.min(seconds, 86_400) * 1000 }),
      };
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      if (code === 'FORBIDDEN_TARGET') return { kind: 'none' as const, reason: message, forbidden: true };
      const reason = late.aborted
        ? `The receiver didn't answer within ${timeoutMs / 1000} seconds.`
        : `The receiver could not be reached${code === undefined ? '' : ` (${code})`}.`;
      return { kind: 'none' as const, reason, forbidden: false };
    }
  };
