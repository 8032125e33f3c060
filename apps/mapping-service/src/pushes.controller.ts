import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Put, Query, Res } from '@nestjs/common';
import { historyReply, historyRequest, type HistoryRequest } from '@tenure/contracts';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, Needs } from '@tenure/platform';
import {
  linkPushBody,
  pushesBody,
  pushesReply,
  pushListQuery,
  pushReply,
  type PushActions,
  type PushesBody,
  type PushListQuery,
  type PushQueries,
} from '@tenure/provisioning';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { APPS, noQuery, tagged, versionsIn, type Apps } from './mapping-api.ts';

export const PUSHES = Symbol('pushes');
export type PushService = { queries: PushQueries; actions: PushActions };

/** Groups of the directory that are kept as groups of an app (R89). */
@Controller('mapping/v1/tenants/:tenantId/apps/:appId/pushes')
export class PushesController {
  constructor(
    @Inject(APPS) private readonly apps: Apps,
    @Inject(PUSHES) private readonly pushes: PushService,
  ) {}

  @Get()
  @Answers('Which groups are pushed, and how each of them stands', pushesReply)
  async list(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Query({ schema: pushListQuery }) query: PushListQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { config, version } = await this.apps.queries.find(tenantId, appId);
    return tagged(reply, version, { ...config.pushes, ...(await this.pushes.queries.list(tenantId, appId, query)) });
  }

  @Put()
  @Needs('app_admin')
  @Answers('The same, replaced; refused by name where the app has no groups or can’t be reached yet', pushesReply)
  async set(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: pushesBody }) body: PushesBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Query({ schema: noQuery }) _query: object,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.apps.commands.setPushes(caller, appId, body, versionsIn(ifMatch));
    return this.list(caller.tenantId, appId, { limit: 100 }, reply);
  }

  @Get(':id')
  @Answers('How one pushed group stands', pushReply)
  async get(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Param('id') id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const push = await this.pushes.queries.get(tenantId, appId, id);
    return tagged(reply, push.version, push);
  }

  @Get(':id/history')
  @Answers('What happened to a pushed group, oldest first', historyReply)
  history(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Param('id') id: string,
    @Query({ schema: historyRequest }) page: HistoryRequest,
  ) {
    return this.pushes.queries.history(tenantId, appId, id, page);
  }

  @Post(':id/link')
  @HttpCode(200)
  @Needs('admin')
  @Answers('It is the app’s group that is named from now on', pushReply)
  link(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Param('id') id: string,
    @Body({ schema: linkPushBody }) { remoteId }: z.output<typeof linkPushBody>,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.pushes.actions.link(caller, appId, id, remoteId, versionsIn(ifMatch));
  }

  @Post(':id/retry')
  @HttpCode(200)
  @Needs('admin')
  @Answers('It is tried again now, whatever it failed on', pushReply)
  retry(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.pushes.actions.retry(caller, appId, id, versionsIn(ifMatch));
  }
}
