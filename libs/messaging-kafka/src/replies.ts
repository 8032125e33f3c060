import type { Kafka, Message, Producer } from 'kafkajs';
import { producerOf } from './connection.ts';
import { outbox, type Outbox } from './outbox.ts';

export type Replies = {
  send: (replyTopic: string, message: Message) => Promise<void>;
  close: () => Promise<void>;
};

const UNUSED_AFTER_MS = 600_000;

/**
 * One producer per asking instance: when an instance is gone its topic is deleted, and a kafkajs producer that ever sent to a deleted topic
 * fails for all topics, with each refresh of its metadata.
 */
export const openReplies = (kafka: Kafka): Replies => {
  type Line = { connected: Promise<Producer>; box: Outbox; usedAt: number };
  const lines = new Map<string, Line>();

  const open = (topic: string): Line => {
    const producer = producerOf(kafka);
    const connected = producer.connect().then(() => producer);
    connected.catch(() => undefined);
    // A lost answer costs a repetition; the leader's word is enough.
    const box = outbox(async (messages) => (await connected).send({ topic, acks: 1, messages }));
    return { connected, box, usedAt: Date.now() };
  };

  const drop = async (topic: string, line: Line) => {
    if (lines.get(topic) === line) lines.delete(topic);
    await line.connected.then((producer) => producer.disconnect()).catch(() => undefined);
  };

  const timer = setInterval(() => {
    for (const [topic, line] of lines) if (Date.now() - line.usedAt > UNUSED_AFTER_MS) void drop(topic, line);
  }, UNUSED_AFTER_MS / 10).unref();

  return {
    send: async (topic, message) => {
      const line = lines.get(topic) ?? open(topic);
      lines.set(topic, line);
      line.usedAt = Date.now();
      try {
        await line.box.push(message);
      } catch (error) {
        await drop(topic, line);
        throw error;
      }
    },
    close: async () => {
      clearInterval(timer);
      await Promise.all([...lines].map(([topic, line]) => line.box.idle().then(() => drop(topic, line))));
    },
  };
};
