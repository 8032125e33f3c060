import type { LoggerService } from '@nestjs/common';
import type { MessageHandler } from '@nestjs/microservices';
import { keyedQueue, runCommandHandler, type MessageSealer, type Reply } from '@tenure/messaging';
import type { KafkaMessage } from 'kafkajs';
import type { Taken } from './group-consumer.ts';
import type { Replies } from './replies.ts';
import { commandHeaders, decodeCommand, encodeReply, type CommandHeaders } from './wire.ts';

export type CommandIntake = { take: (taken: Taken) => void; idle: () => Promise<void>; waiting: () => number };

type Needs = {
  handlerOf: (pattern: string) => MessageHandler | null;
  sealer: MessageSealer;
  replies: Replies;
  logger: LoggerService;
};

/** Runs commands in order per key, keys at the same time; answers or drops each, parks none (design, decision 9). */
export const commandIntake = ({ handlerOf, sealer, replies, logger }: Needs): CommandIntake => {
  const queue = keyedQueue();

  const run = async (headers: CommandHeaders, { topic, partition }: Taken, message: KafkaMessage): Promise<Reply> => {
    const { pattern, tenant } = headers;
    const place = { log: `${topic}/${partition}`, offset: Number(message.offset), at: Number(message.timestamp) };
    try {
      return await runCommandHandler(
        handlerOf(pattern),
        pattern,
        await decodeCommand(sealer, tenant, message),
        { place },
        logger,
      );
    } catch (error) {
      logger.error({ message: `A command ${pattern} could not be opened.`, place, err: error });
      return { kind: 'failed' };
    }
  };

  const answer = async ({ pattern, tenant, replyTo }: CommandHeaders, reply: Reply) => {
    if (!replyTo) return;
    try {
      const message = await encodeReply(sealer, tenant, replyTo.id, reply).catch(() =>
        encodeReply(sealer, tenant, replyTo.id, { kind: 'failed' }),
      );
      await replies.send(replyTo.topic, message);
    } catch (error) {
      // Its asker is gone, or repeats it and is answered then.
      logger.warn({
        message: `The answer to a command ${pattern} could not be sent.`,
        reason: (error as Error).message,
      });
    }
  };

  /** Nobody waits for it any more after its deadline; what nobody sent is no command. */
  const isDue = (headers: CommandHeaders | undefined): headers is CommandHeaders =>
    headers !== undefined && Date.now() <= headers.deadline;

  return {
    take: (taken) => {
      for (const message of taken.messages) {
        const headers = commandHeaders(message);
        queue.push(String(message.key), async () => {
          if (isDue(headers)) {
            const reply = await run(headers, taken, message);
            // The next command of the key need not wait for the answer to be sent.
            void answer(headers, reply);
          }
          taken.done(message);
        });
      }
    },
    idle: () => queue.idle(),
    waiting: () => queue.size,
  };
};
