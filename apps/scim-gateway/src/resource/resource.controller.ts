import { Body, Controller, Delete, Get, Header, Headers, HttpCode, Inject, Param, Patch, Post, Put, Query, Res, UseGuards, type Type } from '@nestjs/common';
import { ifMatchOf, Needs } from '@tenure/platform';
import { etagMatches, etagOf, listResponse, parseFilter, parseListQuery, parseProjection, parseSearchRequest, parseSort, problem, type ListQuery, type Projection } from '@tenure/scim';
import type { FastifyReply } from 'fastify';
import { ConnectionGuard } from '../connection/connection.guard.ts';
import { Scim, type ScimContext } from '../connection/scim-context.ts';
import type { Cursors } from './cursor.ts';
import { locationOf, present } from './present.ts';
import type { ScimEndpoint, Shown } from './scim-endpoint.ts';

export const CURSORS = Symbol('cursors');
export const DEFAULT_PAGE = 100;
export const LARGEST_PAGE = 1000;

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
    async get(@Scim() context: ScimContext, @Param('id') id: string, @Query() params: Params, @Headers('if-none-match') known: string | undefined, @Res({ passthrough: true }) reply: FastifyReply) {
      const projection = this.projection(params);
      const found = this.isEmpty(context) ? undefined : await this.endpoint.get(context, id, projection);
      if (!found) throw problem(404, `There is no ${this.endpoint.type.name} with this id.`);
      if (known !== undefined && found.cacheable && etagMatches(known, found.revision)) return void reply.status(304).header('etag', etagOf(found.revision));
      return this.answer(context, found, projection, reply);
    }

    @Post()
    @Header('Content-Type', SCIM_JSON)
    async create(@Scim() context: ScimContext, @Body() body: unknown, @Query() params: Params, @Res({ passthrough: true }) reply: FastifyReply) {
      const projection = this.projection(params);
      const created = await this.endpoint.create(context, body, projection);
      reply.header('location', locationOf(context, this.endpoint.type, String(created.resource.id)));
      return this.answer(context, created, projection, reply);
    }

    @Put(':id')
    @Header('Content-Type', SCIM_JSON)
    async replace(@Scim() context: ScimContext, @Param('id') id: string, @Body() body: unknown, @Query() params: Params, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply) {
      const projection = this.projection(params);
      return this.answer(context, await this.endpoint.replace(context, id, body, ifMatchOf(ifMatch), projection), projection, reply);
    }

    @Patch(':id')
    async patch(@Scim() context: ScimContext, @Param('id') id: string, @Body() body: unknown, @Query() params: Params, @Headers('if-match') ifMatch: string | undefined, @Res({ passthrough: true }) reply: FastifyReply) {
      const projection = this.projection(params);
      const silent = this.endpoint.patchStatus(context) === 204 && !projection.only;
      const patched = await this.endpoint.patch(context, id, body, ifMatchOf(ifMatch), silent ? { only: [] } : projection);
      if (silent) return void reply.status(204).header('etag', etagOf(patched.revision));
      reply.type(SCIM_JSON);
      return this.answer(context, patched, projection, reply);
    }

    @Delete(':id')
    @HttpCode(204)
    async delete(@Scim() context: ScimContext, @Param('id') id: string, @Headers('if-match') ifMatch: string | undefined) {
      await this.endpoint.delete(context, id, ifMatchOf(ifMatch));
    }

    private projection(params: Params): Projection {
      return parseProjection(parseListQuery(params), this.endpoint.type);
    }

    private isEmpty(context: ScimContext) {
      return this.endpoint.checkReadable?.(context) === 'empty';
    }

    private answer(context: ScimContext, shown: Shown, projection: Projection, reply: FastifyReply) {
      reply.header('etag', etagOf(shown.revision));
      return present(context, this.endpoint.type, shown, projection);
    }

    private async page(context: ScimContext, query: ListQuery) {
      const { type } = this.endpoint;
      const projection = parseProjection(query, type);
      const count = Math.min(query.count ?? DEFAULT_PAGE, LARGEST_PAGE);
      const byCursor = query.cursor !== undefined;
      const after = query.cursor ? this.cursors.read(context, type.endpoint, query, query.cursor) : undefined;
      const filter = query.filter === undefined ? undefined : parseFilter(query.filter, type, context.policy.settings);
      const sort = parseSort(type, query);
      const request = {
        ...(filter && { filter }),
        ...(sort && { sort }),
        page: { count, withTotal: !after, ...(byCursor ? { ...(after && { after }) } : { startIndex: query.startIndex }) },
      };
      const { items, total, next } = this.isEmpty(context) ? { items: [], total: 0, next: undefined } : await this.endpoint.list(context, request, projection);
      return listResponse({
        resources: items.map((shown) => present(context, type, shown, projection)),
        ...(total !== undefined && { totalResults: total }),
        ...(!byCursor && { startIndex: query.startIndex }),
        itemsPerPage: items.length,
        ...(byCursor && next && { nextCursor: this.cursors.sign(context, type.endpoint, query, next) }),
      });
    }
  }
  return ResourceController;
};
