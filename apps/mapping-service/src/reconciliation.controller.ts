import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Put, Query, Res } from '@nestjs/common';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, Needs } from '@tenure/platform';
import {
  adoptedReply,
  adoptForeignBody,
  bulkReply,
  driftIdsBody,
  driftListQuery,
  driftsReply,
  foreignListQuery,
  foreignListReply,
  jobReply,
  reconcileBody,
  reconciliationBody,
  type AdoptForeignBody,
  type DriftListQuery,
  type ForeignListQuery,
  type ReconcileBody,
} from '@tenure/provisioning';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { APPS, noQuery, tagged, versionsIn, type Apps } from './mapping-api.ts';

type DriftIds = z.output<typeof driftIdsBody>;

/** An app as it really is, against what Tenure holds (R69, R88). */
@Controller('mapping/v1/tenants/:tenantId/apps/:appId')
export class ReconciliationController {
  constructor(@Inject(APPS) private readonly apps: Apps) {}

  @Post('reconcile')
  @HttpCode(202)
  @Needs('app_admin')
  @Answers('The app is read as a whole and compared', jobReply)
  reconcile(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: reconcileBody }) { dryRun }: ReconcileBody,
  ) {
    return this.apps.reconciliations.start(caller, appId, dryRun);
  }

  @Get('reconciliation')
  @Answers('When the app is read as a whole, and what follows from what is found', reconciliationBody)
  async reconciliation(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { config, version } = await this.apps.queries.find(tenantId, appId);
    return tagged(reply, version, config.reconciliation);
  }

  @Put('reconciliation')
  @Needs('app_admin')
  @Answers('The same, replaced', reconciliationBody)
  async setReconciliation(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: reconciliationBody }) body: z.output<typeof reconciliationBody>,
    @Headers('if-match') ifMatch: string | undefined,
    @Query({ schema: noQuery }) _query: object,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.apps.commands.setReconciliation(caller, appId, body, versionsIn(ifMatch));
    return this.reconciliation(caller.tenantId, appId, reply);
  }

  @Get('drifts')
  @Answers('Accounts that differ in the app, as the last reconciliation found them', driftsReply)
  drifts(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Query({ schema: driftListQuery }) query: DriftListQuery,
  ) {
    return this.apps.reconciliations.drifts(tenantId, appId, query);
  }

  @Post('drifts/repair')
  @HttpCode(200)
  @Needs('admin')
  @Answers('Each brought back to what Tenure holds, by an ordinary delivery', bulkReply)
  repair(@CallerOf() caller: Caller, @Param('appId') appId: string, @Body({ schema: driftIdsBody }) { ids }: DriftIds) {
    return this.apps.reconciliations.repair(caller, appId, ids);
  }

  @Post('drifts/ignore')
  @HttpCode(200)
  @Needs('admin')
  @Answers('Each left as it is, and not listed until something else is found', bulkReply)
  ignore(@CallerOf() caller: Caller, @Param('appId') appId: string, @Body({ schema: driftIdsBody }) { ids }: DriftIds) {
    return this.apps.reconciliations.ignore(caller, appId, ids);
  }

  @Get('foreign')
  @Answers('Accounts of the app that are linked to nobody, and whose they may be', foreignListReply)
  foreign(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Query({ schema: foreignListQuery }) query: ForeignListQuery,
  ) {
    return this.apps.reconciliations.foreign(tenantId, appId, query);
  }

  @Post('foreign/adopt')
  @HttpCode(200)
  @Needs('admin')
  @Answers('Each adopted by itself', adoptedReply)
  adopt(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: adoptForeignBody }) body: AdoptForeignBody,
  ) {
    return this.apps.reconciliations.adopt(caller, appId, body);
  }
}
