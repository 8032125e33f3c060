import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { inCurrentSpan, inSpan, type Rejected } from '@tenure/eventing';
import { sending } from './command-span.ts';
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

  protected publish(
    { pattern, data }: ReadPacket<CommandMessage>,
    callback: (packet: WritePacket) => void,
  ): () => void {
    const name = this.normalizePattern(pattern as string);
    let nobodyAnswers!: (reason: Rejected) => void;
    const noAnswer = new Promise<never>((_, reject) => (nobodyAnswers = reject));
    const giveUp = () => {
      if (this.waiting.delete(giveUp)) nobodyAnswers(noReply());
    };
    const timer = setTimeout(giveUp, Math.max(0, data.deadline - Date.now()));
    this.waiting.add(giveUp);
    const ask = async () => {
      try {
        const reply = this.carrier.ask(name, inCurrentSpan(data)).catch(() => Promise.reject(noReply()));
        return valueOf(await Promise.race([reply, noAnswer]));
      } finally {
        clearTimeout(timer);
        this.waiting.delete(giveUp);
      }
    };
    void answerWith(callback, inSpan(sending(name, data), ask));
    return giveUp;
  }

  protected async dispatchEvent<T>({ pattern, data }: ReadPacket<CommandMessage>): Promise<T> {
    const name = this.normalizePattern(pattern as string);
    await inSpan(sending(name, data), () => this.carrier.tell(name, inCurrentSpan(data)));
    return undefined as T;
  }
}

/** Hands an answer to Nest. The value and the end come apart: together, Nest takes an undefined value for none at all. */
const answerWith = async (callback: (packet: WritePacket) => void, answer: Promise<unknown>): Promise<void> => {
  try {
    callback({ response: await answer });
    callback({ isDisposed: true });
  } catch (err) {
    callback({ err });
  }
};
