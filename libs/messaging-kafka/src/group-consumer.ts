import type { LoggerService } from '@nestjs/common';
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { retries } from './connection.ts';
import { partitionOffsets, type PartitionOffsets } from './partition-offsets.ts';

/** Messages of one partition, in order, that nobody here works on yet. */
export type Taken = {
  topic: string;
  partition: number;
  messages: readonly KafkaMessage[];
  done: (message: KafkaMessage) => void;
  /** Whether the partition went to another member meanwhile. */
  isLost: () => boolean;
};

export type GroupConsumerOptions = {
  kafka: Kafka;
  groupId: string;
  topics: readonly string[];
  sessionMs: number;
  /** So many messages of a partition may be in flight; then it is paused, and only it. */
  bound: number;
  /** Before each start: the topics must exist. */
  prepare: () => Promise<void>;
  /** Must return at once: fetching, and with it the heartbeat, waits for it. */
  take: (taken: Taken) => void;
  logger: LoggerService;
};

export type GroupConsumer = {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Resolves when the group was joined for the first time. */
  joined: Promise<void>;
  isJoined: () => boolean;
  /** How old the oldest message of a topic is that was fetched here and is not done. What is not done is fetched before all else, so nothing waits for longer. */
  lagMs: (topic: string) => number;
  /** Takes no more messages; waits for `drained`; commits what is done; leaves the group. */
  close: (drained: () => Promise<void>) => Promise<void>;
};

/** A fetch waits so long for a first byte, and a heartbeat follows each: this is the timer of the heartbeat. */
const FETCH_WAIT_MS = 500;
/**
 * Once somebody joins, the others must join again within this; who was killed is given up then, not only when its session is over. Members here
 * never wait for work, so they hear of it with their next heartbeat. (Whoever took the place of a killed one joined after 8.0 s, the session; now after 3.1 s.)
 */
const REJOIN_WITHIN_MS = 3000;
const COMMIT_EVERY_MS = 1000;
const RESTART_AFTER_MS = 500;

/**
 * A member of a consumer group that never waits for work: messages are handed over as they are fetched, offsets are committed on a timer as the
 * low-water mark of what is done, and whatever ends kafkajs' consumer, another one is started (design, decision 9).
 */
export const groupConsumer = (options: GroupConsumerOptions): GroupConsumer => {
  const { kafka, groupId, topics, sessionMs, bound, prepare, take, logger } = options;
  type Owned = { topic: string; partition: number; offsets: PartitionOffsets; committed?: number; paused: boolean };
  const owned = new Map<string, Owned>();
  const stopping = new AbortController();
  const stopped = new Promise<undefined>((resolve) =>
    stopping.signal.addEventListener('abort', () => resolve(undefined)),
  );
  let consumer: Consumer | undefined;
  let joinedNow = false;
  let onJoined!: () => void;
  const joined = new Promise<void>((resolve) => (onJoined = resolve));

  const keyOf = (topic: string, partition: number) => `${topic}/${partition}`;
  const ownerOf = (topic: string, partition: number): Owned => {
    const found = owned.get(keyOf(topic, partition));
    if (found) return found;
    const fresh: Owned = { topic, partition, offsets: partitionOffsets(), paused: false };
    owned.set(keyOf(topic, partition), fresh);
    return fresh;
  };

  /** Between two lives, kafkajs throws; there is nothing to pause or resume then. */
  const whileRunning = (act: (current: Consumer) => void) => {
    try {
      if (consumer) act(consumer);
    } catch {
      // Not started yet, or crashed a moment ago: it starts with everything resumed.
    }
  };

  /** What stays keeps its offsets: messages in flight are fetched again after a rebalance, and must be known. */
  const assigned = (assignment: Record<string, number[]>) => {
    for (const [key, { topic, partition }] of owned) if (!assignment[topic]?.includes(partition)) owned.delete(key);
    // kafkajs remembers what was paused when the partition was here before.
    const active = Object.entries(assignment).map(([topic, partitions]) => ({
      topic,
      partitions: partitions.filter((partition) => !owned.get(keyOf(topic, partition))?.paused),
    }));
    if (!stopping.signal.aborted) whileRunning((current) => current.resume(active));
    joinedNow = true;
    onJoined();
  };

  const done = (own: Owned, offset: number) => {
    own.offsets.done(offset);
    if (!own.paused || own.offsets.inFlight > bound / 2 || stopping.signal.aborted) return;
    own.paused = false;
    whileRunning((current) => current.resume([{ topic: own.topic, partitions: [own.partition] }]));
  };

  const eachBatch = async (payload: EachBatchPayload) => {
    const { topic, partition, messages } = payload.batch;
    if (stopping.signal.aborted) return;
    const own = ownerOf(topic, partition);
    const fresh: KafkaMessage[] = [];
    for (const message of messages) {
      if (own.offsets.inFlight >= bound) {
        own.paused = true;
        payload.pause();
        break;
      }
      if (own.offsets.admit(Number(message.offset), Number(message.timestamp))) fresh.push(message);
      payload.resolveOffset(message.offset);
    }
    if (fresh.length === 0) return;
    take({
      topic,
      partition,
      messages: fresh,
      done: ({ offset }) => done(own, Number(offset)),
      isLost: () => owned.get(keyOf(topic, partition)) !== own,
    });
  };

  const commit = async () => {
    const due = [...owned.values()].flatMap((own) => {
      const offset = own.offsets.lowWater();
      return offset === undefined || offset === own.committed ? [] : [{ own, offset }];
    });
    if (due.length === 0 || !consumer || !joinedNow) return;
    await consumer.commitOffsets(
      due.map(({ own: { topic, partition }, offset }) => ({ topic, partition, offset: String(offset) })),
    );
    for (const { own, offset } of due) own.committed = offset;
  };
  let committing: Promise<void> | undefined;
  /** What can't be committed is handled again: commands and facts are known by their ids. */
  const commitNow = () =>
    (committing ??= commit()
      .catch(() => undefined)
      .finally(() => (committing = undefined)));
  const timer = setInterval(() => void commitNow(), COMMIT_EVERY_MS);

  /** One life of kafkajs' consumer; resolves with what ended it. */
  const live = async (): Promise<Error | undefined> => {
    await prepare();
    const current = kafka.consumer({
      groupId,
      sessionTimeout: sessionMs,
      rebalanceTimeout: REJOIN_WITHIN_MS,
      heartbeatInterval: Math.min(1000, sessionMs / 4),
      maxWaitTimeInMs: FETCH_WAIT_MS,
      retry: { ...retries, restartOnFailure: async () => false },
    });
    const { GROUP_JOIN, CRASH } = current.events;
    const crashed = new Promise<Error>((resolve) => void current.on(CRASH, ({ payload }) => resolve(payload.error)));
    current.on(GROUP_JOIN, ({ payload }) => assigned(payload.memberAssignment));
    try {
      await current.connect();
      await current.subscribe({ topics: [...topics], fromBeginning: true });
      consumer = current;
      for (const own of owned.values()) own.paused = false;
      await current.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch });
      return await Promise.race([crashed, stopped]);
    } finally {
      if (!stopping.signal.aborted) {
        joinedNow = false;
        consumer = undefined;
        await current.disconnect().catch(() => undefined);
      }
    }
  };

  const supervise = async () => {
    while (!stopping.signal.aborted) {
      const failure = await live().catch((error: Error) => error);
      if (stopping.signal.aborted) return;
      logger.warn({ message: `${groupId} lost Kafka and joins again.`, reason: failure?.message });
      await sleep(RESTART_AFTER_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const supervised = supervise();

  const close = async (drained: () => Promise<void>) => {
    stopping.abort();
    whileRunning((current) => current.pause(topics.map((topic) => ({ topic }))));
    await Promise.all([drained(), supervised]);
    clearInterval(timer);
    await committing;
    await commitNow();
    await consumer?.disconnect().catch(() => undefined);
    joinedNow = false;
  };
  let closing: Promise<void> | undefined;

  return {
    groupId,
    topics,
    joined,
    isJoined: () => joinedNow,
    lagMs: (topic) => {
      const waitingSince = [...owned.values()].flatMap((own) =>
        own.topic === topic ? (own.offsets.oldestAt() ?? []) : [],
      );
      return Math.max(0, Date.now() - Math.min(...waitingSince));
    },
    close: (drained) => (closing ??= close(drained)),
  };
};
