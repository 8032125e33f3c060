import type { Sql } from '@tenure/database';
import type { Instant, StoredEvent } from '@tenure/eventing';

/** The schema of what is never rebuilt with the view: people, marks, deliveries, checkpoints. */
export const PROVISIONING = 'provisioning';

/** Why someone is to be looked at again: the event that may change what follows for them. */
export type Cause = { causationId: string; correlationId: string; occurredAt: Instant; traceparent?: string };

export const causeOf = ({ id, metadata: { correlationId, occurredAt, traceparent } }: Pick<StoredEvent, 'id' | 'metadata'>): Cause => ({
  causationId: id,
  correlationId,
  occurredAt,
  ...(traceparent !== undefined && { traceparent }),
});

/** In one order for all, so that two who mark many don't lock each other out. The mark tells a worker that something came while it looked. */
export const markUsers = async (sql: Sql, tenantId: string, userIds: readonly string[], cause: Cause): Promise<void> => {
  if (userIds.length === 0) return;
  await sql.query({
    name: 'provisioning.mark',
    text: `insert into ${PROVISIONING}.to_evaluate as t (tenant_id, user_id, causation_id, correlation_id, traceparent, occurred_at)
           select distinct $1, id, $3, $4, $5, $6::timestamptz from unnest($2::text[]) id order by id
           on conflict (tenant_id, user_id) do update set
             mark = t.mark + 1, causation_id = excluded.causation_id, correlation_id = excluded.correlation_id, traceparent = excluded.traceparent,
             occurred_at = greatest(t.occurred_at, excluded.occurred_at), attempts = 0, due_at = now()`,
    values: [tenantId, userIds, cause.causationId, cause.correlationId, cause.traceparent ?? null, cause.occurredAt],
  });
};

/** Everyone of a tenant, because an app or the tenant changed. Deleted people may still have accounts. Who waits already keeps their own cause, which tells more. */
export const markTenant = async (sql: Sql, tenantId: string, cause: Cause): Promise<void> => {
  await sql.query({
    text: `insert into ${PROVISIONING}.to_evaluate as t (tenant_id, user_id, causation_id, correlation_id, traceparent, occurred_at)
           select $1, id, $2, $3, $4, $5::timestamptz from ${PROVISIONING}.people where tenant_id = $1 and not erased order by id
           on conflict (tenant_id, user_id) do update set
             mark = t.mark + 1, occurred_at = greatest(t.occurred_at, excluded.occurred_at), attempts = 0, due_at = now()`,
    values: [tenantId, cause.causationId, cause.correlationId, cause.traceparent ?? null, cause.occurredAt],
  });
};
