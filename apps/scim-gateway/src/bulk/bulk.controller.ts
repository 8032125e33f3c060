import { Body, Controller, Header, Headers, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { MIB, Needs, Route, type Log } from '@tenure/platform';
import { bulkResponseSchema, parseBulk, type BulkLimits } from '@tenure/scim';
import { ConnectionGuard } from '../connection/connection.guard.ts';
import { Scim, type ScimContext } from '../connection/scim-context.ts';
import { ENDPOINTS, type Endpoints } from '../resource/endpoints.ts';
import { runBulk } from './run-bulk.ts';

export const LOG = Symbol('log');

export const BULK_LIMITS: BulkLimits = { maxOperations: 1000, maxPayloadSize: 10 * MIB };

/** RFC 7644 §3.7. */
@Controller('scim/:tenantId/:connectionId/v2/Bulk')
@UseGuards(ConnectionGuard)
@Needs('connection')
@Route({
  bodyLimit: BULK_LIMITS.maxPayloadSize,
  bodyLimitName: 'maxPayloadSize',
  json: { list: 1000, longLists: { names: /^(members|value|operations)$/i, most: 10_000 }, values: 100_000 },
})
export class BulkController {
  constructor(
    @Inject(ENDPOINTS) private readonly endpoints: Endpoints,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Post()
  @HttpCode(200)
  @Header('Content-Type', 'application/scim+json')
  async run(
    @Scim() context: ScimContext,
    @Body() body: unknown,
    @Headers('content-length') length: string | undefined,
  ) {
    const request = parseBulk(body, BULK_LIMITS, context.policy.settings, Number(length ?? 0));
    return {
      schemas: [bulkResponseSchema],
      Operations: await runBulk({ endpoints: this.endpoints(context), log: this.log }, context, request),
    };
  }
}
