import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import type { ConsumerStatus, MessageSealer } from '@tenure/messaging';
import { commandIntake, type CommandIntake } from './command-intake.ts';
import type { KafkaClients } from './connection.ts';
import { factIntake } from './fact-intake.ts';
import { groupConsumer, type GroupConsumer } from './group-consumer.ts';
import { openReplies, type Replies } from './replies.ts';
import { ensureTopics, type Topic } from './topics.ts';

export type KafkaServerNeeds = {
  kafka: KafkaClients;
  consumer: string;
  commands: Topic | undefined;
  factTopics: ReadonlyMap<string, Topic>;
  sessionMs: number;
  sealer: MessageSealer;
  closed: (server: KafkaServer) => void;
};

/** Commands of a partition in flight. What takes long fills its own partition only. */
const COMMAND_BOUND = 256;
/** Facts of a partition in memory; a batch is at most so large. */
const FACT_BOUND = 500;

/** The consumer group that takes the facts of a service. */
export const factGroupOf = (consumer: string) => `${consumer}.facts`;

/** Runs commands and consumes facts as a member of the groups of its service. */
export class KafkaServer extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol.for('tenure/kafka');
  /** What was joined, and how to leave it. */
  private members: { member: GroupConsumer; isFailing: (topic: string) => boolean; leave: () => Promise<void> }[] = [];
  private intake: CommandIntake | undefined;
  private readonly replies: Replies;

  constructor(private readonly needs: KafkaServerNeeds) {
    super();
    this.replies = openReplies(needs.kafka.data);
  }

  /** Calls back once all groups are joined, however long Kafka may take. */
  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      this.joinFacts();
      this.joinCommands();
      await Promise.all(this.members.map(({ member }) => member.joined));
      callback();
    } catch (error) {
      callback(error);
    }
  }

  private joinCommands(): void {
    const { kafka, commands, consumer, sessionMs, sealer } = this.needs;
    if (!commands) return;
    const intake = commandIntake({
      handlerOf: (pattern) => this.handlerOf(pattern, false),
      sealer,
      replies: this.replies,
      logger: this.logger,
    });
    const member = groupConsumer({
      kafka: kafka.data,
      groupId: `${consumer}.${commands.topic}`,
      topics: [commands.topic],
      sessionMs,
      bound: COMMAND_BOUND,
      prepare: () => ensureTopics(kafka.admin, [commands]),
      take: intake.take,
      logger: this.logger,
    });
    this.intake = intake;
    this.members.push({ member, isFailing: () => false, leave: () => member.close(intake.idle) });
  }

  private joinFacts(): void {
    const { kafka, consumer, factTopics, sessionMs } = this.needs;
    const listened = [...this.messageHandlers].filter(([, handler]) => handler.isEventHandler).map(([topic]) => topic);
    if (listened.length === 0) return;
    const unknown = listened.find((topic) => !factTopics.has(topic));
    if (unknown !== undefined)
      throw new Error(
        `${consumer} listens to ${unknown}, which is not among the fact topics ${[...factTopics.keys()].join(', ')}.`,
      );
    const intake = factIntake((topic) => this.handlerOf(topic, true), this.logger);
    const member = groupConsumer({
      kafka: kafka.data,
      groupId: factGroupOf(consumer),
      topics: listened,
      sessionMs,
      bound: FACT_BOUND,
      prepare: () =>
        ensureTopics(
          kafka.admin,
          listened.map((topic) => factTopics.get(topic)!),
        ),
      take: intake.take,
      logger: this.logger,
    });
    this.members.push({ member, isFailing: intake.isFailing, leave: () => member.close(intake.stop) });
  }

  private handlerOf(pattern: string, isEvent: boolean): MessageHandler | null {
    const handler = this.getHandlerByPattern(pattern);
    return handler && Boolean(handler.isEventHandler) === isEvent ? handler : null;
  }

  get groups(): readonly GroupConsumer[] {
    return this.members.map(({ member }) => member);
  }

  /** A member that has not joined knows of nothing that waits: it is failing until it has. */
  consumers(): ConsumerStatus[] {
    return this.members.flatMap(({ member, isFailing }) =>
      member.topics.map((topic) => {
        const failing = member.isJoined() ? isFailing(topic) && 'Its facts come again.' : 'It has not joined.';
        return { name: `${this.needs.consumer}/${topic}`, lagMs: member.lagMs(topic), ...(failing && { failing }) };
      }),
    );
  }

  get commandsInFlight(): number {
    return this.intake?.waiting() ?? 0;
  }

  /** Takes nothing more, finishes and answers what runs, commits and leaves. */
  async close(): Promise<void> {
    await Promise.all(this.members.map(({ leave }) => leave()));
    this.members = [];
    await this.replies.close();
    this.needs.closed(this);
  }

  on(): void {}

  unwrap<T>(): T {
    return this.needs.kafka as T;
  }
}
