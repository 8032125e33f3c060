import type { UserEvent } from '@tenure/contracts';
import { Rejected } from '@tenure/eventing';
import type { IssuedToken } from './connection-policy.ts';

/** What these events do to a user that the issuer of a living token is protected from (R7); undefined if nothing. */
export const forbiddenToIssuers = (events: readonly UserEvent[]): string | undefined => {
  const types = new Set(events.map(({ type }) => type));
  if (types.has('PersonErased')) return 'erased';
  if (types.has('UserDeleted') || types.has('UserUnlinked')) return 'deleted';
  if (types.has('UserDeactivated')) return 'suspended';
  return events.some(({ data }) => 'changed' in data && data.changed.includes('roles'))
    ? 'given another role'
    : undefined;
};

export const refuseIssuer = (what: string, { connectionName, connectionId }: IssuedToken): never => {
  throw new Rejected(
    'conflict',
    'user/token-issuer',
    `The user issued the token of the connection ${connectionName} (${connectionId}) and can't be ${what} while it exists.`,
  );
};
