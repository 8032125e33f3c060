import { Controller, Inject, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { handle, Rejected, type EventSource } from '@tenure/eventing';
import { memorySealer } from '@tenure/eventing/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorsReachTransport } from '../connect-transport.ts';
import { factConsumer, type FactConsumer } from '../facts/fact-consumer.ts';
import type { CommandContext, CommandMessage, Fact, Transport } from '../transport.ts';
import { tallyAggregate, type SetTally } from './tally.ts';
import { see, type Journal, type TransportWorld } from './world.ts';

/** One process of the contract's service. */
export type Replica = { name: string; transport: Transport; facts: FactConsumer; stop: () => Promise<void> };

type Needs = { name: string; source: EventSource; journal: Journal; facts: FactConsumer };
const NEEDS = 'Needs';

/** The handler of `tally.set`, as a service has it: the whole of the command side is `handle`. */
export const setTally = async (source: EventSource, message: CommandMessage<SetTally>, { place }: CommandContext) => {
  const { tenantId, key, actor, commandId, correlationId, causationId, traceparent, deadline, payload } = message;
  const metadata = {
    tenantId,
    actor,
    commandId,
    place,
    correlationId,
    causationId,
    traceparent,
    occurredAt: new Date().toISOString(),
  };
  const { state, revision } = await handle(source, tallyAggregate, {
    tenantId,
    id: key,
    metadata,
    command: payload,
    deadline,
  });
  return { value: state.value, revision };
};

const controllerOf = (factTopic: string): Type => {
  @Controller()
  class TallyController {
    constructor(@Inject(NEEDS) private readonly needs: Needs) {}

    @MessagePattern('tally.set')
    set(@Payload() message: CommandMessage<SetTally>, @Ctx() context: CommandContext) {
      return this.noted(message, () => setTally(this.needs.source, message, context));
    }

    /** Takes its time; then does what `tally.set` does. */
    @MessagePattern('tally.set-slowly')
    setSlowly(@Payload() message: CommandMessage<SetTally & { ms: number }>, @Ctx() context: CommandContext) {
      return this.noted(message, async () => {
        await sleep(message.payload.ms);
        return setTally(this.needs.source, { ...message, deadline: message.deadline + message.payload.ms }, context);
      });
    }

    @MessagePattern('tally.place')
    place(@Payload() message: CommandMessage, @Ctx() { place }: CommandContext) {
      return this.noted(message, async () => place);
    }

    @MessagePattern('tally.echo')
    echo(@Payload() { payload }: CommandMessage) {
      return (payload as { answer?: unknown }).answer;
    }

    @MessagePattern('tally.refuse')
    refuse() {
      throw new Rejected('unprocessable', 'tally/refused', 'A rule said no.', [
        { field: 'value', message: 'It is odd.' },
      ]);
    }

    @MessagePattern('tally.fail')
    fail() {
      throw new Error('a detail that nobody outside may see');
    }

    @EventPattern<string>(factTopic)
    consume(@Payload() facts: readonly Fact[]) {
      return this.needs.facts.consume(facts);
    }

    private async noted<T>({ key, commandId }: CommandMessage, work: () => Promise<T>): Promise<T> {
      const run = { replica: this.needs.name, key, commandId, startedAt: performance.now(), endedAt: 0 };
      this.needs.journal.runs.push(run);
      try {
        return await work();
      } finally {
        run.endedAt = performance.now();
      }
    }
  }
  return TallyController;
};

/** Boots the service as an app does: a real Nest microservice on the transport. */
export const startReplica = async (world: TransportWorld, journal: Journal, name: string): Promise<Replica> => {
  const { store, database, commandTopic, factTopic } = world;
  const facts = factConsumer({
    name: 'tally',
    database,
    schema: 'public',
    attempts: 1,
    retryAfterMs: 60_000,
    handle: async (sql, fact) => {
      if (journal.poison.has(fact.stream)) throw new Rejected('invalid', 'tally/poison', 'It can not be applied.');
      await see(sql, fact);
    },
  });
  const needs: Needs = { name, source: { store, sealer: memorySealer() }, journal, facts };

  @Module({ controllers: [controllerOf(factTopic)], providers: [{ provide: NEEDS, useValue: needs }] })
  class TallyModule {}

  const transport = await world.join();
  const app = await NestFactory.createMicroservice(TallyModule, {
    strategy: transport.server({ consumer: 'tally', commandTopic }),
    logger: false,
  });
  app.useGlobalFilters(new ErrorsReachTransport());
  await app.listen();
  return {
    name,
    transport,
    facts,
    stop: async () => {
      await app.close();
      await transport.close();
      await facts.stop();
    },
  };
};
