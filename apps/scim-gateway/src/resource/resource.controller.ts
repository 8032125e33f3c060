import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  Headers,
  HttpCode,
  Inject,
  Patch,
  Post,
  Put,
  Query,
  Res,
  UseGuards,
  type CanActivate,
  type Type,
} from '@nestjs/common';
import type { Listed, PageKey } from '@tenure/directory';
import { MIB, Needs, Route, type RouteSettings } from '@tenure/platform';
import {
  parseFilter,
  parseListQuery,
  parseProjection,
  parseSearchRequest,
  parseShownAttributes,
  parseSort,
  problem,
  type ListQuery,
  type Projection,
} from '@tenure/scim';
import type { FastifyReply } from 'fastify';
import { ConnectionGuard } from '../connection/connection.guard.ts';
import { Scim, type ScimContext } from '../connection/scim-context.ts';
import type { Cursors } from './cursor.ts';
import { pageOf, pageResponse } from './page.ts';
import { locationOf, present } from './present.ts';
import { ENDPOINTS, endpointAt, type Endpoints } from './endpoints.ts';
import { withoutUrls } from './reference-filters.ts';
import { ResourceId } from './resource-id.ts';
import { isEmpty, type ConditionalHeaders, type ScimEndpoint, type Shown } from './scim-endpoint.ts';
import { IfVersion, isKnown, versionOf } from './versions.ts';

export const CURSORS = Symbol('cursors');

type Params = Record<string, string | string[] | undefined>;
const SCIM_JSON = 'application/scim+json';

/** RFC 7644 §3: one resource type below its endpoint, `Users`, or whichever the path names, `:collection`. Translates between HTTP and the endpoint; decides nothing. */
export const resourceController = (
  path: string,
  {
    name = path,
    guards = [],
    route = { bodyLimit: MIB },
  }: { name?: string; guards?: Type<CanActivate>[]; route?: RouteSettings } = {},
): Type => {
  @Controller(`scim/:tenantId/:connectionId/v2/${path}`)
  @UseGuards(ConnectionGuard, ...guards)
  @Needs('connection')
  @Route(route)
  class ResourceController {
    constructor(
      @Inject(ENDPOINTS) readonly endpoints: Endpoints,
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
      return this.page(context, parseSearchRequest(body, context.policy.settings));
    }

    @Get(':id')
    @Header('Content-Type', SCIM_JSON)
    async get(
      @Scim() context: ScimContext,
      @ResourceId() id: string,
      @Query() params: Params,
      @Headers('if-none-match') known: string | undefined,
      @Res({ passthrough: true }) reply: FastifyReply,
    ) {
      const endpoint = this.endpointOf(context);
      const projection = projectionOf(endpoint, params);
      const found = isEmpty(endpoint, context) ? undefined : await endpoint.get(context, id, projection);
      if (!found) throw problem(404, `There is no ${endpoint.type.name} with this id.`);
      const version = versionOf(found);
      if (known !== undefined && found.cacheable && isKnown(known, version))
        return void reply.status(304).header('etag', version);
      return answer(context, endpoint, found, projection, reply);
    }

    @Post()
    @Header('Content-Type', SCIM_JSON)
    async create(
      @Scim() context: ScimContext,
      @Body() body: unknown,
      @Query() params: Params,
      @Res({ passthrough: true }) reply: FastifyReply,
    ) {
      const endpoint = this.endpointOf(context);
      const projection = projectionOf(endpoint, params);
      const created = await endpoint.create(context, body, projection);
      reply.header('location', locationOf(context, endpoint.type, created.resource.id as string));
      return answer(context, endpoint, created, projection, reply);
    }

    @Put(':id')
    @Header('Content-Type', SCIM_JSON)
    async replace(
      @Scim() context: ScimContext,
      @ResourceId() id: string,
      @Body() body: unknown,
      @Query() params: Params,
      @IfVersion() preconditions: ConditionalHeaders,
      @Res({ passthrough: true }) reply: FastifyReply,
    ) {
      const endpoint = this.endpointOf(context);
      const projection = projectionOf(endpoint, params);
      return answer(
        context,
        endpoint,
        await endpoint.replace(context, id, body, preconditions, projection),
        projection,
        reply,
      );
    }

    @Patch(':id')
    async patch(
      @Scim() context: ScimContext,
      @ResourceId() id: string,
      @Body() body: unknown,
      @Query() params: Params,
      @IfVersion() preconditions: ConditionalHeaders,
      @Res({ passthrough: true }) reply: FastifyReply,
    ) {
      const endpoint = this.endpointOf(context);
      const projection = projectionOf(endpoint, params);
      const silent = endpoint.patchStatus(context) === 204 && !projection.only;
      const patched = await endpoint.patch(context, id, body, preconditions, silent ? { only: [] } : projection);
      if (silent) return void reply.status(204).header('etag', versionOf(patched));
      reply.type(SCIM_JSON);
      return answer(context, endpoint, patched, projection, reply);
    }

    @Delete(':id')
    @HttpCode(204)
    async delete(
      @Scim() context: ScimContext,
      @ResourceId() id: string,
      @IfVersion() preconditions: ConditionalHeaders,
    ) {
      await this.endpointOf(context).delete(context, id, preconditions);
    }

    private endpointOf(context: ScimContext): ScimEndpoint {
      return endpointAt(this.endpoints(context), `/${context.collection ?? path}`)!;
    }

    private async page(context: ScimContext, query: ListQuery) {
      const endpoint = this.endpointOf(context);
      const { type } = endpoint;
      const projection = parseProjection(query, type);
      const after = query.cursor ? this.cursors.read<PageKey>(context, type.endpoint, query, query.cursor) : undefined;
      const filter =
        query.filter === undefined
          ? undefined
          : withoutUrls(parseFilter(query.filter, type, context.policy.settings), context, type);
      const sort = parseSort(type, query);
      const { items, total, next } = isEmpty(endpoint, context)
        ? nothing
        : await endpoint.list(context, { filter, sort, page: pageOf(query, after) }, projection);
      return pageResponse(query, {
        resources: items.map((shown) => present(context, type, shown, projection)),
        total,
        nextCursor: next && (() => this.cursors.sign(context, type.endpoint, query, next)),
      });
    }
  }
  // By this name its routes are told apart in /openapi.json.
  Object.defineProperty(ResourceController, 'name', { value: `Scim${name}Controller` });
  return ResourceController;
};

const projectionOf = ({ type }: ScimEndpoint, params: Params): Projection =>
  parseProjection(parseShownAttributes(params), type);

const answer = (
  context: ScimContext,
  { type }: ScimEndpoint,
  shown: Shown,
  projection: Projection,
  reply: FastifyReply,
) => {
  // RFC 7643 §3.1: `meta.location` is what Content-Location says.
  reply
    .header('etag', versionOf(shown))
    .header('content-location', locationOf(context, type, shown.resource.id as string));
  return present(context, type, shown, projection);
};

const nothing: Listed<Shown> = { items: [], total: 0 };
