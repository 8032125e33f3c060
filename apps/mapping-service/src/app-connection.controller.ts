import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Put, Query, Res } from '@nestjs/common';
import {
  appReply,
  connectionPut,
  connectionReply,
  credentialsBody,
  credentialsReply,
  endpointBody,
  endpointReply,
  ownershipBody,
  testBody,
  testReply,
  type CredentialsBody,
  type EndpointBody,
  type TestBody,
} from '@tenure/provisioning';
import type { Caller } from '@tenure/eventing';
import { Answers, CallerOf, Needs } from '@tenure/platform';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { APPS, noQuery, tagged, versionsIn, type Apps } from './mapping-api.ts';

/** How an app is reached and signed in to (R25, R32, R34, R52). Secrets never come back. */
@Controller('mapping/v1/tenants/:tenantId/apps/:appId')
export class AppConnectionController {
  constructor(@Inject(APPS) private readonly apps: Apps) {}

  @Get('credentials')
  @Answers('The credentials, without their secret', credentialsReply)
  async credentials(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { version, ...credentials } = await this.apps.queries.credentials(tenantId, appId);
    return tagged(reply, version, credentials);
  }

  @Put('credentials')
  @Needs('app_admin')
  @Answers('The same, replaced once they passed a test', credentialsReply)
  async setCredentials(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: credentialsBody }) body: CredentialsBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Query({ schema: noQuery }) _query: object,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.apps.connection.setCredentials(caller, appId, body, versionsIn(ifMatch));
    return this.credentials(caller.tenantId, appId, reply);
  }

  @Post('test')
  @HttpCode(200)
  @Needs('app_admin')
  @Answers('What a test of the connection came to', testReply)
  test(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: testBody.optional() }) body: TestBody | undefined,
  ) {
    return this.apps.connection.test(caller, appId, body);
  }

  @Post('reauthorize')
  @HttpCode(200)
  @Needs('app_admin')
  @Answers('New credentials passed the test and took the place of the old ones', appReply)
  async reauthorize(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: credentialsBody }) body: CredentialsBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.apps.connection.reauthorize(caller, appId, body, versionsIn(ifMatch));
    const app = await this.apps.queries.get(caller.tenantId, appId);
    return tagged(reply, app.version, app);
  }

  @Get('endpoint')
  @Answers('Where the app is found; before it is set, the template of its preset', endpointReply)
  async endpoint(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { version, ...endpoint } = await this.apps.queries.endpoint(tenantId, appId);
    return tagged(reply, version, endpoint);
  }

  @Put('endpoint')
  @Needs('app_admin')
  @Answers('The same, replaced', endpointReply)
  async setEndpoint(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: endpointBody }) body: EndpointBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Query({ schema: noQuery }) _query: object,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.apps.connection.setEndpoint(caller, appId, body, versionsIn(ifMatch));
    return this.endpoint(caller.tenantId, appId, reply);
  }

  @Get('connection')
  @Answers('How the app is spoken to, and what was learned of it', connectionReply)
  async connection(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { version, connection } = await this.apps.queries.connection(tenantId, appId);
    return tagged(reply, version, connection);
  }

  @Put('connection')
  @Needs('app_admin')
  @Answers('The same, replaced', connectionReply)
  async setConnection(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: connectionPut }) body: z.output<typeof connectionPut>,
    @Headers('if-match') ifMatch: string | undefined,
    @Query({ schema: noQuery }) _query: object,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.apps.connection.setConnection(caller, appId, body, versionsIn(ifMatch));
    return this.connection(caller.tenantId, appId, reply);
  }

  @Get('ownership')
  @Answers('What counts as ours, and who gets an account back', ownershipBody)
  async ownership(
    @Param('tenantId') tenantId: string,
    @Param('appId') appId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { config, version } = await this.apps.queries.find(tenantId, appId);
    return tagged(reply, version, config.ownership);
  }

  @Put('ownership')
  @Needs('app_admin')
  @Answers('The same, replaced', ownershipBody)
  async setOwnership(
    @CallerOf() caller: Caller,
    @Param('appId') appId: string,
    @Body({ schema: ownershipBody }) body: z.output<typeof ownershipBody>,
    @Headers('if-match') ifMatch: string | undefined,
    @Query({ schema: noQuery }) _query: object,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.apps.commands.setOwnership(caller, appId, body, versionsIn(ifMatch));
    return this.ownership(caller.tenantId, appId, reply);
  }
}
