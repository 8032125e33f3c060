import type { Claim } from '@tenure/eventing';
import type { Resource } from '@tenure/scim';
import { uniqueClaims } from '../schema/unique.claims.ts';
import type { ConnectionPolicy } from './connection-policy.ts';
import { uniqueKey } from './unique-key.ts';
import type { PresentUser, UserState } from './user.state.ts';

export const nameTaken = { code: 'user/name-taken', message: 'A user with this userName exists.' };
export const externalIdTaken = {
  code: 'user/external-id-taken',
  message: 'Another user of this connection has this externalId.',
};

/**
 * Whether a connection's write makes the externalId the user's alone. It does where the write sets the externalId; one that the user
 * already had keeps what it was, so that turning `uniqueExternalId` on doesn't stop the deactivation of a duplicate.
 */
export const claimsExternalId = (
  user: PresentUser,
  { connectionId, settings }: ConnectionPolicy,
  { externalId }: Resource,
): boolean =>
  user.connectionId === connectionId && user.resource.externalId === externalId
    ? user.claimsExternalId
    : settings.uniqueExternalId;

/** What only one user of a tenant may hold; an externalId only one of a connection, where its settings say so (RFC 7643 §3.1, C17). */
export const userClaims = (state: UserState): Claim[] => {
  if (state.status !== 'present') return [];
  const held = [
    { kind: 'userName', value: uniqueKey(state.resource.userName), ...nameTaken },
    ...uniqueClaims(state.resource, state.unique),
  ];
  const claim = externalIdClaim(state);
  return claim ? [...held, { ...claim, ...externalIdTaken }] : held;
};

const externalIdClaim = (state: UserState): { kind: string; value: string } | undefined => {
  if (state.status !== 'present' || !state.claimsExternalId || state.connectionId === null) return undefined;
  const { externalId } = state.resource;
  return typeof externalId === 'string' ? { kind: `externalId/${state.connectionId}`, value: externalId } : undefined;
};

/** The externalId that a write claims; users from before the setting may have it without a claim. */
export const newExternalId = (before: UserState, after: UserState): string | undefined => {
  const [held, wanted] = [externalIdClaim(before), externalIdClaim(after)];
  return held?.kind === wanted?.kind && held?.value === wanted?.value ? undefined : wanted?.value;
};
