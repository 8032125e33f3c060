import type { Database, Sql } from '@tenure/database';
import { isOutage } from '@tenure/eventing';
import type { Fact, FactBatch } from '@tenure/messaging';
import { isWanted, messageId, notificationsOf, type Notification } from './notifications.ts';

type Subscriber = { id: string; tenant_id: string; events: string[]; personal: boolean; created_at: string };
type Row = { id: string; webhook_id: string; tenant_id: string; type: string; payload: object; fact: Fact | null };

export type WebhookConsumerOptions = {
  database: Database;
  schema: string;
  onQueued: () => void;
  onFailure: (error: unknown) => void;
};

/**
 * Queues a delivery for each webhook that wants to hear of a fact. A fact that comes again queues nothing twice, for the id of a
 * delivery follows from the fact's. Throws only in an outage: then the batch comes again.
 */
export const webhookConsumer = ({ database, schema, onQueued, onFailure }: WebhookConsumerOptions) => {
  const subscribersOf = (tenantIds: readonly string[]) =>
    database.query<Subscriber>({
      name: `${schema}.webhooks_of`,
      text: `select id, tenant_id, events, personal, created_at from ${schema}.webhooks where enabled and tenant_id = any ($1)`,
      values: [tenantIds],
    });

  const queue = (sql: Sql, rows: readonly Row[]) =>
    sql.query({
      name: `${schema}.queue_webhooks`,
      text: `insert into ${schema}.webhook_deliveries (id, webhook_id, tenant_id, type, payload, fact)
             select d.id, d.webhook_id, d.tenant_id, d.type, d.payload, d.fact
             from jsonb_populate_recordset(null::${schema}.webhook_deliveries, $1) d join ${schema}.webhooks w on w.id = d.webhook_id
             on conflict do nothing`,
      values: [JSON.stringify(rows)],
    });

  /** What can't be stored, whatever it is, must not hold up the rest. */
  const queueOneByOne = async (rows: readonly Row[]) => {
    for (const row of rows)
      await queue(database, [row]).catch((error: unknown) => {
        if (isOutage(error)) throw error;
        onFailure(error);
      });
  };

  return {
    consume: async (facts: FactBatch): Promise<void> => {
      const told = facts.flatMap((fact) => notificationsOf(fact).map((notification) => ({ fact, notification })));
      if (told.length === 0) return;
      const subscribers = await subscribersOf([...new Set(told.map(({ fact }) => fact.metadata.tenantId))]);
      const rows = told.flatMap(({ fact, notification }) =>
        subscribers.filter((each) => wants(each, fact, notification)).map((each) => rowOf(each, fact, notification)),
      );
      if (rows.length === 0) return;
      await queue(database, rows).catch((error: unknown) =>
        isOutage(error) ? Promise.reject(error) : queueOneByOne(rows),
      );
      onQueued();
    },
  };
};

/** A webhook hears of what happens after it was made: facts that are handed in again tell it nothing old. */
const wants = ({ tenant_id, events, created_at }: Subscriber, fact: Fact, { type }: Notification) =>
  tenant_id === fact.metadata.tenantId && created_at <= fact.recordedAt && isWanted(events, type);

const rowOf = (webhook: Subscriber, fact: Fact, notification: Notification): Row => ({
  id: messageId(webhook.id, notification),
  webhook_id: webhook.id,
  tenant_id: webhook.tenant_id,
  type: notification.type,
  payload: { type: notification.type, timestamp: notification.timestamp, data: notification.data },
  fact: webhook.personal && fact.personal !== undefined ? fact : null,
});
