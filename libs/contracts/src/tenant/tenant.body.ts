import { z } from 'zod';

const isLanguage = (tag: string) => {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
};

const isTimezone = (name: string) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};

/** A BCP 47 tag, as SCIM's `preferredLanguage` (RFC 7643 §4.1.1). */
export const language = z.string().max(35).refine(isLanguage, 'Must be a language tag such as en-US.');
/** A name of the IANA database, as SCIM's `timezone`. */
export const timezone = z.string().max(64).refine(isTimezone, 'Must be an IANA time zone such as Europe/Rome.');

const domain = z
  .string()
  .max(253)
  .regex(
    /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i,
    'Must be a domain such as plum.example.',
  )
  .transform((name) => name.toLowerCase());

const text = z.string().trim().min(1).max(200);
const distinct = (ids: readonly string[]) => new Set(ids).size === ids.length;
const distinctIds = (items: readonly { id: string }[]) => distinct(items.map(({ id }) => id));
const twice = 'Must not contain duplicates.';

/** A tenant as it is written; what may be left out has its default here. */
export const tenantBody = z.strictObject({
  name: text,
  primaryDomain: domain,
  domains: z.array(domain).max(1000).default([]),
  sso: z.strictObject({
    configured: z.boolean(),
    providers: z
      .array(z.strictObject({ id: text, name: text }))
      .max(100)
      .refine(distinctIds, twice)
      .default([]),
  }),
  language: language.optional(),
  timezone: timezone.optional(),
  products: z
    .array(z.strictObject({ id: text, appRoles: z.array(text).max(1000) }))
    .max(1000)
    .refine(distinctIds, twice)
    .default([]),
  features: z
    .strictObject({ provisioning: z.boolean().default(true), entitlements: z.boolean().default(true) })
    .prefault({}),
});

export const appRolesBody = z
  .array(
    z.strictObject({
      id: z.string().min(1).max(64).optional(),
      displayName: text,
      value: text,
      description: z.string().max(2000),
      allowedMemberTypes: z
        .array(z.enum(['User', 'Group']))
        .min(1)
        .refine(distinct, twice),
      enabled: z.boolean(),
    }),
  )
  .max(1000)
  .refine((roles) => distinct(roles.map(({ value }) => value.toLowerCase())), 'Must not contain a value twice.')
  .refine((roles) => distinct(roles.flatMap(({ id }) => id ?? [])), twice);
