import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { listReply } from '@tenure/contracts';
import { jobListQuery, jobReply, type JobListQuery } from '@tenure/provisioning';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, KeyOf, mayDo, Needs, type CallerKey } from '@tenure/platform';
import { APPS, type Apps } from './mapping-api.ts';

/** Long work: cycles, imports, reconciliations, and acts on the whole queue. */
@Controller('mapping/v1/tenants/:tenantId/jobs')
export class JobsController {
  constructor(@Inject(APPS) private readonly apps: Apps) {}

  @Get()
  @Answers('Jobs, newest first', listReply(jobReply))
  list(@Param('tenantId') tenantId: string, @Query({ schema: jobListQuery }) query: JobListQuery) {
    return this.apps.jobs.list(tenantId, query);
  }

  @Get(':id')
  @Answers('How far a job is', jobReply)
  get(@Param('tenantId') tenantId: string, @Param('id') id: string) {
    return this.apps.jobs.find(tenantId, id);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Needs('admin')
  @Answers('The job, which stops at its next step; what it did stays done', jobReply)
  cancel(@CallerOf() { tenantId }: Caller, @KeyOf() key: CallerKey, @Param('id') id: string) {
    return this.apps.jobs.cancel(tenantId, id, mayDo(key, 'app_admin'));
  }
}
