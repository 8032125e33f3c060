import { randomUUID } from 'node:crypto';
import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Put, Query, Res } from '@nestjs/common';
import {
  AddAdmin,
  adminBody,
  adminChangeBody,
  adminReply,
  ChangeAdmin,
  listPageRequest,
  listReply,
  newAdminReply,
  RemoveAdmin,
  type ListPageRequest,
} from '@tenure/contracts';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, ifMatchOf, Needs } from '@tenure/platform';
import { generateToken } from '@tenure/sealing';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { DIRECTORY, type DirectoryApi } from './directory-api.ts';

/** Who may configure a tenant, and their keys (api.md, Keys). */
@Controller('directory/v1/tenants/:tenantId/admins')
export class AdminsController {
  constructor(@Inject(DIRECTORY) private readonly directory: DirectoryApi) {}

  @Post()
  @Needs('super_adminOrRoot')
  @Answers('A new admin; the key is shown this once', newAdminReply)
  async add(
    @CallerOf() caller: Caller,
    @Param('tenantId') tenantId: string,
    @Body({ schema: adminBody }) body: z.output<typeof adminBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { queries, commands } = this.directory;
    await queries.tenants.get(tenantId);
    const key = generateToken();
    const added = await commands.send(AddAdmin, caller, randomUUID(), { ...body, newUserId: randomUUID(), key });
    reply.header('location', `/directory/v1/tenants/${tenantId}/admins/${added.id}`);
    return { ...added, key };
  }

  @Get()
  @Answers('Admins', listReply(adminReply))
  list(@Param('tenantId') tenantId: string, @Query({ schema: listPageRequest }) page: ListPageRequest) {
    return this.directory.queries.admins.list(tenantId, page);
  }

  @Get(':id')
  @Answers('An admin', adminReply)
  get(@Param('tenantId') tenantId: string, @Param('id') id: string) {
    return this.directory.queries.admins.get(tenantId, id);
  }

  @Put(':id')
  @Answers('The admin, changed', adminReply)
  change(
    @CallerOf() caller: Caller,
    @Param('id') id: string,
    @Body({ schema: adminChangeBody }) body: z.output<typeof adminChangeBody>,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    return this.directory.commands.send(ChangeAdmin, caller, id, { ...body, ifMatch: ifMatchOf(ifMatch) });
  }

  @Delete(':id')
  @HttpCode(204)
  @Answers('The key is gone')
  async remove(@CallerOf() caller: Caller, @Param('id') id: string, @Headers('if-match') ifMatch: string | undefined) {
    await this.directory.commands.send(RemoveAdmin, caller, id, { ifMatch: ifMatchOf(ifMatch) });
  }
}
