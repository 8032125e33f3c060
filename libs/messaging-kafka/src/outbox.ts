import type { Message } from 'kafkajs';

export type Outbox = {
  /** Resolves once the broker has the message. */
  push: (message: Message) => Promise<void>;
  /** Resolves once nothing is on its way. */
  idle: () => Promise<void>;
};

/** What one request carries to one partition is one batch, and the broker's limit of 16 MiB is for the batch. Something larger goes alone. */
const BYTES_A_SEND = 1024 * 1024;

const sizeOf = ({ key, value }: Message) => (key?.length ?? 0) + (value === null ? 0 : Buffer.byteLength(value)) + 256;

export const inChunks = <T>(items: readonly T[], bytesOf: (item: T) => number, limit = BYTES_A_SEND): T[][] => {
  const chunks: T[][] = [];
  let room = 0;
  for (const item of items) {
    const bytes = bytesOf(item);
    if (bytes > room || chunks.length === 0) {
      chunks.push([]);
      room = limit;
    }
    chunks.at(-1)!.push(item);
    room -= bytes;
  }
  return chunks;
};

/** Joins what is sent in one turn of the event loop into one request: one request per message halves the throughput (design, Speed). */
export const outbox = (send: (messages: Message[]) => Promise<unknown>): Outbox => {
  type Entry = { message: Message; resolve: () => void; reject: (error: unknown) => void };
  const onTheirWay = new Set<Promise<void>>();
  let waiting: Entry[] = [];

  const sendChunk = async (entries: Entry[]) => {
    try {
      await send(entries.map(({ message }) => message));
      for (const { resolve } of entries) resolve();
    } catch (error) {
      for (const { reject } of entries) reject(error);
    }
  };

  const flush = () => {
    const entries = waiting;
    waiting = [];
    for (const chunk of inChunks(entries, ({ message }) => sizeOf(message))) {
      const sending = sendChunk(chunk).finally(() => onTheirWay.delete(sending));
      onTheirWay.add(sending);
    }
  };

  return {
    push: (message) =>
      new Promise((resolve, reject) => {
        if (waiting.push({ message, resolve, reject }) === 1) setImmediate(flush);
      }),
    idle: async () => {
      if (waiting.length > 0) await new Promise((resolve) => setImmediate(resolve));
      await Promise.all(onTheirWay);
    },
  };
};
