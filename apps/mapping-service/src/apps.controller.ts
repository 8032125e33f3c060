import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import { listPageRequest, listReply, type ListPageRequest } from '@tenure/contracts';
import {
  appReply,
  asOfQuery,
  newAppBody,
  pastAppReply,
  renameBody,
  ssoBody,
  turnedOnReply,
} from '@tenure/provisioning';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, Needs } from '@tenure/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { APPS, confirmBody, confirmQuery, noQuery, tagged, versionsIn, type Apps } from './mapping-api.ts';

const appsReply = listReply(appReply);
const appNowOrThen = z.union([pastAppReply, appReply]);

/** Apps, and turning them on and off (R24, R30, R31, R50, R51). */
@Controller('mapping/v1/tenants/:tenantId/apps')
export class AppsController {
  constructor(@Inject(APPS) private readonly apps: Apps) {}

  @Post()
  @Needs('app_admin')
  @Answers('A new app, a draft with the defaults of its preset', appReply)
  async create(
    @CallerOf() caller: Caller,
    @Body({ schema: newAppBody }) body: z.output<typeof newAppBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const id = await this.apps.commands.create(caller, body);
    reply.header('location', `/mapping/v1/tenants/${caller.tenantId}/apps/${id}`);
    return this.shown(caller.tenantId, id, reply);
  }

  @Get()
  @Answers('Apps', appsReply)
  list(@Param('tenantId') tenantId: string, @Query({ schema: listPageRequest }) page: ListPageRequest) {
    return this.apps.queries.list(tenantId, page);
  }

  @Get(':appId')
  @Answers('An app, its steps and what is missing; with `asOf` all of its configuration as it then was', appNowOrThen)
  get(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Query({ schema: asOfQuery }) { asOf }: z.output<typeof asOfQuery>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return asOf === undefined ? this.shown(tenantId, appId, reply) : this.apps.asOf(tenantId, appId, asOf);
  }

  @Patch(':appId')
  @Needs('app_admin')
  @Answers('The app with its new name', appReply)
  async rename(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: renameBody }) body: z.output<typeof renameBody>,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.apps.commands.rename(caller, appId, body, versionsIn(ifMatch));
    return this.shown(caller.tenantId, appId, reply);
  }

  @Delete(':appId')
  @HttpCode(204)
  @Needs('app_admin')
  @Answers('The app is gone from Tenure; its accounts stay as they are')
  async delete(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Query({ schema: confirmQuery }) { confirm = false }: z.output<typeof confirmQuery>,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    await this.apps.commands.delete(caller, appId, confirm, versionsIn(ifMatch));
  }

  @Get(':appId/sso')
  @Answers('Whether single sign-on of the app is set up', ssoBody)
  async sso(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { config, version } = await this.apps.queries.find(tenantId, appId);
    return tagged(reply, version, config.sso);
  }

  @Put(':appId/sso')
  @Needs('app_admin')
  @Answers('The same, replaced', ssoBody)
  async setSso(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: ssoBody }) body: z.output<typeof ssoBody>,
    @Headers('if-match') ifMatch: string | undefined,
    @Query({ schema: noQuery }) _query: object,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.apps.commands.setSso(caller, appId, body, versionsIn(ifMatch));
    return this.sso(caller.tenantId, appId, reply);
  }

  @Post(':appId/on')
  @HttpCode(200)
  @Needs('app_admin')
  @Answers('The app is on; its first cycle is a job', turnedOnReply)
  async on(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: confirmBody }) body: z.output<typeof confirmBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const app = await this.apps.commands.turnOn(caller, appId, body?.confirm ?? false);
    return tagged(reply, app.version, app);
  }

  @Post(':appId/off')
  @HttpCode(200)
  @Needs('app_admin')
  @Answers('The app is off: timers pause, nothing is delivered', appReply)
  async off(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: confirmBody }) body: z.output<typeof confirmBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.apps.commands.turnOff(caller, appId, body?.confirm ?? false);
    return this.shown(caller.tenantId, appId, reply);
  }

  @Delete(':appId/configuration')
  @HttpCode(204)
  @Needs('app_admin')
  @Answers('The app is a draft again; its accounts stay as they are')
  async deleteConfiguration(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Query({ schema: confirmQuery }) { confirm = false }: z.output<typeof confirmQuery>,
  ) {
    await this.apps.commands.deleteConfiguration(caller, appId, confirm);
  }

  private async shown(tenantId: string, appId: string, reply: FastifyReply) {
    const app = await this.apps.queries.get(tenantId, appId);
    return tagged(reply, app.version, app);
  }
}
