import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { historyReply, historyRequest, listReply, type HistoryRequest } from '@tenure/contracts';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, Needs } from '@tenure/platform';
import {
  accountListQuery,
  accountReply,
  actBody,
  adoptionReply,
  asOfQuery,
  bulkBody,
  bulkReply,
  decideBody,
  linkBody,
  listedAccount,
  listedTimer,
  timerListQuery,
  type AccountActions,
  type AccountListQuery,
  type AccountQueries,
  type BulkBody,
  type TimerListQuery,
} from '@tenure/provisioning';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { APPS, previewQuery, tagged, versionsIn, type Apps, type PreviewQuery } from './mapping-api.ts';

export const ACCOUNTS = Symbol('accounts');
export type Accounts = { queries: AccountQueries; actions: AccountActions };

const accountsReply = listReply(listedAccount);
const timersReply = listReply(listedTimer);
type AsOf = z.output<typeof asOfQuery>;
const acted = actBody.optional();
type Acted = z.output<typeof acted>;
const decided = decideBody.optional();
type Decided = z.output<typeof decided>;
const linked = linkBody.optional();
const adoptedOrPreview = z.union([accountReply, adoptionReply]);
type Linked = z.output<typeof linked>;

/** Accounts and timers of all apps of a tenant (R57). */
@Controller('mapping/v1/tenants/:tenantId')
export class TenantAccountsController {
  constructor(@Inject(ACCOUNTS) private readonly accounts: Accounts) {}

  @Get('accounts')
  @Answers('Accounts of all apps', accountsReply)
  list(@Param('tenantId') tenantId: string, @Query({ schema: accountListQuery }) query: AccountListQuery) {
    return this.accounts.queries.list(tenantId, query);
  }

  @Get('timers')
  @Answers('Timers of all apps, in the order in which they are due', timersReply)
  timers(@Param('tenantId') tenantId: string, @Query({ schema: timerListQuery }) query: TimerListQuery) {
    return this.accounts.queries.timers(tenantId, query);
  }
}

/** Accounts of one app, and what admins do with them (R54, R56, R61, R67, R69). */
@Controller('mapping/v1/tenants/:tenantId/apps/:appId')
export class AppAccountsController {
  constructor(
    @Inject(ACCOUNTS) private readonly accounts: Accounts,
    @Inject(APPS) private readonly apps: Apps,
  ) {}

  @Get('accounts')
  @Answers('Accounts', accountsReply)
  async list(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Query({ schema: accountListQuery }) query: AccountListQuery,
  ) {
    await this.apps.queries.find(tenantId, appId);
    return this.accounts.queries.list(tenantId, { ...query, appId });
  }

  @Get('timers')
  @Answers('Timers, in the order in which they are due', timersReply)
  async timers(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Query({ schema: timerListQuery }) query: TimerListQuery,
  ) {
    await this.apps.queries.find(tenantId, appId);
    return this.accounts.queries.timers(tenantId, { ...query, appId });
  }

  @Post('accounts/approve')
  @HttpCode(200)
  @Needs('admin')
  @Answers('Each approved by itself', bulkReply)
  approveAll(@CallerOf() caller: Caller, @Param('appId') appId: string, @Body({ schema: bulkBody }) body: BulkBody) {
    return this.accounts.actions.approveAll(caller, appId, body);
  }

  @Post('accounts/reject')
  @HttpCode(200)
  @Needs('admin')
  @Answers('Each rejected by itself', bulkReply)
  rejectAll(@CallerOf() caller: Caller, @Param('appId') appId: string, @Body({ schema: bulkBody }) body: BulkBody) {
    return this.accounts.actions.rejectAll(caller, appId, body);
  }

  @Post('accounts/adopt')
  @HttpCode(200)
  @Needs('admin')
  @Answers('The match of each adopted', bulkReply)
  adoptAll(@CallerOf() caller: Caller, @Param('appId') appId: string, @Body({ schema: bulkBody }) body: BulkBody) {
    return this.accounts.actions.adoptAll(caller, appId, body);
  }

  @Get('accounts/:id')
  @Answers('An account, as it is or was', accountReply)
  async get(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Param('id') id: string,
    @Query({ schema: asOfQuery }) { asOf }: AsOf,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const account = await this.accounts.queries.get(tenantId, appId, id, asOf);
    return asOf === undefined ? tagged(reply, account.version, account) : account;
  }

  @Get('accounts/:id/history')
  @Answers('What happened to an account, oldest first', historyReply)
  history(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Param('id') id: string,
    @Query({ schema: historyRequest }) page: HistoryRequest,
  ) {
    return this.accounts.queries.history(tenantId, appId, id, page);
  }

  @Post('accounts/:id/approve')
  @HttpCode(200)
  @Needs('admin')
  @Answers('The account; the action that was named, or the only one, is approved', accountReply)
  approve(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Param('id') id: string,
    @Body({ schema: decided }) body: Decided,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.accounts.actions.approve(caller, appId, id, body, versionsIn(ifMatch));
  }

  @Post('accounts/:id/reject')
  @HttpCode(200)
  @Needs('admin')
  @Answers('The account; the action that was named, or the only one, is rejected', accountReply)
  reject(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Param('id') id: string,
    @Body({ schema: decided }) body: Decided,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.accounts.actions.reject(caller, appId, id, body, versionsIn(ifMatch));
  }

  @Post('accounts/:id/retry')
  @HttpCode(200)
  @Needs('admin')
  @Answers('The account; what failed is tried again', accountReply)
  retry(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Param('id') id: string,
    @Body({ schema: acted }) body: Acted,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.accounts.actions.retry(caller, appId, id, body?.reason, versionsIn(ifMatch));
  }

  @Post('accounts/:id/disassociate')
  @HttpCode(200)
  @Answers('The account, linked to none of the app', accountReply)
  disassociate(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Param('id') id: string,
    @Body({ schema: acted }) body: Acted,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.accounts.actions.disassociate(caller, appId, id, body?.reason, versionsIn(ifMatch));
  }

  @Post('accounts/:id/recreate')
  @HttpCode(200)
  @Answers('The account; it is made in the app once more', accountReply)
  recreate(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Param('id') id: string,
    @Body({ schema: acted }) body: Acted,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.accounts.actions.recreate(caller, appId, id, body?.reason, versionsIn(ifMatch));
  }

  @Post('accounts/:id/rematch')
  @HttpCode(200)
  @Needs('admin')
  @Answers('The account; it is linked again', accountReply)
  rematch(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Param('id') id: string,
    @Body({ schema: linked }) body: Linked,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.accounts.actions.rematch(caller, appId, id, body, versionsIn(ifMatch));
  }

  @Post('accounts/:id/adopt')
  @HttpCode(200)
  @Needs('admin')
  @Answers('The account, adopted; with ?preview=true what that would change', adoptedOrPreview)
  adopt(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Param('id') id: string,
    @Body({ schema: linked }) body: Linked,
    @Query({ schema: previewQuery }) { preview }: PreviewQuery,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    const { actions } = this.accounts;
    return preview
      ? actions.previewAdoption(caller, appId, id, body)
      : actions.adopt(caller, appId, id, body, versionsIn(ifMatch));
  }
}
