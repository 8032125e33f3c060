import type { SecretStore } from '@tenure/sealing';
import { z } from 'zod';
import type { UserQueries } from '../user/user.queries.ts';

export const signInBody = z.strictObject({
  userName: z.string().min(1).max(1000),
  password: z.string().max(1000).optional(),
});
export const signInReply = z.object({
  allowed: z.boolean(),
  code: z.enum(['sign-in/unknown', 'sign-in/deactivated', 'sign-in/password']).optional(),
});
export type SignInReply = z.output<typeof signInReply>;

/** Whether a person may sign in (R17). Without a password somebody else, such as SSO, has made sure who it is. */
export type SignIn = (tenantId: string, who: z.output<typeof signInBody>) => Promise<SignInReply>;

export const signIn =
  (users: Pick<UserQueries, 'findByName'>, secrets: Pick<SecretStore, 'passwordMatches'>): SignIn =>
  async (tenantId, { userName, password }) => {
    const user = await users.findByName(tenantId, userName);
    if (!user) return { allowed: false, code: 'sign-in/unknown' };
    if (!user.active) return { allowed: false, code: 'sign-in/deactivated' };
    if (password === undefined) return { allowed: true };
    const matches = user.passwordId !== null && (await secrets.passwordMatches(user.passwordId, password));
    return matches ? { allowed: true } : { allowed: false, code: 'sign-in/password' };
  };
