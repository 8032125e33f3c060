import { z } from 'zod';

export const profileName = z.enum(['generic', 'strict', 'entra', 'okta', 'onelogin', 'google', 'jumpcloud', 'ping']);

/** A SCIM path by its looks; whether a schema knows it is nobody's business here, for a tenant may have its own. */
const path = z
  .string()
  .regex(/^[A-Za-z$][\w.:$-]*$/, 'must be the path of a SCIM attribute')
  .max(300);

/** Of any offset; kept in UTC with milliseconds, so that instants compare as text. */
const anyInstant = z.iso.datetime({ offset: true }).transform((at) => new Date(at).toISOString());
const rateLimit = { perSecond: z.number().positive().max(100_000), burst: z.int().positive().max(100_000) };

/** Every switch of a connection, as it is stored (api.md, Settings of a connection; R20). A profile has a default for each. */
export const connectionSettings = z.object({
  groups: z.boolean(),
  unassign: z.enum(['delete', 'deactivate']),
  eligibility: z.object({ managedOnly: z.boolean(), changedAfter: z.iso.datetime().optional() }),
  userPatchStatus: z.union([z.literal(200), z.literal(204)]),
  groupPatchStatus: z.union([z.literal(200), z.literal(204)]),
  stringBooleans: z.boolean(),
  createMissingElement: z.boolean(),
  unknownAttributes: z.enum(['ignore', 'reject']),
  unknownMembers: z.enum(['skip', 'reject']),
  missingOp: z.enum(['replace', 'reject']),
  reactivateOnCreate: z.boolean(),
  uniqueExternalId: z.boolean(),
  putClears: z.enum(['owned', 'all']),
  unknownFilterAttribute: z.enum(['reject', 'empty']),
  emailAlias: z.boolean(),
  unquotedFilterValues: z.boolean(),
  passwords: z.enum(['hash', 'drop']),
  required: z.array(path).max(100),
  roles: z.enum(['any', 'adminUserGuest']),
  authority: z.record(path, z.enum(['idp', 'create', 'user'])),
  tenureExtension: z.boolean(),
  rateLimit: z.object(rateLimit).optional(),
});
export type Settings = z.output<typeof connectionSettings>;

/** What an admin sends: each switch on its own, the rest is the profile's. */
export const settingsBody = z
  .strictObject({
    ...connectionSettings.shape,
    eligibility: z.strictObject({ managedOnly: z.boolean().optional(), changedAfter: anyInstant.optional() }),
    rateLimit: z.strictObject(rateLimit),
  })
  .partial();
export type GivenSettings = z.output<typeof settingsBody>;
