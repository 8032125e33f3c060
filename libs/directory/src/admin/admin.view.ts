import { adminEvents, type AdminEvent } from '@tenure/contracts';
import { configurationPart, type RowPatch } from '../view/configuration-part.ts';

const patchOf = (event: AdminEvent): RowPatch => {
  switch (event.type) {
    case 'AdminAdded':
    case 'AdminEnrolled':
    case 'AdminRoleChanged':
      return event.data;
    case 'AdminRemoved':
      return 'gone';
  }
};

/** Joined at every request of the JSON APIs: who holds a key. */
export const adminsPart = configurationPart<AdminEvent>({
  name: 'admins',
  category: 'tenant',
  events: adminEvents,
  patchOf,
  columns: [
    `user_id text generated always as (body->>'userId') stored`,
    `role text generated always as (body->>'role') stored`,
    `key_id uuid generated always as ((body->>'keyId')::uuid) stored`,
    `consumer_mail boolean generated always as ((body->>'consumerMail')::boolean) stored`,
  ],
  moreIndexes: (table) => [
    `create index if not exists admins_by_key on ${table} (key_id)`,
    `create index if not exists admins_by_user on ${table} (tenant_id, user_id)`,
  ],
});
