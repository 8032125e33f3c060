import type { UserEvent } from '@tenure/contracts';
import type { Sql } from '@tenure/database';
import { ERASED, type Instant } from '@tenure/eventing';
import { tenureUserSchema, valueAt, type JsonObject } from '@tenure/scim';
import { PROVISIONING } from './to-evaluate.ts';

type Key = { tenantId: string; userId: string };

/** One user's fact. Each `since` moves only when its own condition changes. */
export const applyUser = async (sql: Sql, { tenantId, userId }: Key, event: UserEvent, occurredAt: Instant): Promise<void> => {
  switch (event.type) {
    case 'UserCreated':
    case 'UserChanged':
    case 'UserDeactivated':
    case 'UserReactivated':
    case 'UserLinked':
    case 'UserUnlinked':
    case 'UserAccountTypeChanged':
      return event.personal === ERASED ? erase(sql, { tenantId, userId }, occurredAt) : put(sql, { tenantId, userId }, event.personal.resource, occurredAt);
    case 'UserDeleted':
      await sql.query({
        text: `update ${PROVISIONING}.people set deleted = true, deleted_at = coalesce(deleted_at, $3), changed_at = $3 where tenant_id = $1 and id = $2`,
        values: [tenantId, userId, occurredAt],
      });
      return;
    case 'PersonErased':
      return erase(sql, { tenantId, userId }, occurredAt);
  }
};

const isArchived = (resource: JsonObject): boolean => valueAt(resource, `${tenureUserSchema.id}:archived`) === true;

export const orgUnitOf = (resource: JsonObject): string | null => {
  const path = valueAt(resource, `${tenureUserSchema.id}:orgUnitPath`);
  return typeof path === 'string' ? path : null;
};

const put = async (sql: Sql, { tenantId, userId }: Key, resource: JsonObject, occurredAt: Instant) => {
  const unit = `resource->'${tenureUserSchema.id}'->>'orgUnitPath'`;
  const domain = (row: string) => `lower(split_part(${row}.resource->>'userName', '@', 2))`;
  await sql.query({
    name: 'provisioning.put_person',
    text: `insert into ${PROVISIONING}.people as p
             (tenant_id, id, resource, active, archived, active_since, archived_since, unit_since, domain_since, changed_at)
           values ($1, $2, $3, $4, $5, $6, $6, $6, $6, $6)
           on conflict (tenant_id, id) do update set
             resource = excluded.resource, active = excluded.active, archived = excluded.archived, changed_at = excluded.changed_at,
             active_since = case when p.active = excluded.active then p.active_since else excluded.changed_at end,
             archived_since = case when p.archived = excluded.archived then p.archived_since else excluded.changed_at end,
             unit_since = case when p.${unit} is not distinct from excluded.${unit} then p.unit_since else excluded.changed_at end,
             domain_since = case when ${domain('p')} is not distinct from ${domain('excluded')} then p.domain_since else excluded.changed_at end
           where not p.erased`,
    values: [tenantId, userId, JSON.stringify(resource), resource['active'] !== false, isArchived(resource), occurredAt],
  });
};

/** Nothing of the person is left here; the row stays, because the accounts' timers go on. */
const erase = async (sql: Sql, { tenantId, userId }: Key, occurredAt: Instant) => {
  await sql.query({
    text: `insert into ${PROVISIONING}.people as p
             (tenant_id, id, active, archived, deleted, erased, active_since, archived_since, unit_since, domain_since, changed_at, deleted_at)
           values ($1, $2, false, false, true, true, $3, $3, $3, $3, $3, $3)
           on conflict (tenant_id, id) do update set resource = null, erased = true, deleted = true, deleted_at = coalesce(p.deleted_at, excluded.deleted_at)`,
    values: [tenantId, userId, occurredAt],
  });
};
