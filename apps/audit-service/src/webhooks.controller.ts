import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Put, Query, Res } from '@nestjs/common';
import {
  webhookBody,
  webhookDeliveriesQuery,
  webhookDeliveryReply,
  webhookReply,
  webhookWithSecretReply,
  type WebhookBody,
  type WebhookDeliveriesQuery,
  type Webhooks,
} from '@tenure/audit';
import { listPageRequest, listReply, type ListPageRequest } from '@tenure/contracts';
import { Answers, ifMatchOf, versionTag } from '@tenure/platform';
import type { FastifyReply } from 'fastify';

export const WEBHOOKS = Symbol('webhooks');

const tagged = <Reply extends { version: number }>(reply: FastifyReply, body: Reply): Reply => {
  reply.header('etag', versionTag(body.version));
  return body;
};

/** Notifications to receivers of the tenant's choice (R94). */
@Controller('audit/v1/tenants/:tenantId/webhooks')
export class WebhooksController {
  constructor(@Inject(WEBHOOKS) private readonly webhooks: Webhooks) {}

  @Post()
  @Answers('A new webhook, with its signing secret, shown once', webhookWithSecretReply)
  async create(
    @Param('tenantId') tenantId: string,
    @Body({ schema: webhookBody }) body: WebhookBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const created = await this.webhooks.create(tenantId, body);
    reply.header('location', `/audit/v1/tenants/${tenantId}/webhooks/${created.id}`);
    return tagged(reply, created);
  }

  @Get()
  @Answers('Webhooks', listReply(webhookReply))
  list(@Param('tenantId') tenantId: string, @Query({ schema: listPageRequest }) page: ListPageRequest) {
    return this.webhooks.list(tenantId, page);
  }

  @Get(':id')
  @Answers('A webhook', webhookReply)
  async get(
    @Param('tenantId') tenantId: string,
    @Param('id') id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return tagged(reply, await this.webhooks.get(tenantId, id));
  }

  @Put(':id')
  @Answers('The same, replaced', webhookReply)
  async replace(
    @Param('tenantId') tenantId: string,
    @Param('id') id: string,
    @Body({ schema: webhookBody }) body: WebhookBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return tagged(reply, await this.webhooks.replace(tenantId, id, body, ifMatchOf(ifMatch)));
  }

  @Delete(':id')
  @HttpCode(204)
  @Answers('The webhook and its log are gone')
  async remove(@Param('tenantId') tenantId: string, @Param('id') id: string) {
    await this.webhooks.remove(tenantId, id);
  }

  @Post(':id/test')
  @HttpCode(200)
  @Answers('The delivery of a test message', webhookDeliveryReply)
  test(@Param('tenantId') tenantId: string, @Param('id') id: string) {
    return this.webhooks.test(tenantId, id);
  }

  @Post(':id/rotate-secret')
  @HttpCode(200)
  @Answers('The webhook with a new signing secret, shown once', webhookWithSecretReply)
  async rotateSecret(
    @Param('tenantId') tenantId: string,
    @Param('id') id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return tagged(reply, await this.webhooks.rotateSecret(tenantId, id));
  }

  @Get(':id/deliveries')
  @Answers('The delivery log, newest first', listReply(webhookDeliveryReply))
  deliveries(
    @Param('tenantId') tenantId: string,
    @Param('id') id: string,
    @Query({ schema: webhookDeliveriesQuery }) query: WebhookDeliveriesQuery,
  ) {
    return this.webhooks.deliveries(tenantId, id, query);
  }

  @Post(':id/deliveries/:deliveryId/replay')
  @HttpCode(200)
  @Answers('The delivery, to be sent once more', webhookDeliveryReply)
  replay(@Param('tenantId') tenantId: string, @Param('id') id: string, @Param('deliveryId') deliveryId: string) {
    return this.webhooks.replay(tenantId, id, deliveryId);
  }
}
