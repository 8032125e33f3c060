import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import type { Follower, Place } from '@tenure/eventing';
import type { Reply } from '../reply.ts';
import { runCommandHandler, runFacts } from '../run-handler.ts';
import type { CommandMessage, FactBatch } from '../transport.ts';
import type { CommandLog, CommandServer } from './command-log.ts';

export type InProcessServerNeeds = {
  consumer: string;
  log: CommandLog | undefined;
  /** Makes the checkpoints' table and starts to hand the facts of a topic to `consume`. */
  follow: (topic: string, consume: (facts: FactBatch) => Promise<void>) => Promise<Follower>;
  closed: (server: InProcessServer) => void;
};

/** Runs the commands of its log and follows the store for each fact topic that a controller listens to. */
export class InProcessServer extends Server implements CustomTransportStrategy, CommandServer {
  override readonly transportId = Symbol.for('tenure/in-process');
  private readonly running = new Set<Promise<Reply>>();
  readonly followers = new Map<string, Follower>();

  constructor(private readonly needs: InProcessServerNeeds) {
    super();
  }

  get consumer(): string {
    return this.needs.consumer;
  }

  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      for (const [topic, handler] of this.messageHandlers)
        if (handler.isEventHandler) await this.followTopic(topic, handler);
      this.needs.log?.join(this);
      callback();
    } catch (error) {
      callback(error);
    }
  }

  private async followTopic(topic: string, handler: MessageHandler): Promise<void> {
    this.followers.set(topic, await this.needs.follow(topic, (facts) => runFacts(handler, topic, facts)));
  }

  /** Stops following a topic while `work` runs. */
  async whileNotFollowing(topic: string, work: () => Promise<void>): Promise<void> {
    const handler = this.getHandlerByPattern(topic);
    await this.followers.get(topic)?.stop();
    try {
      await work();
    } finally {
      if (handler) await this.followTopic(topic, handler);
    }
  }

  /** Takes no more commands, and finishes those that run. */
  async close(): Promise<void> {
    this.needs.log?.leave(this);
    await Promise.allSettled([...this.running, ...[...this.followers.values()].map((follower) => follower.stop())]);
    this.followers.clear();
    this.needs.closed(this);
  }

  knows(pattern: string): boolean {
    return this.handlerOf(pattern) !== null;
  }

  run(pattern: string, message: CommandMessage, place: Place): Promise<Reply> {
    const reply = runCommandHandler(this.handlerOf(pattern), pattern, message, { place }, this.logger);
    this.running.add(reply);
    void reply.finally(() => this.running.delete(reply));
    return reply;
  }

  /** Patterns are plain words: Nest's own look-up tries each as JSON first, which costs more than the rest of the way. */
  private handlerOf(pattern: string): MessageHandler | null {
    const handler = this.messageHandlers.get(pattern);
    return handler && !handler.isEventHandler ? handler : null;
  }

  on(): void {}

  unwrap<T>(): T {
    return this.needs.log as T;
  }
}
