import type { ClientProxy, CustomTransportStrategy, Server } from '@nestjs/microservices';
import type { Actor, FollowerStatus, Place, StoredEvent } from '@tenure/eventing';

/** A command as it travels: who wants what of which aggregate, until when. The payload is JSON; on a wire it is sealed with the tenant's transport key. */
export type CommandMessage<Payload = unknown> = {
  tenantId: string;
  /** Id of the aggregate: commands of one key run in order, keys run concurrently. */
  key: string;
  commandId: string;
  actor: Actor;
  connectionId?: string;
  correlationId: string;
  causationId: string;
  /** Real time, ms since the epoch: not executed afterwards, and the asker has stopped waiting. */
  deadline: number;
  traceparent?: string;
  payload: Payload;
};

/** What a handler of a command gets beside the message (`@Ctx()`). */
export type CommandContext = {
  /** Where the command stood in its log: goes into the metadata, so that a redelivered one is known (design, decision 5). */
  place: Place;
};

/** A fact is the stored event with its sealed bytes; its key is the aggregate, so facts of one stream arrive in order. */
export type Fact = StoredEvent;

/** Facts come in batches, in order: `@EventPattern(topic) consume(@Payload() facts: readonly Fact[])`. A throw redelivers the whole batch after a back-off. */
export type FactBatch = readonly Fact[];

/** What a transport tells its operator: whether it takes part, and how far it is behind. */
export type TransportStatus = {
  /** Whether every server and client has joined what it listens to. */
  ready: boolean;
  /** Commands that run or wait for their key. */
  inFlight: number;
  /** How many facts or commands, at least, wait behind what was handled, per consumer, topic and (where the topic has some) partition. */
  lag: readonly { consumer: string; topic: string; partition?: number; waiting: number }[];
};

/** What a consumer of this process tells its operator. `name` is `{consumer}/{topic}`; what it failed on says nothing of people. */
export type ConsumerStatus = Pick<FollowerStatus, 'name' | 'lagMs' | 'failing'>;

export type ServerOptions = {
  consumer: string;
  commandTopic?: string;
  /** How long facts gather before the consumer is handed them (25): a batch costs little more than one. In process only; a broker hands over what it has. */
  gatherMs?: number;
};

/**
 * How commands travel to one service and facts from another; chosen by configuration. In process and on Kafka it means the same
 * (`testing/transport.contract.ts`): a command runs at least once and is answered, or its asker gets `Rejected('unavailable', 'transport/no-reply')`;
 * commands of a key run in order; facts of a key arrive in order and at least once, after a restart from the consumer's last batch.
 */
export type Transport = {
  /** For `connectTransport(app, server)`: `@MessagePattern` for commands of `commandTopic`, `@EventPattern` for fact topics. */
  server: (options: ServerOptions) => Server & CustomTransportStrategy;
  /** For services that send commands. `client.send(pattern, message)` answers with the handler's value, or throws its `Rejected`. `client.emit` awaits no reply. */
  client: (options: { commandTopic: string }) => ClientProxy;
  /** Resolves once every server that listens and every client has joined. Clients start to join when they are made. */
  ready: () => Promise<void>;
  status: () => Promise<TransportStatus>;
  /** How old the oldest message is that each consumer of this process has not handled; asks nobody, so it can be told in an outage. */
  consumers: () => readonly ConsumerStatus[];
  /** Hands the facts of a topic to a consumer again, from the first. On Kafka only while no replica of it listens. */
  rewind: (consumer: string, topic: string) => Promise<void>;
  close: () => Promise<void>;
};

/** Seals commands and replies on a wire with the tenant's transport key (design, decision 11). */
export type MessageSealer = {
  seal: (tenantId: string, json: unknown) => Promise<string>;
  open: (tenantId: string, sealed: string) => Promise<unknown>;
};
