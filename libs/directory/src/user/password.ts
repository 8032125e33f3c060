import { randomUUID } from 'node:crypto';
import type { UserEvent } from '@tenure/contracts';
import type { SecretStore } from '@tenure/sealing';
import { withValue, type PatchOperation, type Resource } from '@tenure/scim';

/** A password is taken out of a request before anything is decided: no event, state or reply holds one (decision 12). */
export const takePassword = (given: Resource): { resource: Resource; password?: string } => {
  const { password } = given;
  return {
    resource: withValue(given, 'password', undefined),
    ...(typeof password === 'string' && password !== '' && { password }),
  };
};

/** The same of a PATCH, where the last one counts. To remove a password says nothing here. */
export const takePatchedPassword = (
  given: readonly PatchOperation[],
): { operations: PatchOperation[]; password?: string } => {
  const value = given.findLast((operation) => operation.path === 'password' && operation.op !== 'remove');
  const password = value && 'value' in value ? value.value : undefined;
  return {
    operations: given.filter(({ path }) => path !== 'password'),
    ...(typeof password === 'string' && password !== '' && { password }),
  };
};

export type Passwords = Pick<SecretStore, 'putPassword' | 'passwordMatches'>;

/** A password that a command brings, with the id under which it is kept if the command is accepted. */
export type NewPassword = { id: string; password: string };

export const newPassword = (password: string | undefined): NewPassword | undefined =>
  password === undefined ? undefined : { id: randomUUID(), password };

/** Keeps the password that the events name. Returns the events without it if the user has that password already. */
export const keepPassword = async (
  secrets: Passwords,
  tenantId: string,
  { id, password }: NewPassword,
  presentId: string | null,
  events: readonly UserEvent[],
): Promise<readonly UserEvent[]> => {
  if (!events.some((event) => 'passwordId' in event.data && event.data.passwordId === id)) return events;
  if (presentId !== null && (await secrets.passwordMatches(presentId, password)))
    return withoutPassword(events, id, presentId);
  await secrets.putPassword(tenantId, password, id);
  return events;
};

const withoutPassword = (events: readonly UserEvent[], id: string, presentId: string): UserEvent[] =>
  events
    .map((event) => {
      if (!('passwordId' in event.data) || event.data.passwordId !== id) return event;
      const changed = event.data.changed.filter((path) => path !== 'password');
      return { ...event, data: { ...event.data, changed, passwordId: presentId } } as UserEvent;
    })
    .filter((event) => event.type !== 'UserChanged' || event.data.changed.length > 0);
