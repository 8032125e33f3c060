import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { ScimRequest } from '../connection/scim-context.ts';
import { answerUnserved } from '../discovery/unserved.ts';

/** A collection that is none of the built-in ones is served where the tenant defined it (R71), and nowhere else. */
@Injectable()
export class OwnTypeGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<ScimRequest>();
    const { collection = '', types } = request.scim!;
    const isOwn = types.own.some(({ type }) => type.endpoint.toLowerCase() === `/${collection.toLowerCase()}`);
    if (!isOwn) answerUnserved(request, http.getResponse<FastifyReply>());
    return isOwn;
  }
}
