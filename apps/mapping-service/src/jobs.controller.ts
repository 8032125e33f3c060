import { Controller, Get, Inject, Param } from '@nestjs/common';
import { jobReply } from '@tenure/provisioning';
import { Answers } from '@tenure/platform';
import { APPS, type Apps } from './mapping-api.ts';

@Controller('mapping/v1/tenants/:tenantId/jobs')
export class JobsController {
  constructor(@Inject(APPS) private readonly apps: Apps) {}

  @Get(':id')
  @Answers('How far a job is', jobReply)
  get(@Param('tenantId') tenantId: string, @Param('id') id: string) {
    return this.apps.job(tenantId, id);
  }
}
