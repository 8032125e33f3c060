import { keyEvents, type KeyEvent } from '@tenure/contracts';
import { configurationPart, type RowPatch } from '../view/configuration-part.ts';

const patchOf = (event: KeyEvent): RowPatch => {
  switch (event.type) {
    case 'KeyCreated':
      return event.data;
    case 'KeyDeleted':
      return 'gone';
  }
};

/** Joined at every request of the JSON APIs that comes with such a key. */
export const keysPart = configurationPart<KeyEvent>({
  name: 'keys',
  category: 'tenant',
  events: keyEvents,
  patchOf,
  columns: [
    `secret_id uuid generated always as ((body->>'secretId')::uuid) stored`,
    `role text generated always as (body->>'role') stored`,
    `expires_at text generated always as (body->>'expiresAt') stored`,
    `consumer_mail boolean generated always as ((body->>'consumerMail')::boolean) stored`,
    `admin_id text generated always as (body->>'adminId') stored`,
  ],
  moreIndexes: (table) => [`create index if not exists keys_by_secret on ${table} (secret_id)`],
});
