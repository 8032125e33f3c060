import { listReply } from '@tenure/contracts';
import { z } from 'zod';
import { deprovisioningConfig, durationSchema, isPositive, millisecondsOf } from '../duration/index.ts';
import { attributesConfig } from '../mapping/index.ts';
import { presetNames } from '../presets/index.ts';
import { entitlementKinds, putRules, ruleSchema } from '../rules/index.ts';
import { scopeConfig } from '../scope/index.ts';

/** What the API of apps takes and answers (api.md, Mapping). Unknown fields are refused. */
const text = z.string().trim().min(1).max(200);
const secret = z.string().min(1).max(8192);
const url = z.url({ protocol: /^https?$/, error: 'Must be a URL such as https://login.example/token.' }).max(2048);

const dn = z.string().trim().min(1).max(2048);

export const newAppBody = z.strictObject({ name: text, preset: z.enum(presetNames) });
export const renameBody = z.strictObject({ name: text });
export const ssoBody = z.strictObject({ configured: z.boolean() });

/** A header's value: RFC 9110 §5.5 has no control characters in it, and a token no spaces (RFC 6750 §2.1). */
const token = z
  .string()
  .trim()
  .min(1)
  .max(8192)
  .regex(/^[\x21-\x7e]+$/, 'Must be printable ASCII without spaces; check what was copied.');

/** How Tenure signs in at an app's token endpoint. */
const oauthClient = {
  tokenUrl: url,
  clientId: z.string().trim().min(1).max(1024),
  clientSecret: secret.optional(),
  method: z
    .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'])
    .default('client_secret_basic'),
  /** PEM of a PKCS #8 key, for `private_key_jwt`. */
  privateKey: z.string().min(1).max(16_384).optional(),
  scope: z.string().max(1024).optional(),
  audience: z.string().max(1024).optional(),
  resource: url.optional(),
};

type ClientSecrets = { method: string; clientSecret?: string | undefined; privateKey?: string | undefined };

/** What a method needs, and `none` doesn't have. */
const refuseIncomplete = (client: ClientSecrets, context: z.RefinementCtx) => {
  const needs =
    client.method === 'private_key_jwt' ? 'privateKey' : client.method === 'none' ? undefined : 'clientSecret';
  if (needs !== undefined && client[needs] === undefined)
    context.addIssue({ code: 'custom', path: [needs], message: `Required for the method ${client.method}.` });
};

/** R25. */
export const credentialsBody = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('bearer'), token }),
  z.strictObject({ kind: z.literal('basic'), username: z.string().trim().min(1).max(1024), password: secret }),
  z.strictObject({ kind: z.literal('oauth2'), ...oauthClient }).superRefine(refuseIncomplete),
  z.strictObject({ kind: z.literal('bind'), dn, password: secret }),
]);
export type CredentialsBody = z.output<typeof credentialsBody>;

/** R97: access that an admin grants on the app's own page. */
export const authorizeBody = z
  .strictObject({
    ...oauthClient,
    authorizationUrl: url,
    revocationUrl: url.optional(),
    issuer: url.optional(),
  })
  .superRefine(refuseIncomplete);
export type AuthorizeBody = z.output<typeof authorizeBody>;
export const authorizeReply = z.object({ url: z.string(), expiresAt: z.string() });

export const endpointBody = z.union([
  z.strictObject({ url: z.string().min(1).max(2048) }),
  z.strictObject({ template: z.string().min(1).max(2048), values: z.record(z.string(), z.string().max(1024)) }),
]);
export type EndpointBody = z.output<typeof endpointBody>;

export const testBody = z.strictObject({ credentials: credentialsBody.optional(), endpoint: endpointBody.optional() });
export type TestBody = z.output<typeof testBody>;

export const assignmentBody = z.strictObject({ role: z.string().min(1).max(512).optional() });

const distinct = (actions: readonly string[]) => new Set(actions).size === actions.length;
export const approvalsBody = z.strictObject({
  actions: z.array(z.enum(['create', 'update', 'delete'])).refine(distinct, 'Must not contain duplicates.'),
});

/** R87: `{}` is off; a limit needs a window. */
export const thresholdBody = z
  .strictObject({
    count: z.int().min(0).max(2_147_483_647).optional(),
    percent: z.number().min(0).max(100).optional(),
    window: durationSchema.refine(isPositive, 'Must be longer than zero.').optional(),
  })
  .refine(({ count, percent, window }) => (count === undefined && percent === undefined) === (window === undefined), {
    path: ['window'],
    message: 'A limit (count, percent or both) and its window belong together.',
  });

export const entitlementsBody = z.strictObject({
  domain: z.string().trim().min(1).max(253).optional(),
  configuredBy: z.enum(['admin', 'user']),
});

/** R61, R92. */
export const ownershipBody = z.strictObject({
  unseenMemberships: z.enum(['leave', 'own']),
  rehire: z.strictObject({
    keys: z
      .array(z.enum(['userName', 'externalId', 'employeeNumber']))
      .max(3)
      .refine(distinct, 'Must not name one twice.'),
    mode: z.enum(['automatic', 'ask', 'off']),
  }),
});

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'Expected a time of day in UTC such as 22:30.');
const policy = z.enum(['report', 'repair', 'ignore']).default('report');
const noRepair = z
  .enum(['report', 'ignore'], { error: 'Allowed: report, ignore. What was made in the app itself is never touched.' })
  .default('report');
/** R88. */
export const reconciliationBody = z.strictObject({
  every: durationSchema
    .refine(
      (every) => !durationSchema.safeParse(every).success || millisecondsOf(every) >= 60_000,
      'Must be at least a minute (PT1M).',
    )
    .nullable(),
  window: z.strictObject({ from: time, to: time }).nullable().default(null),
  policies: z
    .strictObject({
      missing: policy,
      changed: policy,
      suspendedThere: policy,
      reactivatedThere: policy,
      entitlementTaken: policy,
      entitlementAdded: noRepair,
      foreign: noRepair,
      brokenLink: noRepair,
    })
    .prefault({}),
  targets: z.record(z.string().min(1).max(512), z.enum(['report', 'repair', 'ignore'])).default({}),
});
/** A name in LDAP's schema. */
const attribute = z
  .string()
  .regex(/^[A-Za-z0-9.;-]+$/, 'Expected the name of an LDAP attribute or object class.')
  .max(128);

export const connectionBody = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('scim'), mode: z.enum(['auto', 'patch', 'put']) }),
  z.strictObject({
    kind: z.literal('ldap'),
    url: z.string().trim().min(1).max(2048),
    startTls: z.boolean().optional(),
    ca: z.string().max(65_536).optional(),
    base: dn,
    template: dn,
    objectClasses: z.array(attribute).min(1).max(20).optional(),
    disable: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('userAccountControl') }),
      z.strictObject({ kind: z.literal('pwdAccountLockedTime') }),
      z.strictObject({ kind: z.literal('attribute'), attribute, value: text, activeValue: text.optional() }),
    ]),
    groupBase: dn.optional(),
    group: z.strictObject({ objectClass: attribute.optional(), placeholder: dn.optional() }).optional(),
    mark: attribute.optional(),
  }),
]);

const entitlement = z.object({
  kind: z.enum(entitlementKinds),
  value: z.string(),
  displayName: z.string(),
  gone: z.boolean(),
});
export const entitlementsReply = entitlementsBody.extend({
  items: z.array(entitlement),
  refreshedAt: z.string().optional(),
});
export type EntitlementsReply = z.output<typeof entitlementsReply>;

const step = z.object({ valid: z.boolean(), problems: z.array(z.object({ field: z.string(), message: z.string() })) });

export const appReply = z.object({
  id: z.string(),
  name: z.string(),
  preset: z.enum(presetNames),
  sso: ssoBody,
  state: z.enum(['draft', 'on', 'off', 'needsReauthorization']),
  capabilities: z.object({
    provisioning: z.boolean(),
    suspend: z.boolean(),
    hardDelete: z.boolean(),
    groups: z.boolean(),
    entitlements: z.boolean(),
    roles: z.boolean(),
  }),
  steps: z.object({ credentials: step, endpoint: step, attributes: step, scope: step, deprovisioning: step }),
  missing: z.array(
    z.enum(['credentials', 'endpoint', 'attributes', 'scope', 'deprovisioning', 'sso', 'test', 'feature']),
  ),
  /** Where a limit is set, or timers were parked by an earlier one. */
  threshold: z
    .object({
      tripped: z.boolean(),
      since: z.string().optional(),
      parked: z.int(),
      limit: z.object({ count: z.int().optional(), percent: z.number().optional(), window: z.string().optional() }),
    })
    .optional(),
  version: z.int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type AppReply = z.output<typeof appReply>;

const testOutcome = z.enum(['passed', 'failed', 'untested']);
export const credentialsReply = z.object({
  kind: z.enum(['bearer', 'basic', 'oauth2', 'bind']),
  hint: z.string(),
  setAt: z.string(),
  test: z.object({ outcome: testOutcome, reason: z.string().optional(), at: z.string().optional() }),
});
export const testReply = z.object({
  outcome: testOutcome,
  request: z.string(),
  /** Whether look-ups are honoured (R91). */
  filters: z.enum(['honoured', 'ignored', 'refused', 'untested']).optional(),
  status: z.int().optional(),
  reason: z.string().optional(),
});
export type TestReply = z.output<typeof testReply>;

export const endpointReply = z.object({
  url: z.string().optional(),
  template: z.string().optional(),
  values: z.record(z.string(), z.string()).optional(),
});
export const attributesReply = attributesConfig.extend({
  targets: z.array(z.object({ path: z.string(), type: z.string(), mandatory: z.boolean() })),
});
export const scopeReply = scopeConfig;
export const scopeGroupsReply = listReply(z.object({ id: z.string(), displayName: z.string() }));
export const assignmentsReply = z.object({
  items: z.array(z.object({ kind: z.enum(['users', 'groups', 'roles']), id: z.string(), role: z.string().optional() })),
});
export const deprovisioningReply = deprovisioningConfig;
export const rulesReply = putRules.extend({ rules: z.array(ruleSchema.extend({ id: z.string() })) });

export const jobReply = z.object({
  id: z.string(),
  kind: z.string(),
  state: z.enum(['running', 'done', 'failed']),
  done: z.int(),
  total: z.int(),
  startedAt: z.string(),
  endedAt: z.string().optional(),
  estimatedEnd: z.string().optional(),
  result: z
    .object({
      problem: z.enum(['unauthorized', 'unreachable', 'refused']).optional(),
      reason: z.string().optional(),
      /** Of a reconciliation: what was found, by kind of drift. */
      counts: z.record(z.string(), z.int()).optional(),
      complete: z.boolean().optional(),
      suspicious: z.boolean().optional(),
    })
    .optional(),
});
export type JobReply = z.output<typeof jobReply>;

/** R96. `window`: how many deliveries run at once; `failureRatio`: of the calls of the last minute. */
export const appHealthReply = z.object({
  state: z.enum(['healthy', 'throttled', 'degraded', 'quarantined']),
  since: z.string(),
  reason: z.string().optional(),
  window: z.int(),
  failureRatio: z.number(),
  pausedUntil: z.string().optional(),
  nextProbeAt: z.string().optional(),
});
export type AppHealthReply = z.output<typeof appHealthReply>;

export const turnedOnReply = appReply.extend({ overdueTimers: z.int(), job: z.object({ id: z.string() }).optional() });
