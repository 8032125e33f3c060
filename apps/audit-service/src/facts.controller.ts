import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { DIRECTORY_FACTS, PROVISIONING_FACTS } from '@tenure/contracts';
import type { FactBatch, FactConsumer } from '@tenure/messaging';

export const FACT_CONSUMERS = Symbol('fact consumers');
export type FactConsumers = readonly Pick<FactConsumer, 'consume'>[];

/** All facts of both domains go into the ledger, and to the webhooks that want to hear of them. */
@Controller()
export class FactsController {
  constructor(@Inject(FACT_CONSUMERS) private readonly consumers: FactConsumers) {}

  @EventPattern<string>(DIRECTORY_FACTS)
  directory(@Payload() facts: FactBatch) {
    return this.consume(facts);
  }

  @EventPattern<string>(PROVISIONING_FACTS)
  provisioning(@Payload() facts: FactBatch) {
    return this.consume(facts);
  }

  private async consume(facts: FactBatch) {
    for (const consumer of this.consumers) await consumer.consume(facts);
  }
}
