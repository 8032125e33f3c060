import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, KeyOf, mayDo, Needs, type CallerKey } from '@tenure/platform';
import {
  actBodies,
  actedReply,
  jobReply,
  queueQuery,
  queueReply,
  type Queue,
  type QueueNeed,
  type QueueQuery,
} from '@tenure/provisioning';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';

export const QUEUE = Symbol('queue');

const actedOrJob = z.union([actedReply, jobReply]);
type ActBody = z.output<typeof actBodies>;

const mayWith = (key: CallerKey) => (needs: QueueNeed) => mayDo(key, needs);

/** Everything that waits for a human (R95). */
@Controller('mapping/v1/tenants/:tenantId/queue')
export class QueueController {
  constructor(@Inject(QUEUE) private readonly queue: Queue) {}

  @Get()
  @Answers('What waits for a human, oldest first, with how much of each kind matches', queueReply)
  list(@Param('tenantId') tenantId: string, @Query({ schema: queueQuery }) query: QueueQuery, @KeyOf() key: CallerKey) {
    return this.queue.list(tenantId, query, mayWith(key));
  }

  @Post('act')
  @HttpCode(200)
  @Needs('admin')
  @Answers('Each item acted on by itself; all that match a filter, as a job (202)', actedOrJob)
  async act(
    @CallerOf() caller: Caller,
    @KeyOf() key: CallerKey,
    @Body({ schema: actBodies }) body: ActBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    if ('items' in body) return this.queue.act(caller, mayWith(key), body);
    reply.status(202);
    return this.queue.actOnAll(caller, mayWith(key), body);
  }
}
