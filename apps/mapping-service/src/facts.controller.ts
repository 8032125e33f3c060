import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { DIRECTORY_FACTS } from '@tenure/contracts';
import type { FactBatch } from '@tenure/messaging';
import type { Provisioning } from '@tenure/provisioning';

export const PROVISIONING = Symbol('provisioning');

/** What the directory tells of people, groups and tenants (design, decision 13). */
@Controller()
export class FactsController {
  constructor(@Inject(PROVISIONING) private readonly provisioning: Pick<Provisioning, 'consumeDirectoryFacts'>) {}

  @EventPattern<string>(DIRECTORY_FACTS)
  directory(@Payload() facts: FactBatch) {
    return this.provisioning.consumeDirectoryFacts(facts);
  }
}
