import { Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { appHealthReply } from '@tenure/provisioning';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, Needs } from '@tenure/platform';
import { APPS, type Apps } from './mapping-api.ts';

/** How the app bears its deliveries (R96). */
@Controller('mapping/v1/tenants/:tenantId/apps/:appId/health')
export class AppHealthController {
  constructor(@Inject(APPS) private readonly apps: Apps) {}

  @Get()
  @Answers('Whether the app is healthy, throttled, degraded or quarantined, since when and why', appHealthReply)
  health(@Param('tenantId') tenantId: string, @Param('appId') appId: string) {
    return this.apps.health.get(tenantId, appId);
  }

  @Post('resume')
  @HttpCode(200)
  @Needs('app_admin')
  @Answers('The app is called again, and all that waits for it is tried', appHealthReply)
  resume(@CallerOf() caller: Caller, @Param('appId') appId: string) {
    return this.apps.health.resume(caller, appId);
  }
}
