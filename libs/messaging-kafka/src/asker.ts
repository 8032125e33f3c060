import type { LoggerService } from '@nestjs/common';
import {
  keyedQueue,
  type CommandCarrier,
  type CommandMessage,
  type MessageSealer,
  type Reply,
} from '@tenure/messaging';
import type { KafkaMessage } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { producerOf, type KafkaClients } from './connection.ts';
import { groupConsumer, type Taken } from './group-consumer.ts';
import { outbox } from './outbox.ts';
import { deleteReplies, ensureTopics, reapOrphans, replyTopicOf, type Topic } from './topics.ts';
import { decodeReply, encodeCommand, replyId, type CommandHeaders } from './wire.ts';

export type Asker = CommandCarrier & {
  /** Resolves once replies can be received. */
  joined: Promise<void>;
  isJoined: () => boolean;
  close: () => Promise<void>;
};

export type AskerOptions = {
  kafka: KafkaClients;
  instanceId: string;
  commands: Topic;
  sessionMs: number;
  sealer: MessageSealer;
  logger: LoggerService;
};

const RECONNECT_AFTER_MS = 500;
const SWEEP_EVERY_MS = 5000;
const REAP_EVERY_MS = 3_600_000;

/** Sends commands, and receives their replies in a topic of this instance that exists and is joined before the first is sent (design, decision 9). */
export const openAsker = ({ kafka, instanceId, commands, sessionMs, sealer, logger }: AskerOptions): Asker => {
  const replyTopic = replyTopicOf(commands.topic, instanceId);
  const waiting = new Map<string, { answer: (reply: Reply) => void; deadline: number }>();
  let asked = 0;

  const receive = async (message: KafkaMessage) => {
    const id = replyId(message);
    const asker = id === undefined ? undefined : waiting.get(id);
    if (!asker) return;
    waiting.delete(id!);
    asker.answer(await decodeReply(sealer, message).catch(() => ({ kind: 'failed' }) as const));
  };

  const take = ({ messages, done }: Taken) => {
    for (const message of messages) {
      void receive(message);
      done(message);
    }
  };
  const inbox = groupConsumer({
    kafka: kafka.data,
    groupId: replyTopic,
    topics: [replyTopic],
    sessionMs,
    bound: Infinity,
    prepare: () => ensureTopics(kafka.admin, [commands, { topic: replyTopic, kind: 'replies', partitions: 1 }]),
    take,
    logger,
  });

  const producer = producerOf(kafka.data);
  let isConnected = false;
  const connect = async () => {
    // The topic exists once the inbox was joined.
    await inbox.joined;
    while (!isConnected && !closing) {
      isConnected = await producer.connect().then(
        () => true,
        () => sleep(RECONNECT_AFTER_MS, false),
      );
    }
  };
  let closing: Promise<void> | undefined;
  const connected = connect();
  // All in-sync replicas must have a command: one that awaits no reply would be lost without a trace.
  const box = outbox(async (messages) => {
    await connected;
    await producer.send({ topic: commands.topic, acks: -1, messages });
  });

  const reap = () =>
    void reapOrphans(kafka.admin, commands.topic).then(
      (orphans) =>
        orphans.length > 0 && logger.log(`Deleted ${orphans.length} reply topics of instances that are gone.`),
      () => undefined,
    );
  void inbox.joined.then(reap);
  const timers = [
    setInterval(reap, REAP_EVERY_MS),
    setInterval(() => {
      for (const [id, { deadline }] of waiting) if (Date.now() > deadline) waiting.delete(id);
    }, SWEEP_EVERY_MS),
  ];

  /** Sealing takes turns of its own; commands of a key must leave in the order in which they came. */
  const leaving = keyedQueue();
  const send = (pattern: string, message: CommandMessage, replyTo?: CommandHeaders['replyTo']): Promise<void> =>
    new Promise((resolve, reject) => {
      leaving.push(message.key, async () => {
        try {
          const sealed = await encodeCommand(sealer, pattern, message, replyTo);
          void box.push(sealed).then(resolve, reject);
        } catch (error) {
          reject(error);
        }
      });
    });

  const close = async () => {
    timers.forEach(clearInterval);
    await inbox.close(async () => {
      // What waits for a broker that never came, waits in vain.
      if (isConnected) await Promise.all([leaving.idle(), box.idle()]);
    });
    await producer.disconnect().catch(() => undefined);
    await deleteReplies(kafka.admin, [replyTopic]).catch(() => undefined);
  };

  return {
    joined: connected,
    isJoined: () => isConnected && inbox.isJoined(),
    ask: (pattern, message) => {
      const id = String(++asked);
      return new Promise((resolve, reject) => {
        waiting.set(id, { answer: resolve, deadline: message.deadline });
        send(pattern, message, { topic: replyTopic, id }).catch((error) => {
          waiting.delete(id);
          logger.error({
            message: `A command ${pattern} could not be sent.`,
            commandId: message.commandId,
            err: error,
          });
          reject(error);
        });
      });
    },
    tell: (pattern, message) => send(pattern, message),
    close: () => (closing ??= close()),
  };
};
