import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Put, Query, Res } from '@nestjs/common';
import {
  appReply,
  approvalsBody,
  deprovisioningReply,
  previewReply,
  putDeprovisioning,
  thresholdBody,
} from '@tenure/provisioning';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, Needs } from '@tenure/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import {
  APPS,
  confirmBody,
  noQuery,
  previewPageQuery,
  tagged,
  versionsIn,
  type Apps,
  type PreviewPageQuery,
} from './mapping-api.ts';

const deprovisioningOrPreview = z.union([deprovisioningReply, previewReply]);
const approvalsOrPreview = z.union([approvalsBody, previewReply]);

/** When accounts are taken away, and who must agree (R44 to R48, R54, R87). */
@Controller('mapping/v1/tenants/:tenantId/apps/:appId')
export class AppDeprovisioningController {
  constructor(@Inject(APPS) private readonly apps: Apps) {}

  @Get('deprovisioning')
  @Answers('The time frames', deprovisioningReply)
  async deprovisioning(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { config, version } = await this.apps.queries.find(tenantId, appId);
    return tagged(reply, version, config.deprovisioning);
  }

  @Put('deprovisioning')
  @Needs('app_admin')
  @Answers('The same, replaced', deprovisioningOrPreview)
  async setDeprovisioning(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: putDeprovisioning }) body: z.output<typeof putDeprovisioning>,
    @Query({ schema: previewPageQuery }) { preview, page }: PreviewPageQuery,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (preview) return this.apps.previews.deprovisioning(caller.tenantId, appId, body, page);
    await this.apps.commands.setDeprovisioning(caller, appId, body, versionsIn(ifMatch));
    return this.deprovisioning(caller.tenantId, appId, reply);
  }

  @Get('approvals')
  @Answers('Which actions wait for an admin', approvalsBody)
  async approvals(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { config, version } = await this.apps.queries.find(tenantId, appId);
    return tagged(reply, version, { actions: config.approvals });
  }

  @Put('approvals')
  @Needs('app_admin')
  @Answers('The same, replaced', approvalsOrPreview)
  async setApprovals(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: approvalsBody }) body: z.output<typeof approvalsBody>,
    @Query({ schema: previewPageQuery }) { preview, page }: PreviewPageQuery,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (preview) return this.apps.previews.approvals(caller.tenantId, appId, body, page);
    await this.apps.commands.setApprovals(caller, appId, body, versionsIn(ifMatch));
    return this.approvals(caller.tenantId, appId, reply);
  }

  @Get('threshold')
  @Answers('How much may be taken away in a window', thresholdBody)
  async threshold(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { config, version } = await this.apps.queries.find(tenantId, appId);
    return tagged(reply, version, config.threshold);
  }

  @Put('threshold')
  @Needs('app_admin')
  @Answers('The same, replaced', thresholdBody)
  async setThreshold(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: thresholdBody }) body: z.output<typeof thresholdBody>,
    @Headers('if-match') ifMatch: string | undefined,
    @Query({ schema: noQuery }) _query: object,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.apps.commands.setThreshold(caller, appId, body, versionsIn(ifMatch));
    return this.threshold(caller.tenantId, appId, reply);
  }

  @Post('threshold/release')
  @HttpCode(200)
  @Needs('admin')
  @Answers('What was parked above the threshold may run', appReply)
  async release(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: confirmBody }) body: z.output<typeof confirmBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.apps.commands.releaseThreshold(caller, appId, body?.confirm ?? false);
    const app = await this.apps.queries.get(caller.tenantId, appId);
    return tagged(reply, app.version, app);
  }
}
