import { timingSafeEqual } from 'node:crypto';
import type { DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHttpApp, openLog, openMetrics, scimErrors } from '@tenure/platform';
import { problem } from '@tenure/scim';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { groups, users } from './accounts.ts';
import { behaviour, type Behaviour } from './behaviour.ts';
import type { Config } from './config.ts';
import {
  BEHAVIOUR,
  GROUPS,
  SandboxController,
  SandboxGroupsController,
  SandboxUsersController,
  USERS,
} from './sandbox.controller.ts';

class SandboxModule {}

/** The sandbox: a small SCIM application that Tenure provisions into, for demos and tests. */
export const createSandbox = async ({ SANDBOX_TOKEN, LOG_LEVEL }: Config): Promise<NestFastifyApplication> => {
  const asked = behaviour();
  const baseUrl = () => '/scim/v2';
  const module: DynamicModule = {
    module: SandboxModule,
    controllers: [SandboxController, SandboxUsersController, SandboxGroupsController],
    providers: [
      { provide: USERS, useValue: users(baseUrl) },
      { provide: GROUPS, useValue: groups(baseUrl) },
      { provide: BEHAVIOUR, useValue: asked },
    ],
  };
  const app = await createHttpApp(module, {
    log: openLog('sandbox-app', LOG_LEVEL),
    metrics: openMetrics('sandbox-app'),
    dialects: [scimErrors('/scim/')],
  });
  guard(app, asked, SANDBOX_TOKEN);
  return app;
};

/** Asks for the token, misbehaves as told, and writes down what was asked. */
const guard = (app: NestFastifyApplication, asked: Behaviour, token: string) => {
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  const isScim = ({ url }: FastifyRequest) => url.startsWith('/scim/');
  fastify.addHook('onRequest', async (request) => {
    if (!isScim(request)) return;
    const given = Buffer.from(request.headers.authorization ?? '');
    const expected = Buffer.from(`Bearer ${token}`);
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      throw problem(401, 'The token is not right.');
    await asked.misbehave();
  });
  fastify.addHook('onResponse', async (request, reply) => {
    if (isScim(request))
      asked.record({
        at: new Date().toISOString(),
        method: request.method,
        path: request.url,
        status: reply.statusCode,
      });
  });
};
