import { randomUUID } from 'node:crypto';
import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import {
  AddKey,
  keyBody,
  keyReply,
  listPageRequest,
  listReply,
  newKeyReply,
  RemoveKey,
  type ListPageRequest,
} from '@tenure/contracts';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, ifMatchOf, KeyOf, type CallerKey } from '@tenure/platform';
import { generateToken } from '@tenure/sealing';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { DIRECTORY, type DirectoryApi } from './directory-api.ts';

/** Keys for machines (R110). */
@Controller('directory/v1/tenants/:tenantId/keys')
export class KeysController {
  constructor(@Inject(DIRECTORY) private readonly directory: DirectoryApi) {}

  @Post()
  @Answers('A new key; it is shown this once', newKeyReply)
  async add(
    @CallerOf() caller: Caller,
    @KeyOf() { consumerMail }: CallerKey,
    @Body({ schema: keyBody }) body: z.output<typeof keyBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const key = generateToken();
    const wanted = { ...body, key, consumerMail, adminId: null };
    const added = await this.directory.commands.send(AddKey, caller, randomUUID(), wanted);
    reply.header('location', `/directory/v1/tenants/${caller.tenantId}/keys/${added.id}`);
    return { ...added, key };
  }

  @Get()
  @Answers('Keys for machines', listReply(keyReply))
  list(@Param('tenantId') tenantId: string, @Query({ schema: listPageRequest }) page: ListPageRequest) {
    return this.directory.queries.keys.list(tenantId, page);
  }

  @Get(':id')
  @Answers('A key for machines', keyReply)
  get(@Param('tenantId') tenantId: string, @Param('id') id: string) {
    return this.directory.queries.keys.get(tenantId, id);
  }

  @Delete(':id')
  @HttpCode(204)
  @Answers('The key is deleted, and sessions that were started with it have ended')
  async remove(@CallerOf() caller: Caller, @Param('id') id: string, @Headers('if-match') ifMatch: string | undefined) {
    await this.directory.commands.send(RemoveKey, caller, id, { ifMatch: ifMatchOf(ifMatch) });
  }
}
