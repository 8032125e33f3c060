import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { noReply, valueOf, type Reply } from './reply.ts';
import type { CommandMessage } from './transport.ts';

/** How a transport carries a command to whoever runs it. */
export type CommandCarrier = {
  /** Resolves with the answer; rejects when the command can't be sent; otherwise stays pending. */
  ask: (pattern: string, message: CommandMessage) => Promise<Reply>;
  /** Resolves once the command will be run. */
  tell: (pattern: string, message: CommandMessage) => Promise<void>;
};

/** Nest's side of asking: the same on every transport. Whatever happens on the way, an asker hears something by its deadline. */
export class CommandClient extends ClientProxy {
  private readonly waiting = new Set<() => void>();

  constructor(private readonly carrier: CommandCarrier) {
    super();
  }

  /** The transport connects by itself; a command that comes before waits, up to its deadline. */
  async connect(): Promise<void> {}

  /** Whoever still waits hears that no answer came. */
  close(): void {
    for (const giveUp of this.waiting) giveUp();
  }

  unwrap<T>(): T {
    return this.carrier as T;
  }

  protected publish({ pattern, data }: ReadPacket<CommandMessage>, callback: (packet: WritePacket) => void): () => void {
    const stop = () => {
      clearTimeout(timer);
      return this.waiting.delete(giveUp);
    };
    const giveUp = () => {
      if (stop()) callback({ err: noReply() });
    };
    const answer = (reply: Reply) => {
      if (stop()) answerWith(callback, reply);
    };
    const timer = setTimeout(giveUp, Math.max(0, data.deadline - Date.now()));
    this.waiting.add(giveUp);
    this.carrier.ask(this.normalizePattern(pattern as string), data).then(answer, giveUp);
    return stop;
  }

  protected async dispatchEvent<T>({ pattern, data }: ReadPacket<CommandMessage>): Promise<T> {
    await this.carrier.tell(this.normalizePattern(pattern as string), data);
    return undefined as T;
  }
}

/** Hands a reply to Nest. The value and the end come apart: together, Nest takes an undefined value for none at all. */
const answerWith = (callback: (packet: WritePacket) => void, reply: Reply): void => {
  try {
    callback({ response: valueOf(reply) });
    callback({ isDisposed: true });
  } catch (err) {
    callback({ err });
  }
};
