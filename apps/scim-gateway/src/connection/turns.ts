import { problem } from '@tenure/scim';

export const AT_ONCE = 64;
export const MAY_WAIT = 64;

/** Requests of one connection that are being served or wait for it, so that one client can't take all there is from the others. */
export type Turns = {
  /** Resolves with what ends the turn, once there is one; refuses (429) where too many wait already. */
  take: (connection: string) => Promise<() => void>;
};

export const turns = (atOnce = AT_ONCE, mayWait = MAY_WAIT): Turns => {
  const queues = new Map<string, { served: number; waiting: (() => void)[] }>();

  const end = (connection: string) => {
    const queue = queues.get(connection)!;
    const next = queue.waiting.shift();
    if (next) return next();
    queue.served -= 1;
    if (queue.served === 0) queues.delete(connection);
  };
  const once = (connection: string) => {
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      end(connection);
    };
  };

  return {
    take: async (connection) => {
      const queue = queues.get(connection) ?? { served: 0, waiting: [] };
      queues.set(connection, queue);
      if (queue.served < atOnce) queue.served += 1;
      else if (queue.waiting.length < mayWait) await new Promise<void>((resolve) => queue.waiting.push(resolve));
      else
        throw problem(
          429,
          `This connection has ${atOnce} requests in flight and ${mayWait} waiting. Try again in a second.`,
        );
      return once(connection);
    },
  };
};
