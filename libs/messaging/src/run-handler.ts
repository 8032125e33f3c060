import type { LoggerService } from '@nestjs/common';
import type { MessageHandler } from '@nestjs/microservices';
import { inCurrentSpan, inSpan, Rejected } from '@tenure/eventing';
import { isObservable, lastValueFrom } from 'rxjs';
import { handling } from './command-span.ts';
import { replyOf, type Reply } from './reply.ts';
import type { CommandContext, CommandMessage, FactBatch } from './transport.ts';

/** What a Nest handler came to: it answers with a value, a promise or a stream, or with a promise of a stream. */
const resultOf = async (handler: MessageHandler, data: unknown, context: unknown): Promise<unknown> => {
  const result: unknown = await handler(data, context);
  return isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result;
};

/** Never throws. A failure is logged here, once, and nowhere else; a refusal is no failure. */
export const runCommandHandler = async (
  handler: MessageHandler | null,
  pattern: string,
  message: CommandMessage,
  context: CommandContext,
  logger: LoggerService,
): Promise<Reply> => {
  const { commandId, correlationId } = message;
  try {
    return await inSpan(handling(pattern, message), async () => {
      if (!handler) throw new Error(`No handler is known here for the command ${pattern}.`);
      return { kind: 'value', value: await resultOf(handler, inCurrentSpan(message), context) };
    });
  } catch (error) {
    if (!(error instanceof Rejected))
      logger.error({ message: `The command ${pattern} failed.`, commandId, correlationId, err: error });
    return replyOf(error);
  }
};

/** Throws what the handler throws, so that the batch comes again. */
export const runFacts = async (handler: MessageHandler, topic: string, facts: FactBatch): Promise<void> => {
  await resultOf(handler, facts, { topic });
};
