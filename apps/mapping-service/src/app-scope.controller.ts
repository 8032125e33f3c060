import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Put, Query, Res } from '@nestjs/common';
import { listPageQuery } from '@tenure/contracts';
import {
  assignmentBody,
  assignmentsReply,
  previewReply,
  scopeConfig,
  scopeGroupsReply,
  scopeReply,
  type ScopeConfig,
} from '@tenure/provisioning';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, Needs } from '@tenure/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { APPS, previewPageQuery, tagged, versionsIn, type Apps, type PreviewPageQuery } from './mapping-api.ts';

const scopeOrPreview = z.union([scopeReply, previewReply]);
const groupSearch = z.strictObject({ search: z.string().max(200).default(''), ...listPageQuery });
const assignee = z.strictObject({
  tenantId: z.string(),
  appId: z.string(),
  kind: z.enum(['users', 'groups', 'roles']),
  id: z.string().min(1).max(512),
});
type Assignee = z.output<typeof assignee>;

/** Whom an app is for (R26, R39 to R42). */
@Controller('mapping/v1/tenants/:tenantId/apps/:appId')
export class AppScopeController {
  constructor(@Inject(APPS) private readonly apps: Apps) {}

  @Get('scope')
  @Answers('The scope', scopeReply)
  async scope(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { config, version } = await this.apps.queries.find(tenantId, appId);
    return tagged(reply, version, config.scope);
  }

  @Put('scope')
  @Needs('app_admin')
  @Answers('The same, replaced', scopeOrPreview)
  async setScope(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: scopeConfig }) body: ScopeConfig,
    @Query({ schema: previewPageQuery }) { preview, page }: PreviewPageQuery,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (preview) return this.apps.previews.scope(caller.tenantId, appId, body, page);
    await this.apps.commands.setScope(caller, appId, body, versionsIn(ifMatch));
    return this.scope(caller.tenantId, appId, reply);
  }

  @Get('scope/groups')
  @Answers('Groups whose name has some letters in it', scopeGroupsReply)
  async groups(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Query({ schema: groupSearch }) { search, ...page }: z.output<typeof groupSearch>,
  ) {
    await this.apps.queries.find(tenantId, appId);
    return this.apps.queries.searchGroups(tenantId, search, page);
  }

  @Get('assignments')
  @Answers('Assignments to people, groups and roles', assignmentsReply)
  async assignments(@Param('tenantId') tenantId: string, @Param('appId') appId: string) {
    return { items: (await this.apps.queries.find(tenantId, appId)).config.assignments };
  }

  @Put('assignments/:kind/:id')
  @HttpCode(204)
  @Needs('admin')
  @Answers('Assigned')
  async assign(
    @CallerOf() caller: Caller,
    @Param({ schema: assignee }) { appId, kind, id }: Assignee,
    @Body({ schema: assignmentBody.optional() }) body: z.output<typeof assignmentBody> | undefined,
  ) {
    await this.apps.commands.assign(caller, appId, { kind, id, ...body });
  }

  @Delete('assignments/:kind/:id')
  @HttpCode(204)
  @Needs('admin')
  @Answers('Not assigned any more')
  async unassign(@CallerOf() caller: Caller, @Param({ schema: assignee }) { appId, kind, id }: Assignee) {
    await this.apps.commands.unassign(caller, appId, { kind, id });
  }
}
