import { All, Body, Controller, Header, HttpCode, Inject, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import { MIB, Needs, Route } from '@tenure/platform';
import { parseListQuery, parseSearchRequest } from '@tenure/scim';
import type { FastifyReply } from 'fastify';
import { ConnectionGuard } from '../connection/connection.guard.ts';
import { Scim, type ScimContext, type ScimRequest } from '../connection/scim-context.ts';
import { answerUnserved } from '../discovery/unserved.ts';
import type { Cursors } from '../resource/cursor.ts';
import { CURSORS } from '../resource/resource.controller.ts';
import { ENDPOINTS, type Endpoints } from '../resource/endpoints.ts';
import { listAll } from './list-all.ts';

const SCIM_JSON = 'application/scim+json';

/** RFC 7644 §3.4.2.1, §3.4.3: one query over every resource type. */
@Controller('scim/:tenantId/:connectionId/v2')
@UseGuards(ConnectionGuard)
@Needs('connection')
@Route({ bodyLimit: MIB })
export class RootController {
  constructor(
    @Inject(ENDPOINTS) private readonly endpoints: Endpoints,
    @Inject(CURSORS) private readonly cursors: Cursors,
  ) {}

  /** All methods, since the last of the routes begins below the base URL. */
  @All()
  @Route({ ignoresBody: true })
  list(
    @Scim() context: ScimContext,
    @Query() params: Record<string, string | string[] | undefined>,
    @Req() request: ScimRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if (request.method !== 'GET' && request.method !== 'HEAD') return answerUnserved(request, reply);
    reply.status(200).type(SCIM_JSON);
    return listAll(this.endpoints(context), this.cursors, context, parseListQuery(params));
  }

  @Post('.search')
  @HttpCode(200)
  @Header('Content-Type', SCIM_JSON)
  search(@Scim() context: ScimContext, @Body() body: unknown) {
    return listAll(this.endpoints(context), this.cursors, context, parseSearchRequest(body, context.policy.settings));
  }
}
