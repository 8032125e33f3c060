import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { openDatabase } from '@tenure/database';
import {
  ErrorsReachTransport,
  factConsumer,
  type CommandContext,
  type CommandMessage,
  type Fact,
} from '@tenure/messaging';
import { kafkaTransport } from '../kafka-transport.ts';
import { aesSealer } from './aes-sealer.ts';

/**
 * A replica in a process of its own, to be killed. It consumes facts by itself; commands it relays to the test's process, which has the store:
 * killed in between, its command may or may not have had its effect.
 */
const { brokers, commandTopic, factTopic, databaseUrl, sessionMs } = JSON.parse(process.argv[2]!) as Record<
  string,
  string
> & { sessionMs: number };

const waiting = new Map<string, (result: unknown) => void>();
process.on('message', ({ id, result }: { id: string; result: unknown }) => {
  waiting.get(id)?.(result);
  waiting.delete(id);
});
const relay = (message: CommandMessage, { place }: CommandContext) =>
  new Promise((resolve) => {
    const id = randomUUID();
    waiting.set(id, resolve);
    process.send!({ id, message, place });
  });

const database = await openDatabase({ url: databaseUrl!, applicationName: 'replica', poolSize: 5 });
const facts = factConsumer({
  name: 'tally',
  database,
  schema: 'public',
  handle: async (sql, { stream, revision }) => {
    await sql.query({ text: 'insert into seen (stream, revision) values ($1, $2)', values: [stream, revision] });
  },
});

@Controller()
class RelayController {
  @MessagePattern('tally.set')
  set(@Payload() message: CommandMessage, @Ctx() context: CommandContext) {
    return relay(message, context);
  }

  @EventPattern<string>(factTopic!)
  consume(@Payload() batch: readonly Fact[]) {
    return facts.consume(batch);
  }
}

@Module({ controllers: [RelayController] })
class RelayModule {}

const transport = kafkaTransport({
  brokers: [brokers!],
  clientId: 'replica',
  instanceId: randomUUID(),
  sealer: aesSealer,
  factTopics: [factTopic!],
  partitions: 12,
  sessionMs,
});
const strategy = transport.server({ consumer: 'tally', commandTopic: commandTopic! });
const app = await NestFactory.createMicroservice(RelayModule, { strategy, logger: ['error'] });
app.useGlobalFilters(new ErrorsReachTransport());
await app.listen();
process.send!({ ready: true });
