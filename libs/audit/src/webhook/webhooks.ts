import { randomUUID } from 'node:crypto';
import { pagesByInstant, type ListPage, type ListPageRequest } from '@tenure/contracts';
import type { Database } from '@tenure/database';
import { Rejected } from '@tenure/eventing';
import { newWebhookSecret } from './signing.ts';
import type { WebhookBody, WebhookDeliveriesQuery, WebhookDeliveryReply, WebhookReply } from './webhook.bodies.ts';
import { Webhook, WebhookDelivery } from './webhook.entities.ts';

export type WebhooksOptions = {
  database: Database;
  /** Seals a webhook's secret for its row. */
  box: { seal: (value: unknown, boundTo: readonly string[]) => string };
  /** Why a URL may not be reached from here; undefined where it may. */
  refusalOf: (url: string) => Promise<string | undefined>;
  /** There is something to send. */
  wake: () => void;
};

const MOST_PER_TENANT = 50;

type Versions = readonly number[] | '*' | undefined;
export type Webhooks = ReturnType<typeof webhooks>;

const replyOf = ({
  id,
  url,
  events,
  enabled,
  personal,
  failingSince,
  createdAt,
  updatedAt,
  version,
}: Webhook): WebhookReply => ({
  id,
  url,
  events,
  enabled,
  personal,
  ...(failingSince !== null && { failingSince }),
  createdAt,
  updatedAt,
  version,
});

const deliveryReplyOf = (row: WebhookDelivery): WebhookDeliveryReply => ({
  id: row.id,
  type: row.type,
  state: row.state,
  attempts: row.attempts,
  createdAt: row.createdAt,
  ...(row.state === 'pending' && { nextAttemptAt: row.nextAttemptAt }),
  ...(row.endedAt !== null && { endedAt: row.endedAt }),
  ...(row.lastStatus !== null && { lastStatus: row.lastStatus }),
  ...(row.lastError !== null && { lastError: row.lastError }),
  payload: row.payload as WebhookDeliveryReply['payload'],
});

/** A tenant's webhooks and their log (R94). */
export const webhooks = ({ database, box, refusalOf, wake }: WebhooksOptions) => {
  const hooks = database.repository(Webhook);
  const deliveries = database.repository(WebhookDelivery);

  /** Throws `Rejected` `webhook/not-found`, also for another tenant's. */
  const find = async (tenantId: string, id: string): Promise<Webhook> => {
    const found = await hooks.findOneBy({ tenantId, id });
    if (!found) throw new Rejected('not-found', 'webhook/not-found', 'There is no such webhook.');
    return found;
  };

  const refuseUnreachable = async (url: string) => {
    const refusal = await refusalOf(url);
    if (refusal !== undefined)
      throw new Rejected('invalid', 'webhook/url-not-allowed', refusal, [{ field: 'url', message: refusal }]);
  };

  const save = async (hook: Webhook, changes: Partial<Webhook>, ifMatch?: Versions): Promise<Webhook> => {
    const changed = { ...changes, version: hook.version + 1, updatedAt: new Date().toISOString() };
    const { affected } =
      ifMatch === undefined || ifMatch === '*' || ifMatch.includes(hook.version)
        ? await hooks.update({ id: hook.id, version: hook.version }, changed)
        : { affected: 0 };
    if (affected === 0)
      throw new Rejected(
        'stale',
        'webhook/stale',
        `The webhook is at version ${hook.version}; If-Match doesn't match.`,
      );
    return hooks.merge(hook, changed);
  };

  const sealedFor = (id: string, secret: string) => box.seal({ secret }, [id]);

  const queueTest = async (hook: Webhook): Promise<WebhookDeliveryReply> => {
    const now = new Date().toISOString();
    const delivery: WebhookDelivery = {
      id: `msg_${randomUUID()}`,
      webhookId: hook.id,
      tenantId: hook.tenantId,
      type: 'webhook.test',
      payload: { type: 'webhook.test', timestamp: now, data: { tenantId: hook.tenantId, webhookId: hook.id } },
      fact: null,
      state: 'pending',
      attempts: 0,
      createdAt: now,
      nextAttemptAt: now,
      endedAt: null,
      lastStatus: null,
      lastError: null,
    };
    await deliveries.insert(delivery);
    await hooks.update({ id: hook.id }, { pausedUntil: null });
    wake();
    return deliveryReplyOf(delivery);
  };

  return {
    /** Answers with the secret, which is never shown again. */
    create: async (tenantId: string, body: WebhookBody): Promise<WebhookReply & { secret: string }> => {
      await refuseUnreachable(body.url);
      if ((await hooks.countBy({ tenantId })) >= MOST_PER_TENANT)
        throw new Rejected('conflict', 'webhook/too-many', `A tenant has at most ${MOST_PER_TENANT} webhooks.`);
      const [id, secret, now] = [randomUUID(), newWebhookSecret(), new Date().toISOString()];
      const hook: Webhook = {
        ...body,
        id,
        tenantId,
        sealedSecret: sealedFor(id, secret),
        version: 1,
        createdAt: now,
        updatedAt: now,
        pausedUntil: null,
        failingSince: null,
      };
      await hooks.insert(hook);
      return { ...replyOf(hook), secret };
    },
    list: async (tenantId: string, request: ListPageRequest): Promise<ListPage<WebhookReply>> => {
      const { limit, after } = pagesByInstant.behind(request);
      const query = hooks.createQueryBuilder('w').where('w.tenantId = :tenantId', { tenantId });
      if (after) query.andWhere('(w.createdAt, w.id) > (:at::timestamptz, :id)', { at: after[0], id: after[1] });
      const rows = await query
        .orderBy('w.createdAt')
        .addOrderBy('w.id')
        .limit(limit + 1)
        .getMany();
      return pagesByInstant.of(rows, limit, replyOf, ({ createdAt, id }) => [createdAt, id]);
    },
    get: async (tenantId: string, id: string): Promise<WebhookReply> => replyOf(await find(tenantId, id)),
    replace: async (tenantId: string, id: string, body: WebhookBody, ifMatch?: Versions): Promise<WebhookReply> => {
      const hook = await find(tenantId, id);
      await refuseUnreachable(body.url);
      // Enabled again, or sent elsewhere: what failed before says nothing any more.
      const saved = await save(hook, { ...body, pausedUntil: null, failingSince: null }, ifMatch);
      wake();
      return replyOf(saved);
    },
    remove: async (tenantId: string, id: string): Promise<void> => {
      const { id: known } = await find(tenantId, id);
      await hooks.delete({ id: known });
    },
    rotateSecret: async (tenantId: string, id: string): Promise<WebhookReply & { secret: string }> => {
      const hook = await find(tenantId, id);
      const secret = newWebhookSecret();
      return { ...replyOf(await save(hook, { sealedSecret: sealedFor(id, secret) })), secret };
    },
    test: async (tenantId: string, id: string): Promise<WebhookDeliveryReply> => {
      const hook = await find(tenantId, id);
      if (!hook.enabled)
        throw new Rejected('conflict', 'webhook/disabled', 'The webhook is disabled. Enable it to send a test.');
      return queueTest(hook);
    },
    /** The log, newest first. */
    deliveries: async (
      tenantId: string,
      id: string,
      { state, ...page }: WebhookDeliveriesQuery,
    ): Promise<ListPage<WebhookDeliveryReply>> => {
      const hook = await find(tenantId, id);
      const { limit, after } = pagesByInstant.behind(page);
      const query = deliveries.createQueryBuilder('d').where('d.webhookId = :id', { id: hook.id });
      if (state) query.andWhere('d.state = :state', { state });
      if (after) query.andWhere('(d.createdAt, d.id) < (:at::timestamptz, :last)', { at: after[0], last: after[1] });
      const rows = await query
        .orderBy('d.createdAt', 'DESC')
        .addOrderBy('d.id', 'DESC')
        .limit(limit + 1)
        .getMany();
      return pagesByInstant.of(rows, limit, deliveryReplyOf, (row) => [row.createdAt, row.id]);
    },
    /** Sends a delivery once more under the same id, whatever came of it. */
    replay: async (tenantId: string, id: string, deliveryId: string): Promise<WebhookDeliveryReply> => {
      const hook = await find(tenantId, id);
      const delivery = await deliveries.findOneBy({ webhookId: hook.id, id: deliveryId });
      if (!delivery)
        throw new Rejected('not-found', 'webhook/delivery-not-found', 'There is no such delivery of this webhook.');
      const again = { state: 'pending', attempts: 0, nextAttemptAt: new Date().toISOString(), endedAt: null } as const;
      await deliveries.update({ webhookId: hook.id, id: deliveryId }, again);
      await hooks.update({ id: hook.id }, { pausedUntil: null });
      wake();
      return deliveryReplyOf(deliveries.merge(delivery, again));
    },
  };
};
