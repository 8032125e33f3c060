import { randomUUID } from 'node:crypto';
import type { Place } from '@tenure/eventing';
import type { CommandCarrier } from '../command-client.ts';
import { keyedQueue } from '../keyed-queue.ts';
import type { Reply } from '../reply.ts';
import type { CommandMessage } from '../transport.ts';

/** Who runs the commands of a log; several take part as the replicas of a service do. */
export type CommandServer = {
  knows: (pattern: string) => boolean;
  run: (pattern: string, message: CommandMessage, place: Place) => Promise<Reply>;
};

export type CommandLog = CommandCarrier & {
  join: (server: CommandServer) => void;
  leave: (server: CommandServer) => void;
  readonly size: number;
  /** What still waits for a server is dropped. */
  close: () => void;
};

/** As a wire would: what arrives is JSON, and nobody's own object. */
const copied = <T>(value: T): T => (value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T));

/** Offsets count from the start of the process; another process has another log, so its places are never taken for these. */
export const placesOfThisProcess = (): (() => Place) => {
  const log = `in-process/${randomUUID()}`;
  let offset = 0;
  return () => ({ log, offset: ++offset, at: Date.now() });
};

/** The topic of commands of a process: in order per key, waiting (until their deadline) while nobody serves it. */
export const commandLog = (nextPlace: () => Place): CommandLog => {
  const servers = new Set<CommandServer>();
  const queue = keyedQueue();
  let joined: (() => void)[] = [];
  let closed = false;
  const wakeAll = () => {
    for (const wake of joined) wake();
    joined = [];
  };

  /** A server, as soon as there is one; undefined once the deadline has passed. */
  const serverFor = async (pattern: string, deadline: number): Promise<CommandServer | undefined> => {
    while (servers.size === 0) {
      const left = deadline - Date.now();
      if (left <= 0 || closed) return undefined;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        joined.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return [...servers].find((server) => server.knows(pattern)) ?? [...servers][0];
  };

  const ask = (pattern: string, message: CommandMessage): Promise<Reply> => {
    const arrived = copied(message);
    const place = nextPlace();
    return new Promise((resolve) => {
      queue.push(arrived.key, async () => {
        const server = await serverFor(pattern, arrived.deadline);
        if (server && Date.now() <= arrived.deadline) resolve(copied(await server.run(pattern, arrived, place)));
      });
    });
  };

  return {
    join: (server) => {
      servers.add(server);
      wakeAll();
    },
    leave: (server) => void servers.delete(server),
    ask,
    tell: async (pattern, message) => {
      void ask(pattern, message);
    },
    get size() {
      return queue.size;
    },
    close: () => {
      closed = true;
      wakeAll();
    },
  };
};
