import { Controller, Get, Header, HttpStatus, Res, type Type } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Runtime } from '../runtime/runtime.ts';
import { Needs } from './caller.guard.ts';
import { Answers, openApi } from './openapi.ts';

/** `/health`, `/metrics` and `/openapi.json`, at the root and under a service's own segments. */
export const operationsController = (
  runtime: Runtime,
  segments: readonly string[],
  title: string,
  controllers: readonly Type[],
): Type => {
  const document = openApi(title, controllers);

  @Controller(['', ...segments])
  class OperationsController {
    @Get('health/live')
    @Needs('public')
    @Answers('The process runs')
    live() {
      return { status: 'live' };
    }

    @Get('health/ready')
    @Needs('public')
    @Answers('Every part can do its work')
    async ready(@Res({ passthrough: true }) reply: FastifyReply) {
      const parts = await Promise.all(
        runtime.readiness.map(async ({ name, check, note }) => ({
          name,
          waitsFor: await check().catch((error: unknown) => (error instanceof Error ? error.message : String(error))),
          note: await note?.().catch(() => undefined),
        })),
      );
      const ready = parts.every(({ waitsFor }) => waitsFor === undefined);
      if (!ready) reply.status(HttpStatus.SERVICE_UNAVAILABLE).header('retry-after', '1');
      return { status: ready ? 'ready' : 'starting', parts };
    }

    @Get('metrics')
    @Needs('public')
    @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
    @Answers('Prometheus metrics')
    async metrics() {
      await Promise.all(runtime.onScrape.map((look) => look().catch(() => undefined)));
      const following = [...runtime.followers.map(({ status }) => status()), ...runtime.transport.consumers()];
      for (const { name, lagMs, failing } of following) {
        runtime.metrics.followerLag.set({ follower: name }, lagMs / 1000);
        runtime.metrics.followerFailing.set({ follower: name }, failing === undefined ? 0 : 1);
      }
      return runtime.metrics.registry.metrics();
    }

    @Get('openapi.json')
    @Needs('public')
    @Answers('This description')
    openapi() {
      return document;
    }
  }
  return OperationsController;
};
