import { defineEvent, type EventOf } from '@tenure/eventing';
import { z } from 'zod';
import { connectionSettings, profileName } from './connection.settings.ts';

type Upcast = (data: Record<string, unknown>) => Record<string, unknown>;

/** 1 → 2: whether an externalId is unique became a setting. Connections from before keep what they had. */
const withUniqueExternalId: Upcast = ({ settings, ...rest }) => ({
  ...rest,
  settings: { ...(settings as Record<string, unknown>), uniqueExternalId: true },
});

/** Settings are whole: what a profile's default was then stays, whatever it becomes in a later release. */
export const ConnectionCreated = defineEvent('ConnectionCreated', {
  data: z.object({
    name: z.string(),
    identityProviderId: z.string(),
    profile: profileName,
    settings: connectionSettings,
  }),
  upcasts: [withUniqueExternalId],
});
export const ConnectionSettingsReplaced = defineEvent('ConnectionSettingsReplaced', {
  data: z.object({ settings: connectionSettings }),
  upcasts: [withUniqueExternalId],
});
export const ConnectionEnabled = defineEvent('ConnectionEnabled', { data: z.object({}) });
export const ConnectionDisabled = defineEvent('ConnectionDisabled', { data: z.object({}) });

/** A token, in the place of the one before, if there was any. Its issuer is locked while it lives (R7) and is who issued the last (R8). */
export const TokenIssued = defineEvent('TokenIssued', {
  data: z.object({
    /** The row of `secrets` that recognises it, and its last characters. */
    tokenId: z.string(),
    hint: z.string(),
    issuerId: z.string(),
    issuerUserId: z.string(),
    /** Shown beside the connection for as long as the token lives, so it is more than the envelope's time. */
    issuedAt: z.string(),
    /** By the admin, rather than made here (R3). */
    chosen: z.boolean(),
    replacedTokenId: z.string().nullable(),
  }),
});
export const TokenDeleted = defineEvent('TokenDeleted', { data: z.object({ tokenId: z.string() }) });

export const connectionEvents = [
  ConnectionCreated,
  ConnectionSettingsReplaced,
  ConnectionEnabled,
  ConnectionDisabled,
  TokenIssued,
  TokenDeleted,
] as const;
export type ConnectionEvent = EventOf<typeof connectionEvents>;
