import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, Headers, Inject, Param, Post, Put, Query, Res } from '@nestjs/common';
import {
  appRolesBody,
  appRolesReply,
  CreateTenant,
  listPageRequest,
  listReply,
  ReplaceAppRoles,
  ReplaceTenant,
  ROOT_TENANT,
  tenantBody,
  tenantListItem,
  tenantReply,
  type AppRole,
  type ListPageRequest,
  type TenantProfile,
} from '@tenure/contracts';
import { licencesReply } from '@tenure/directory';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, ifMatchOf, Needs, versionTag } from '@tenure/platform';
import type { FastifyReply } from 'fastify';
import { DIRECTORY, type DirectoryApi } from './directory-api.ts';

type NewRole = Omit<AppRole, 'id'> & { id?: string };

/** Tenants and what is theirs as a whole (api.md, Directory). */
@Controller('directory/v1/tenants')
export class TenantsController {
  constructor(@Inject(DIRECTORY) private readonly directory: DirectoryApi) {}

  @Post()
  @Needs('root')
  @Answers('A new tenant', tenantReply)
  async create(
    @CallerOf() caller: Caller,
    @Body({ schema: tenantBody }) profile: TenantProfile,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const created = await this.directory.commands.send(
      CreateTenant,
      { ...caller, tenantId: ROOT_TENANT },
      randomUUID(),
      { profile },
    );
    reply.headers({ location: `/directory/v1/tenants/${created.id}`, etag: versionTag(created.version) });
    return created;
  }

  @Get()
  @Needs('root')
  @Answers('All tenants, oldest first', listReply(tenantListItem))
  list(@Query({ schema: listPageRequest }) page: ListPageRequest) {
    return this.directory.queries.tenants.list(page);
  }

  @Get(':tenantId')
  @Needs('auditorOrRoot')
  @Answers('A tenant', tenantReply)
  async get(@Param('tenantId') tenantId: string, @Res({ passthrough: true }) reply: FastifyReply) {
    const tenant = await this.directory.queries.tenants.get(tenantId);
    reply.header('etag', versionTag(tenant.version));
    return tenant;
  }

  @Put(':tenantId')
  @Needs('super_adminOrRoot')
  @Answers('The tenant, replaced', tenantReply)
  async replace(
    @CallerOf() caller: Caller,
    @Param('tenantId') tenantId: string,
    @Body({ schema: tenantBody }) profile: TenantProfile,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    await this.directory.queries.tenants.get(tenantId);
    return this.directory.commands.send(ReplaceTenant, caller, tenantId, { profile, ifMatch: ifMatchOf(ifMatch) });
  }

  @Get(':tenantId/licences')
  @Answers('How many licences are used (R17, R29)', licencesReply)
  licences(@Param('tenantId') tenantId: string) {
    return this.directory.queries.licences(tenantId);
  }

  @Get(':tenantId/app-roles')
  @Answers('App roles (R22)', appRolesReply)
  async appRoles(@Param('tenantId') tenantId: string, @Res({ passthrough: true }) reply: FastifyReply) {
    const { appRoles, version } = await this.directory.queries.tenants.appRoles(tenantId);
    reply.header('etag', versionTag(version));
    return appRoles;
  }

  @Put(':tenantId/app-roles')
  @Answers('App roles, replaced', appRolesReply)
  async replaceAppRoles(
    @CallerOf() caller: Caller,
    @Param('tenantId') tenantId: string,
    @Body({ schema: appRolesBody }) given: NewRole[],
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    const appRoles = given.map((role) => ({ ...role, id: role.id ?? randomUUID() }));
    return (
      await this.directory.commands.send(ReplaceAppRoles, caller, tenantId, { appRoles, ifMatch: ifMatchOf(ifMatch) })
    ).appRoles;
  }
}
