import { unnested, type Sql } from '@tenure/database';
import type { Instant, StoredEvent } from '@tenure/eventing';

/** The schema of what is never rebuilt with the view: people, marks, deliveries, checkpoints. */
export const PROVISIONING = 'provisioning';

/** Why someone is to be looked at again: the event that may change what follows for them. */
export type Cause = { causationId: string; correlationId: string; occurredAt: Instant; traceparent?: string };

export const causeOf = ({
  id,
  metadata: { correlationId, occurredAt, traceparent },
}: Pick<StoredEvent, 'id' | 'metadata'>): Cause => ({
  causationId: id,
  correlationId,
  occurredAt,
  ...(traceparent !== undefined && { traceparent }),
});

/** Whom one event may concern. */
export type Mark = { tenantId: string; userIds: readonly string[] | 'everyone'; cause: Cause };

/** In one order for all, so that two who mark many don't lock each other out. The mark tells a worker that something came while it looked. */
export const mark = async (sql: Sql, marks: readonly Mark[]): Promise<void> => {
  // The last cause of each person counts.
  const people = new Map(
    marks.flatMap(({ tenantId, userIds, cause }) =>
      userIds === 'everyone'
        ? []
        : userIds.map((userId) => [`${tenantId}/${userId}`, { tenantId, userId, cause }] as const),
    ),
  );
  if (people.size > 0) await markPeople(sql, [...people.values()]);
  for (const { tenantId, userIds, cause } of marks) if (userIds === 'everyone') await markTenant(sql, tenantId, cause);
};

const markPeople = async (
  sql: Sql,
  people: readonly { tenantId: string; userId: string; cause: Cause }[],
): Promise<void> => {
  await sql.query({
    name: 'provisioning.mark',
    text: `insert into ${PROVISIONING}.to_evaluate as t (tenant_id, user_id, causation_id, correlation_id, traceparent, occurred_at)
           select * from ${unnested('text', 'text', 'text', 'text', 'text', 'timestamptz')} marked order by 1, 2
           on conflict (tenant_id, user_id) do update set
             mark = t.mark + 1, causation_id = excluded.causation_id, correlation_id = excluded.correlation_id, traceparent = excluded.traceparent,
             occurred_at = greatest(t.occurred_at, excluded.occurred_at), attempts = 0, due_at = now()`,
    values: [
      people.map(({ tenantId }) => tenantId),
      people.map(({ userId }) => userId),
      people.map(({ cause }) => cause.causationId),
      people.map(({ cause }) => cause.correlationId),
      people.map(({ cause }) => cause.traceparent ?? null),
      people.map(({ cause }) => cause.occurredAt),
    ],
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
