import { instantColumn } from '@tenure/database';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Where a tenant wants to be told what happens (R94). */
@Entity({ schema: 'audit', name: 'webhooks' })
export class Webhook {
  @PrimaryColumn('text') id!: string;
  @Column('text', { name: 'tenant_id' }) tenantId!: string;
  @Column('text') url!: string;
  /** Types of notifications, or `*` alone. */
  @Column('text', { array: true }) events!: string[];
  @Column('boolean') enabled!: boolean;
  /** Whether notifications carry people's data. */
  @Column('boolean') personal!: boolean;
  /** The signing secret, sealed and bound to the webhook's id. */
  @Column('text', { name: 'sealed_secret' }) sealedSecret!: string;
  @Column('int') version!: number;
  @Column('timestamptz', { transformer: instantColumn, name: 'created_at' }) createdAt!: string;
  @Column('timestamptz', { transformer: instantColumn, name: 'updated_at' }) updatedAt!: string;
  /** After a failure nothing is sent before this, so that an endpoint that is down isn't hammered. */
  @Column('timestamptz', { transformer: instantColumn, name: 'paused_until', nullable: true }) pausedUntil!:
    string | null;
  /** Since when every delivery has failed. */
  @Column('timestamptz', { transformer: instantColumn, name: 'failing_since', nullable: true }) failingSince!:
    string | null;
}

export const webhookDeliveryStates = ['pending', 'delivered', 'failed'] as const;
export type WebhookDeliveryState = (typeof webhookDeliveryStates)[number];

/** One notification for one webhook: the delivery log, and the queue of what is still to be sent. */
@Entity({ schema: 'audit', name: 'webhook_deliveries' })
export class WebhookDelivery {
  /** The message's id, the same in every try: receivers drop what they have seen. */
  @PrimaryColumn('text') id!: string;
  @PrimaryColumn('text', { name: 'webhook_id' }) webhookId!: string;
  @Column('text', { name: 'tenant_id' }) tenantId!: string;
  @Column('text') type!: string;
  @Column('jsonb') payload!: object;
  /** The event with its sealed part, of webhooks that carry people's data: opened when it is sent, never stored in clear. */
  @Column('jsonb', { nullable: true }) fact!: object | null;
  @Column('text') state!: WebhookDeliveryState;
  @Column('int') attempts!: number;
  @Column('timestamptz', { transformer: instantColumn, name: 'created_at' }) createdAt!: string;
  @Column('timestamptz', { transformer: instantColumn, name: 'next_attempt_at' }) nextAttemptAt!: string;
  @Column('timestamptz', { transformer: instantColumn, name: 'ended_at', nullable: true }) endedAt!: string | null;
  @Column('int', { name: 'last_status', nullable: true }) lastStatus!: number | null;
  @Column('text', { name: 'last_error', nullable: true }) lastError!: string | null;
}

export const webhookEntities = [Webhook, WebhookDelivery];
