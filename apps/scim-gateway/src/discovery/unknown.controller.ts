import { All, Controller, Req, Res, UseGuards } from '@nestjs/common';
import { Needs, Route } from '@tenure/platform';
import type { FastifyReply } from 'fastify';
import { ConnectionGuard } from '../connection/connection.guard.ts';
import type { ScimRequest } from '../connection/scim-context.ts';
import { answerUnserved } from './unserved.ts';

/** The last of the routes: everything else below a base URL, as SCIM errors. */
@Controller('scim/:tenantId/:connectionId/v2')
@UseGuards(ConnectionGuard)
@Needs('connection')
@Route({ ignoresBody: true })
export class UnknownController {
  @All('*')
  unknown(@Req() request: ScimRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    answerUnserved(request, reply);
  }
}
