import { randomUUID } from 'node:crypto';
import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Put, Query, Res } from '@nestjs/common';
import {
  CreateResource,
  DeleteResource,
  historyReply,
  historyRequest,
  jsonObject,
  listReply,
  ReplaceResource,
  type HistoryRequest,
  type ResourceReply,
} from '@tenure/contracts';
import { presentedResource, type ResourceRecord, type Shape } from '@tenure/directory';
import { Rejected, type Caller } from '@tenure/eventing';
import { Answers, CallerOf, ifMatchOf, Needs, versionTag } from '@tenure/platform';
import { parseBody, parseFilter, project } from '@tenure/scim';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { DIRECTORY, type DirectoryApi } from './directory-api.ts';
import { nextCursorOf, pageKeyIn } from './page-cursor.ts';
import { asOfRequest, dialect, inJson } from './users.ts';

const resourceReply = z.object({
  id: z.string(),
  version: z.int(),
  connectionId: z.string().optional(),
  resource: jsonObject,
  createdAt: z.string(),
  updatedAt: z.string(),
  asOf: z.string().optional(),
});
const resourceBody = z.strictObject({ resource: jsonObject });
const resourceListRequest = z.strictObject({
  filter: z.string().max(10_000).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(1000).optional(),
});

const shown = (resource: ResourceRecord | ResourceReply, shape: Shape) => ({
  id: resource.id,
  version: resource.revision,
  ...(resource.connectionId !== null && { connectionId: resource.connectionId }),
  resource: project(shape.type, presentedResource(resource, shape)),
  createdAt: resource.createdAt,
  updatedAt: resource.lastModified,
});

const unknown = () => new Rejected('not-found', 'resource/unknown', 'There is no such resource.');

/** Resources of a tenant's own types, for admins (R71): what an admin makes every connection reads; what a connection made is seen here too. */
@Controller('directory/v1/tenants/:tenantId/resources/:type')
export class ResourcesController {
  constructor(@Inject(DIRECTORY) private readonly directory: DirectoryApi) {}

  @Get()
  @Answers("Resources of one of the tenant's own types", listReply(resourceReply))
  async list(
    @Param('tenantId') tenantId: string,
    @Param('type') type: string,
    @Query({ schema: resourceListRequest }) { filter, limit, cursor }: z.output<typeof resourceListRequest>,
  ) {
    const { shape } = await this.shapeOf(tenantId, type);
    const page = { count: limit, withTotal: false, ...(cursor !== undefined && { after: pageKeyIn(cursor) }) };
    const request = {
      ...(filter !== undefined && { filter: inJson(() => parseFilter(filter, shape.type, dialect)) }),
      page,
    };
    const { items, next } = await this.directory.queries.resources.list(tenantId, {}, shape, request);
    return { items: items.map((resource) => shown(resource, shape)), ...(next && { nextCursor: nextCursorOf(next) }) };
  }

  @Post()
  @Needs('admin')
  @Answers('A new resource, which every connection reads', resourceReply)
  async create(
    @CallerOf() caller: Caller,
    @Param('type') type: string,
    @Body({ schema: resourceBody }) body: z.output<typeof resourceBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { shape, asked } = await this.shapeOf(caller.tenantId, type);
    const { resource } = inJson(() => parseBody(shape.type, body.resource, dialect));
    const created = await this.directory.commands.send(CreateResource, caller, randomUUID(), { ...asked, resource });
    reply.headers({
      location: `/directory/v1/tenants/${caller.tenantId}/resources/${shape.type.name}/${created.id}`,
      etag: versionTag(created.revision),
    });
    return shown(created, shape);
  }

  @Get(':id')
  @Answers('A resource, now or as of an instant', resourceReply)
  async get(
    @Param('tenantId') tenantId: string,
    @Param('type') type: string,
    @Param('id') id: string,
    @Query({ schema: asOfRequest }) { asOf }: { asOf?: string },
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { shape } = await this.shapeOf(tenantId, type);
    if (asOf !== undefined)
      return { ...shown(await this.directory.resourceHistory.asOf(tenantId, shape.id, id, asOf), shape), asOf };
    const resource = await this.directory.queries.resources.get(tenantId, {}, shape, id);
    if (!resource) throw unknown();
    reply.header('etag', versionTag(resource.revision));
    return shown(resource, shape);
  }

  @Put(':id')
  @Needs('admin')
  @Answers('The resource, replaced', resourceReply)
  async replace(
    @CallerOf() caller: Caller,
    @Param('type') type: string,
    @Param('id') id: string,
    @Body({ schema: resourceBody }) body: z.output<typeof resourceBody>,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    const { shape, asked } = await this.shapeOf(caller.tenantId, type);
    const { resource, cleared } = inJson(() => parseBody(shape.type, body.resource, dialect));
    return shown(
      await this.directory.commands.send(ReplaceResource, caller, id, {
        ...asked,
        resource,
        cleared,
        ifMatch: ifMatchOf(ifMatch),
      }),
      shape,
    );
  }

  @Delete(':id')
  @HttpCode(204)
  @Needs('admin')
  @Answers('The resource is gone')
  async remove(
    @CallerOf() caller: Caller,
    @Param('type') type: string,
    @Param('id') id: string,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    const { asked } = await this.shapeOf(caller.tenantId, type);
    await this.directory.commands.send(DeleteResource, caller, id, { ...asked, ifMatch: ifMatchOf(ifMatch) });
  }

  @Get(':id/history')
  @Answers('What happened to a resource, oldest first', historyReply)
  async history(
    @Param('tenantId') tenantId: string,
    @Param('type') type: string,
    @Param('id') id: string,
    @Query({ schema: historyRequest }) page: HistoryRequest,
  ) {
    const { shape } = await this.shapeOf(tenantId, type);
    const { items, nextAfter } = await this.directory.resourceHistory.history(tenantId, shape.id, id, page);
    return { items, ...(nextAfter !== undefined && { nextCursor: String(nextAfter) }) };
  }

  /** The type by its name, and what a command says of it. */
  private async shapeOf(tenantId: string, name: string) {
    const { own, version } = await this.directory.queries.types.now(tenantId);
    const shape = own.find(({ type }) => type.name.toLowerCase() === name.toLowerCase());
    if (!shape) throw new Rejected('not-found', 'resource-type/unknown', 'There is no such resource type.');
    return { shape, asked: { typeId: shape.id, schemasVersion: version } };
  }
}
