import { All, Controller, Req, UseGuards } from '@nestjs/common';
import { Needs } from '@tenure/platform';
import { problem } from '@tenure/scim';
import type { FastifyRequest } from 'fastify';
import { ConnectionGuard } from '../connection/connection.guard.ts';

/** Methods of each path below a base URL (RFC 7644, table 1). */
const allowed: readonly [RegExp, string][] = [
  [/^\/(Users|Groups)\/\.search$/i, 'POST'],
  [/^\/(Users|Groups)\/[^/]+$/i, 'GET, PUT, PATCH, DELETE'],
  [/^\/(Users|Groups)$/i, 'GET, POST'],
  [/^\/(ServiceProviderConfig|ResourceTypes|Schemas)(\/[^/]+)?$/i, 'GET'],
];

/** Everything else below a base URL: 501 for `/Me`, 405 with `Allow` on a path that exists, 404 elsewhere, as SCIM errors. */
@Controller('scim/:tenantId/:connectionId/v2')
@UseGuards(ConnectionGuard)
@Needs('public')
export class UnknownController {
  @All('*')
  unknown(@Req() request: FastifyRequest) {
    const path = /\/v2(\/[^?]*?)\/?(?:\?|$)/.exec(request.url)?.[1] ?? '';
    if (/^\/Me$/i.test(path)) throw problem(501, '/Me is not supported: a connection is no user.');
    const allow = allowed.find(([pattern]) => pattern.test(path))?.[1];
    if (allow === undefined) throw problem(404, 'There is nothing at this path.');
    throw Object.assign(problem(405, `${request.method} is not possible here; ${allow} is.`), { headers: { allow } });
  }
}
