import { Body, Controller, Delete, Get, Header, Headers, HttpCode, Inject, Patch, Post, Put, Query, Res, UseGuards, type Type } from '@nestjs/common';
import type { Listed, PageKey } from '@tenure/directory';
import { ifMatchOf, Needs } from '@tenure/platform';
import { parseFilter, parseListQuery, parseProjection, parseSearchRequest, parseSort, problem, type ListQuery, type Projection } from '@tenure/scim';
import type { FastifyReply } from 'fastify';
import { ConnectionGuard } from '../connection/connection.guard.ts';
import { Scim, type ScimContext } from '../connection/scim-context.ts';
import type { Cursors } from './cursor.ts';
import { pageOf, pageResponse } from './page.ts';
import { locationOf, present } from './present.ts';
import { ResourceId } from './resource-id.ts';
import { isEmpty, type ScimEndpoint, type Shown } from './scim-endpoint.ts';
import { isKnown, versionOf } from './versions.ts';

export const CURSORS = Symbol('cursors');

type Params = Record<string, string | string[] | undefined>;
const SCIM_JSON = 'application/scim+json';

/** RFC 7644 §3: one resource type below its endpoint. Translates between HTTP and the endpoint; decides nothing. */
export const resourceController = (path: string, token: symbol): Type => {
  @Controller(`scim/:tenantId/:connectionId/v2/${path}`)
  @UseGuards(ConnectionGuard)
  @Needs('public')
  class ResourceController {
    constructor(
      @Inject(token) readonly endpoint: ScimEndpoint,
      @Inject(CURSORS) readonly cursors: Cursors,
    ) {}

    @Get()
    @Header('Content-Type', SCIM_JSON)
    list(@Scim() context: ScimContext, @Query() params: Params) {
      return this.page(context, parseListQuery(params));
    }

    @Post('.search')
    @HttpCode(200)
    @Header('Content-Type', SCIM_JSON)
    search(@Scim() context: ScimContext, @Body() body: unknown) {
      return this.page(context, parseSearchRequest(body));
    }

    @Get(':id')
    @Header('Content-Type', SCIM_JSON)
    async get(@Scim() context: ScimContext, @ResourceId() id: string, @Query() params: Params, @Headers('if-none-match') known: string | undefined, @Res({ passthrough: true }) reply: FastifyReply) {
      const projection = this.projection(params);
      const found = isEmpty(this.endpoint, context) ? undefined : await this.endpoint.get(context, id, projection);
      if (!found) throw problem(404, `There is no ${this.endpoint.type.name} with this id.`);
      const version = versionOf(found);
      if (known !== undefined && found.cacheable && isKnown(known, version)) return void reply.status(304).header('etag', version);
      return this.answer(context, found, projection, reply);
    }

    @Post()
    @Header('Content-Type', SCIM_JSON)
    async create(@Scim() context: ScimContext, @Body() body: unknown, @Query() params: Params, @Res({ passthrough: true }) reply: FastifyReply) {
      const projection = this.projection(params);
      const created = await this.endpoint.create(context, body, projection);
      reply.header('location', locationOf(context, this.endpoint.type, created.resource.id as string));
      return this.answer(context, created, projection, reply);
    }

    @Put(':id')
    @Header('Content-Type', SCIM_JSON)
    async replace(@Scim() context: ScimContext, @ResourceId() id: string, @Body() body: unknown, @Query() params: Params, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply) {
      const projection = this.projection(params);
      return this.answer(context, await this.endpoint.replace(context, id, body, ifMatchOf(ifMatch), projection), projection, reply);
    }

    @Patch(':id')
    async patch(@Scim() context: ScimContext, @ResourceId() id: string, @Body() body: unknown, @Query() params: Params, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply) {
      const projection = this.projection(params);
      const silent = this.endpoint.patchStatus(context) === 204 && !projection.only;
      const patched = await this.endpoint.patch(context, id, body, ifMatchOf(ifMatch), silent ? { only: [] } : projection);
      if (silent) return void reply.status(204).header('etag', versionOf(patched));
      reply.type(SCIM_JSON);
      return this.answer(context, patched, projection, reply);
    }

    @Delete(':id')
    @HttpCode(204)
    async delete(@Scim() context: ScimContext, @ResourceId() id: string, @Headers('if-match') ifMatch: string | undefined) {
      await this.endpoint.delete(context, id, ifMatchOf(ifMatch));
    }

    private projection(params: Params): Projection {
      return parseProjection(parseListQuery(params), this.endpoint.type);
    }

    private answer(context: ScimContext, shown: Shown, projection: Projection, reply: FastifyReply) {
      reply.header('etag', versionOf(shown));
      return present(context, this.endpoint.type, shown, projection);
    }

    private async page(context: ScimContext, query: ListQuery) {
      const { type } = this.endpoint;
      const projection = parseProjection(query, type);
      const after = query.cursor ? this.cursors.read<PageKey>(context, type.endpoint, query, query.cursor) : undefined;
      const filter = query.filter === undefined ? undefined : parseFilter(query.filter, type, context.policy.settings);
      const sort = parseSort(type, query);
      const { items, total, next } = isEmpty(this.endpoint, context) ? nothing : await this.endpoint.list(context, { filter, sort, page: pageOf(query, after) }, projection);
      return pageResponse(query, {
        resources: items.map((shown) => present(context, type, shown, projection)),
        total,
        nextCursor: next && (() => this.cursors.sign(context, type.endpoint, query, next)),
      });
    }
  }
  // By this name its routes are told apart in /openapi.json.
  Object.defineProperty(ResourceController, 'name', { value: `Scim${path}Controller` });
  return ResourceController;
};

const nothing: Listed<Shown> = { items: [], total: 0 };
