import { listPageQuery } from '@tenure/contracts';
import { z } from 'zod';
import { notificationTypes } from './notifications.ts';
import { webhookDeliveryStates } from './webhook.entities.ts';

const events = z.union([
  z.tuple([z.literal('*')]),
  z.array(z.enum(notificationTypes)).min(1).max(notificationTypes.length),
]);

/** `POST` and `PUT /webhooks`. `personal`: whether notifications carry people's data; without it they hold ids and codes. */
export const webhookBody = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'Must be an absolute URL.' }).max(2000),
  events,
  enabled: z.boolean().default(true),
  personal: z.boolean().default(false),
});
export type WebhookBody = z.output<typeof webhookBody>;

export const webhookReply = z.object({
  id: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  enabled: z.boolean(),
  personal: z.boolean(),
  failingSince: z.string().optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
  version: z.int(),
});
export type WebhookReply = z.output<typeof webhookReply>;
/** The secret is shown once: when it is made. */
export const webhookWithSecretReply = webhookReply.extend({ secret: z.string() });

export const webhookDeliveriesQuery = z.strictObject({
  ...listPageQuery,
  state: z.enum(webhookDeliveryStates).optional(),
});
export type WebhookDeliveriesQuery = z.output<typeof webhookDeliveriesQuery>;

export const webhookDeliveryReply = z.object({
  id: z.string(),
  type: z.string(),
  state: z.enum(webhookDeliveryStates),
  attempts: z.int(),
  createdAt: z.string(),
  nextAttemptAt: z.string().optional(),
  endedAt: z.string().optional(),
  lastStatus: z.int().optional(),
  lastError: z.string().optional(),
  payload: z.record(z.string(), z.unknown()),
});
export type WebhookDeliveryReply = z.output<typeof webhookDeliveryReply>;
