import { randomUUID } from 'node:crypto';
import type { ClientProxy } from '@nestjs/microservices';
import { Rejected } from '@tenure/eventing';
import { lastValueFrom } from 'rxjs';
import type { CommandMessage } from '../transport.ts';

export const TENANT = 'acme';

type Parts = { commandId?: string; deadlineMs?: number; traceparent?: string };

export const messageOf = (
  key: string,
  payload: unknown,
  { commandId = randomUUID(), deadlineMs = 20_000, traceparent }: Parts = {},
): CommandMessage => ({
  tenantId: TENANT,
  key,
  commandId,
  actor: { kind: 'system', id: 'contract' },
  correlationId: commandId,
  causationId: commandId,
  deadline: Date.now() + deadlineMs,
  ...(traceparent !== undefined && { traceparent }),
  payload,
});

/** The reply as the test expects it to be. */
export const ask = <Reply = unknown>(
  client: ClientProxy,
  pattern: string,
  key: string,
  payload: unknown = {},
  parts: Parts = {},
): Promise<Reply> => lastValueFrom(client.send<Reply>(pattern, messageOf(key, payload, parts)));

const isNoReply = (error: unknown) => error instanceof Rejected && error.kind === 'unavailable';

/** As a caller who repeats what got no answer, with the same command id. */
export const askUntilAnswered = async (
  client: ClientProxy,
  pattern: string,
  key: string,
  payload: unknown,
): Promise<unknown> => {
  const commandId = randomUUID();
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(client, pattern, key, payload, { commandId });
    } catch (error) {
      if (!isNoReply(error) || attempt === 6) throw error;
    }
  }
};

/** Sets many tallies to 1, 2, 3, …, each in turn, all at once. */
export const setMany = async (client: ClientProxy, keys: readonly string[], upTo: number): Promise<void> => {
  await Promise.all(
    keys.map(async (key) => {
      for (let value = 1; value <= upTo; value++) await askUntilAnswered(client, 'tally.set', key, { value });
    }),
  );
};

export const keysOf = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}-${randomUUID().slice(0, 8)}`);

export const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

/** Waits until something holds; says what was last seen when it doesn't in time. */
export const until = async <T>(
  look: () => Promise<T> | T,
  holds: (seen: T) => boolean,
  timeoutMs = 60_000,
): Promise<T> => {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > deadline)
      throw new Error(`It did not happen in ${timeoutMs} ms; last seen: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
