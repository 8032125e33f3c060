import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { noReply, valueOf, type Reply } from '../reply.ts';
import type { CommandMessage } from '../transport.ts';
import type { CommandLog } from './command-log.ts';

/** Asks the servers of this process. */
export class InProcessClient extends ClientProxy {
  private readonly waiting = new Set<() => void>();

  constructor(private readonly log: CommandLog) {
    super();
  }

  async connect(): Promise<void> {}

  /** Whoever still waits hears that no answer came. */
  close(): void {
    for (const giveUp of this.waiting) giveUp();
  }

  unwrap<T>(): T {
    return this.log as T;
  }

  protected publish({ pattern, data }: ReadPacket<CommandMessage>, callback: (packet: WritePacket) => void): () => void {
    const stop = () => {
      clearTimeout(timer);
      this.waiting.delete(giveUp);
    };
    const giveUp = () => {
      stop();
      callback({ err: noReply() });
    };
    const answer = (reply: Reply) => {
      if (!this.waiting.has(giveUp)) return;
      stop();
      answerWith(callback, reply);
    };
    const timer = setTimeout(giveUp, Math.max(0, data.deadline - Date.now()));
    this.waiting.add(giveUp);
    void this.log.append(this.normalizePattern(pattern as string), data).then(answer);
    return stop;
  }

  protected async dispatchEvent<T>({ pattern, data }: ReadPacket<CommandMessage>): Promise<T> {
    void this.log.append(this.normalizePattern(pattern as string), data);
    return undefined as T;
  }
}

/** Hands a reply to Nest. The value and the end come apart: together, Nest takes an undefined value for none at all. */
export const answerWith = (callback: (packet: WritePacket) => void, reply: Reply): void => {
  try {
    callback({ response: valueOf(reply) });
    callback({ isDisposed: true });
  } catch (err) {
    callback({ err });
  }
};
