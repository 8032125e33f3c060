import type { LoggerService } from '@nestjs/common';
import type { MessageHandler } from '@nestjs/microservices';
import { keyedQueue, runFacts } from '@tenure/messaging';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Taken } from './group-consumer.ts';
import { decodeFact } from './wire.ts';

export type FactIntake = {
  take: (taken: Taken) => void;
  /** Whether facts of the topic could not be consumed and come again. */
  isFailing: (topic: string) => boolean;
  stop: () => Promise<void>;
};

const LONGEST_BACK_OFF_MS = 5000;

/** Hands the facts of a partition to their handler, batch by batch; a batch that throws comes again, while other partitions go on. */
export const factIntake = (handlerOf: (topic: string) => MessageHandler | null, logger: LoggerService): FactIntake => {
  const queue = keyedQueue();
  const stopping = new AbortController();
  const failing = new Map<string, string>();

  const deliver = async ({ topic, partition, messages, done, isLost }: Taken) => {
    const where = `${topic}/${partition}`;
    const facts = messages.map(decodeFact);
    for (let failures = 1; !isLost() && !stopping.signal.aborted; failures++) {
      try {
        await runFacts(handlerOf(topic)!, topic, facts);
        messages.forEach(done);
        break;
      } catch (error) {
        failing.set(where, topic);
        logger.error({ message: `Facts of ${topic} could not be consumed; they come again.`, failures, err: error });
        await sleep(Math.min(LONGEST_BACK_OFF_MS, 50 * 2 ** failures), undefined, { signal: stopping.signal }).catch(
          () => undefined,
        );
      }
    }
    failing.delete(where);
  };

  return {
    take: (taken) => queue.push(`${taken.topic}/${taken.partition}`, () => deliver(taken)),
    isFailing: (topic) => [...failing.values()].includes(topic),
    stop: () => {
      stopping.abort();
      return queue.idle();
    },
  };
};
