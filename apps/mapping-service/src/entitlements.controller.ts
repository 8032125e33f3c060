import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Put, Query, Res } from '@nestjs/common';
import { entitlementsBody, entitlementsReply, jobReply } from '@tenure/provisioning';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, Needs } from '@tenure/platform';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { APPS, noQuery, tagged, versionsIn, type Apps } from './mapping-api.ts';

/** What can be given in an app, where it has entitlements (R58). */
@Controller('mapping/v1/tenants/:tenantId/apps/:appId/entitlements')
export class EntitlementsController {
  constructor(@Inject(APPS) private readonly apps: Apps) {}

  @Get()
  @Answers('The catalogue, and who configures it', entitlementsReply)
  async get(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { version, ...entitlements } = await this.apps.queries.entitlements(tenantId, appId);
    return tagged(reply, version, entitlements);
  }

  @Put()
  @Needs('app_admin')
  @Answers('The same, replaced', entitlementsReply)
  async set(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: entitlementsBody }) body: z.output<typeof entitlementsBody>,
    @Headers('if-match') ifMatch: string | undefined,
    @Query({ schema: noQuery }) _query: object,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.apps.commands.setEntitlements(caller, appId, body, versionsIn(ifMatch));
    return this.get(caller.tenantId, appId, reply);
  }

  @Post('refresh')
  @HttpCode(202)
  @Needs('app_admin')
  @Answers('What the app has is imported', jobReply)
  refresh(@CallerOf() caller: Caller, @Param('appId') appId: string) {
    return this.apps.commands.refreshEntitlements(caller, appId);
  }
}
