import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { DIRECTORY_FACTS, PROVISIONING_FACTS } from '@tenure/contracts';
import type { FactBatch, FactConsumer } from '@tenure/messaging';

export const LEDGER = Symbol('ledger');

/** All facts of both domains go into the ledger. */
@Controller()
export class FactsController {
  constructor(@Inject(LEDGER) private readonly ledger: FactConsumer) {}

  @EventPattern<string>(DIRECTORY_FACTS)
  directory(@Payload() facts: FactBatch) {
    return this.ledger.consume(facts);
  }

  @EventPattern<string>(PROVISIONING_FACTS)
  provisioning(@Payload() facts: FactBatch) {
    return this.ledger.consume(facts);
  }
}
