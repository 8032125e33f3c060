import { z } from 'zod';

/** `?include=user,app`: who and what the ids of a list are. */
export const includeNames = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(['user', 'app'], { error: 'expected user, app or both, separated by a comma' })));
export type IncludeNames = z.output<typeof includeNames>;

/** A person of a list; whoever was erased has no name any more. */
export const namedUser = z.union([
  z.object({ id: z.string(), displayName: z.string().optional(), userName: z.string().optional() }),
  z.object({ id: z.string(), erased: z.literal(true) }),
]);
export type NamedUser = z.output<typeof namedUser>;

export const namedApp = z.object({ id: z.string(), name: z.string() });
export type NamedApp = z.output<typeof namedApp>;

/** What an item of a list has beside its ids where `include` asks for it. */
export const includedNames = { user: namedUser.optional(), app: namedApp.optional() };
