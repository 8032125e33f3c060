import { connectionEvents, type ConnectionEvent } from '@tenure/contracts';
import { configurationPart, type RowPatch } from '../view/configuration-part.ts';

const patchOf = (event: ConnectionEvent): RowPatch => {
  switch (event.type) {
    case 'ConnectionCreated':
      return { ...event.data, enabled: false };
    case 'ConnectionSettingsReplaced':
      return event.data;
    case 'ConnectionEnabled':
      return { enabled: true };
    case 'ConnectionDisabled':
      return { enabled: false };
    case 'TokenIssued': {
      const { tokenId, hint, issuerId, issuerUserId, issuedAt } = event.data;
      return { token: { id: tokenId, hint, issuerId, issuerUserId, issuedAt } };
    }
    case 'TokenDeleted':
      return { token: null };
  }
};

/** Joined at every SCIM request: settings, whether it is enabled, its token, and who issued that. */
export const connectionsPart = configurationPart<ConnectionEvent>({
  name: 'connections',
  category: 'connection',
  events: connectionEvents,
  patchOf,
  columns: [
    `token_id uuid generated always as ((body->'token'->>'id')::uuid) stored`,
    `token_issuer_user_id text generated always as (body->'token'->>'issuerUserId') stored`,
  ],
  moreIndexes: (table) => [
    `create index if not exists connections_by_issuer on ${table} (tenant_id, token_issuer_user_id) where token_issuer_user_id is not null`,
  ],
});
