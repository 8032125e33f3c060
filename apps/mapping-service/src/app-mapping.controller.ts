import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Put, Query, Res } from '@nestjs/common';
import { kinds } from './connectors.ts';
import {
  attributesConfig,
  attributesReply,
  jobReply,
  kindOf,
  newestRules,
  presets,
  previewReply,
  putRules,
  rulesReply,
  type AttributesConfig,
} from '@tenure/provisioning';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, Needs } from '@tenure/platform';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { APPS, previewPageQuery, tagged, versionsIn, type Apps, type PreviewPageQuery } from './mapping-api.ts';

const attributesOrPreview = z.union([attributesReply, previewReply]);
const rulesOrPreview = z.union([rulesReply, previewReply]);
const jobOrPreview = z.union([jobReply, previewReply]);

/** What accounts are made of: attributes and rules (R35 to R38, R59, R60). */
@Controller('mapping/v1/tenants/:tenantId/apps/:appId')
export class AppMappingController {
  constructor(@Inject(APPS) private readonly apps: Apps) {}

  @Get('attributes')
  @Answers('The attribute mapping, and which targets there are', attributesReply)
  async attributes(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { config, version } = await this.apps.queries.find(tenantId, appId);
    const mandatory = new Set(presets[config.preset].mandatory);
    const targets = kindOf(kinds, config)
      .offered()
      .map(({ name, type }) => ({ path: name, type, mandatory: mandatory.has(name) }));
    return tagged(reply, version, { ...config.attributes, targets });
  }

  @Put('attributes')
  @Needs('app_admin')
  @Answers('The same, replaced', attributesOrPreview)
  async setAttributes(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: attributesConfig }) body: AttributesConfig,
    @Query({ schema: previewPageQuery }) { preview, page }: PreviewPageQuery,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (preview) return this.apps.previews.attributes(caller.tenantId, appId, body, page);
    await this.apps.commands.setAttributes(caller, appId, body, versionsIn(ifMatch));
    return this.attributes(caller.tenantId, appId, reply);
  }

  @Get('rules')
  @Answers('The rules, in order', rulesReply)
  async rules(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { config, version } = await this.apps.queries.find(tenantId, appId);
    return tagged(reply, version, { rules: newestRules(config).rules });
  }

  @Put('rules')
  @Needs('app_admin')
  @Answers('The same, replaced: for new accounts; for those that are there once reapplied', rulesOrPreview)
  async setRules(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: putRules }) { rules }: z.output<typeof putRules>,
    @Query({ schema: previewPageQuery }) { preview, page }: PreviewPageQuery,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (preview) return this.apps.previews.rules(caller.tenantId, appId, rules, page);
    await this.apps.commands.setRules(caller, appId, rules, versionsIn(ifMatch));
    return this.rules(caller.tenantId, appId, reply);
  }

  @Post('rules/reapply')
  @HttpCode(202)
  @Needs('app_admin')
  @Answers('The rules are applied to the accounts that are there', jobOrPreview)
  async reapply(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Query({ schema: previewPageQuery }) { preview, page }: PreviewPageQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (!preview) return this.apps.commands.reapplyRules(caller, appId);
    reply.status(200);
    return this.apps.previews.reapplication(caller.tenantId, appId, page);
  }
}
