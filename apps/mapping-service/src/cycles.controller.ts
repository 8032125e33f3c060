import { Body, Controller, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, Needs } from '@tenure/platform';
import { jobReply, onDemandReply, previewReply, type provisionOnDemand } from '@tenure/provisioning';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { APPS, previewPageQuery, type Apps, type PreviewPageQuery } from './mapping-api.ts';

export const ON_DEMAND = Symbol('on demand');

const jobOrPreview = z.union([jobReply, previewReply]);
const onDemandBody = z.strictObject({ userId: z.string().min(1).max(512) });

/** Everybody once more, or one user now (R63). */
@Controller('mapping/v1/tenants/:tenantId/apps/:appId')
export class CyclesController {
  constructor(
    @Inject(APPS) private readonly apps: Apps,
    @Inject(ON_DEMAND) private readonly onDemand: ReturnType<typeof provisionOnDemand>,
  ) {}

  @Post('initial-cycle')
  @HttpCode(202)
  @Needs('app_admin')
  @Answers('Everybody is looked at again', jobOrPreview)
  async initialCycle(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Query({ schema: previewPageQuery }) { preview, page }: PreviewPageQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (!preview) return this.apps.commands.startCycle(caller, appId);
    reply.status(200);
    return this.apps.previews.cycle(caller.tenantId, appId, page);
  }

  @Post('provision-on-demand')
  @HttpCode(200)
  @Needs('app_admin')
  @Answers('Each step of provisioning one user', onDemandReply)
  provision(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: onDemandBody }) { userId }: z.output<typeof onDemandBody>,
  ) {
    return this.onDemand(caller, appId, userId);
  }
}
