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

/** Keeps a password's hash, once however often it is asked, and tells its id; nothing where it is the one that the user has. */
export const passwordKeeper = (secrets: Passwords, tenantId: string, password: string | undefined) => {
  let kept: Promise<string> | undefined;
  return async (presentId: string | null): Promise<{ passwordId?: string }> => {
    if (password === undefined) return {};
    if (presentId !== null && (await secrets.passwordMatches(presentId, password))) return {};
    kept ??= secrets.putPassword(tenantId, password).then(({ id }) => id);
    return { passwordId: await kept };
  };
};
