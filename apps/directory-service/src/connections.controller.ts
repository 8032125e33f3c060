import { randomUUID } from 'node:crypto';
import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import {
  connectionBody,
  connectionReply,
  CreateConnection,
  DeleteToken,
  DisableConnection,
  EnableConnection,
  IssueToken,
  listPageRequest,
  listReply,
  ReplaceConnectionSettings,
  settingsBody,
  tokenBody,
  tokenReply,
  type ConnectionState,
  type GivenSettings,
  type ListPageRequest,
} from '@tenure/contracts';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, ifMatchOf, Needs, versionTag } from '@tenure/platform';
import { generateToken } from '@tenure/sealing';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { DIRECTORY, type DirectoryApi } from './directory-api.ts';

const confirmation = z.strictObject({ confirm: z.stringbool({ error: 'Must be true.' }).optional() });

const originOf = ({ protocol, host }: FastifyRequest) => `${protocol}://${host}`;

/** Connections of identity providers, and their tokens (R1 to R9). */
@Controller('directory/v1/tenants/:tenantId/connections')
export class ConnectionsController {
  constructor(@Inject(DIRECTORY) private readonly directory: DirectoryApi) {}

  @Post()
  @Needs('admin')
  @Answers('A new connection, disabled', connectionReply)
  async create(
    @CallerOf() caller: Caller,
    @Body({ schema: connectionBody }) body: z.output<typeof connectionBody>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const created = await this.directory.commands.send(CreateConnection, caller, randomUUID(), {
      ...body,
      settings: body.settings ?? {},
    });
    reply.header('location', `/directory/v1/tenants/${caller.tenantId}/connections/${created.id}`);
    return this.shown(created, caller.tenantId, request, reply);
  }

  @Get()
  @Answers('Connections', listReply(connectionReply))
  async list(
    @Param('tenantId') tenantId: string,
    @Query({ schema: listPageRequest }) page: ListPageRequest,
    @Req() request: FastifyRequest,
  ) {
    const { items, ...rest } = await this.directory.queries.connections.list(tenantId, page);
    return { items: items.map((connection) => this.withUrl(connection, tenantId, request)), ...rest };
  }

  @Get(':id')
  @Answers('A connection', connectionReply)
  async get(
    @Param('tenantId') tenantId: string,
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.shown(await this.directory.queries.connections.get(tenantId, id), tenantId, request, reply);
  }

  @Put(':id/settings')
  @Needs('admin')
  @Answers('The connection with all its settings replaced', connectionReply)
  async settings(
    @CallerOf() caller: Caller,
    @Param('id') id: string,
    @Body({ schema: settingsBody }) settings: GivenSettings,
    @Headers('if-match') ifMatch: string | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.shown(
      await this.directory.commands.send(ReplaceConnectionSettings, caller, id, {
        settings,
        ifMatch: ifMatchOf(ifMatch),
      }),
      caller.tenantId,
      request,
      reply,
    );
  }

  @Post(':id/enable')
  @HttpCode(200)
  @Needs('admin')
  @Answers('The connection, enabled', connectionReply)
  async enable(
    @CallerOf() caller: Caller,
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.shown(
      await this.directory.commands.send(EnableConnection, caller, id, {}),
      caller.tenantId,
      request,
      reply,
    );
  }

  @Post(':id/disable')
  @HttpCode(200)
  @Needs('admin')
  @Answers('The connection, disabled: it reads and refuses writes', connectionReply)
  async disable(
    @CallerOf() caller: Caller,
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.shown(
      await this.directory.commands.send(DisableConnection, caller, id, {}),
      caller.tenantId,
      request,
      reply,
    );
  }

  @Post(':id/token')
  @Needs('admin')
  @Answers('A token, shown this once', tokenReply)
  async issue(
    @CallerOf() caller: Caller,
    @Param('id') id: string,
    @Body({ schema: tokenBody.optional() }) body: z.output<typeof tokenBody> | undefined,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const token = body?.secret ?? generateToken();
    await this.directory.commands.send(IssueToken, caller, id, { token, chosen: body?.secret !== undefined });
    reply.header('location', `/directory/v1/tenants/${caller.tenantId}/connections/${id}`);
    return { token, scimUrl: this.directory.scimUrl(originOf(request), caller.tenantId, id) };
  }

  @Delete(':id/token')
  @HttpCode(204)
  @Needs('admin')
  @Answers('The token is gone: SCIM answers 401 from now on')
  async deleteToken(
    @CallerOf() caller: Caller,
    @Param('id') id: string,
    @Query({ schema: confirmation }) { confirm = false }: z.output<typeof confirmation>,
  ) {
    await this.directory.commands.send(DeleteToken, caller, id, { confirm });
  }

  private withUrl(connection: ConnectionState, tenantId: string, request: FastifyRequest) {
    return { ...connection, scimUrl: this.directory.scimUrl(originOf(request), tenantId, connection.id) };
  }

  private shown(connection: ConnectionState, tenantId: string, request: FastifyRequest, reply: FastifyReply) {
    reply.header('etag', versionTag(connection.version));
    return this.withUrl(connection, tenantId, request);
  }
}
