import {
  ConnectionCreated,
  ConnectionDisabled,
  ConnectionEnabled,
  ConnectionSettingsReplaced,
  TokenDeleted,
  TokenIssued,
  type ConnectionEvent,
  type GivenSettings,
  type TenantProfile,
} from '@tenure/contracts';
import { Rejected, type Decider, type Instant } from '@tenure/eventing';
import { profiles, sameValue, type ConnectionSettings, type JsonObject, type ProfileName } from '@tenure/scim';

export type ConnectionToken = { id: string; hint: string; issuerId: string; issuedAt: Instant };

export type PresentConnection = {
  status: 'present';
  name: string;
  identityProviderId: string;
  profile: ProfileName;
  settings: ConnectionSettings;
  enabled: boolean;
  token: ConnectionToken | null;
};

export type ConnectionState = { status: 'none' } | PresentConnection;

/** Single sign-on as the tenant has it: without it no connection is enabled and no token issued (R5). */
type Sso = TenantProfile['sso'];

export type ConnectionCommand =
  | {
      type: 'Create';
      name: string;
      identityProviderId: string;
      profile: ProfileName;
      settings: GivenSettings;
      sso: Sso;
    }
  | { type: 'ReplaceSettings'; settings: GivenSettings }
  | { type: 'Enable'; sso: Sso }
  | { type: 'Disable' }
  /** `issuer`: the admin who asks, absent where it is none. */
  | {
      type: 'IssueToken';
      tokenId: string;
      hint: string;
      chosen: boolean;
      issuer?: { id: string; userId: string };
      issuedAt: Instant;
      sso: Sso;
    }
  | { type: 'DeleteToken'; confirm: boolean };

const decide = (command: ConnectionCommand, state: ConnectionState): ConnectionEvent[] => {
  switch (command.type) {
    case 'Create':
      return create(command, state);
    case 'ReplaceSettings': {
      const { profile, settings } = present(state);
      const wanted = settingsOf(profile, command.settings);
      return sameValue(settings as JsonObject, wanted as JsonObject)
        ? []
        : [ConnectionSettingsReplaced({ settings: wanted })];
    }
    case 'Enable': {
      const { enabled } = present(state);
      requireSso(command.sso, 'be enabled');
      return enabled ? [] : [ConnectionEnabled({})];
    }
    case 'Disable':
      return present(state).enabled ? [ConnectionDisabled({})] : [];
    case 'IssueToken':
      return issue(command, present(state));
    case 'DeleteToken': {
      const { token } = present(state);
      if (!command.confirm)
        throw new Rejected(
          'invalid',
          'confirm/required',
          'Deleting the token stops every SCIM call of this connection. Confirm it with ?confirm=true.',
        );
      if (!token) throw new Rejected('not-found', 'token/unknown', 'The connection has no token.');
      return [TokenDeleted({ tokenId: token.id })];
    }
  }
};

const present = (state: ConnectionState): PresentConnection => {
  if (state.status === 'none') throw new Rejected('not-found', 'connection/unknown', 'There is no such connection.');
  return state;
};

const create = (
  { name, identityProviderId, profile, settings, sso }: Extract<ConnectionCommand, { type: 'Create' }>,
  state: ConnectionState,
): ConnectionEvent[] => {
  if (state.status !== 'none') throw new Rejected('conflict', 'connection/exists', 'A connection with this id exists.');
  // A tenant that names no provider yet can't be held to one: enabling waits for its SSO anyway.
  const known = sso.providers.length === 0 || sso.providers.some(({ id }) => id === identityProviderId);
  if (!known)
    throw new Rejected(
      'invalid',
      'connection/identity-provider',
      "The identity provider is none of the tenant's SSO configurations.",
      [{ field: 'identityProviderId', message: `must be one of ${sso.providers.map(({ id }) => id).join(', ')}` }],
    );
  return [ConnectionCreated({ name, identityProviderId, profile, settings: settingsOf(profile, settings) })];
};

/** R20: each switch on its own; the profile's default where none is given. */
export const settingsOf = (profile: ProfileName, given: GivenSettings): ConnectionSettings => ({
  ...profiles[profile],
  ...given,
  eligibility: { ...profiles[profile].eligibility, ...given.eligibility },
});

const requireSso = ({ configured }: Sso, what: string): void => {
  if (!configured)
    throw new Rejected(
      'conflict',
      'connection/sso-missing',
      `A connection can't ${what} before single sign-on is configured for the tenant.`,
    );
};

const issue = (
  { tokenId, hint, chosen, issuer, issuedAt, sso }: Extract<ConnectionCommand, { type: 'IssueToken' }>,
  { token }: PresentConnection,
): ConnectionEvent[] => {
  if (!issuer) throw new Rejected('forbidden', 'token/issuer', 'Only an admin of the tenant can issue a token.');
  requireSso(sso, 'have a token');
  return [
    TokenIssued({
      tokenId,
      hint,
      issuerId: issuer.id,
      issuerUserId: issuer.userId,
      issuedAt,
      chosen,
      replacedTokenId: token?.id ?? null,
    }),
  ];
};

const evolve = (state: ConnectionState, event: ConnectionEvent): ConnectionState => {
  switch (event.type) {
    case 'ConnectionCreated':
      return { status: 'present', ...event.data, enabled: false, token: null };
    case 'ConnectionSettingsReplaced':
      return { ...present(state), settings: event.data.settings };
    case 'ConnectionEnabled':
      return { ...present(state), enabled: true };
    case 'ConnectionDisabled':
      return { ...present(state), enabled: false };
    case 'TokenIssued': {
      const { tokenId, hint, issuerId, issuedAt } = event.data;
      return { ...present(state), token: { id: tokenId, hint, issuerId, issuedAt } };
    }
    case 'TokenDeleted':
      return { ...present(state), token: null };
  }
};

export const connectionDecider: Decider<ConnectionState, ConnectionCommand, ConnectionEvent> = {
  initial: { status: 'none' },
  decide,
  evolve,
};
