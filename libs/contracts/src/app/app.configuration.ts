import { z } from 'zod';

/** An app's configuration as it is stored. What a new one must look like is provisioning's to say: what was once recorded is not judged again. */
export const presetName = z.enum(['lumapps', 'comeet', 'nulab', 'scim', 'openldap', 'active-directory']);
export const credentialKind = z.enum(['bearer', 'basic', 'oauth2', 'bind']);
export const approvalActions = z.array(z.enum(['create', 'update', 'delete']));

const constant = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);
const apply = z.enum(['always', 'create']);

const mapping = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('direct'), target: z.string(), source: z.string(), default: constant.optional(), apply }),
  z.object({ kind: z.literal('constant'), target: z.string(), value: constant, apply }),
  z.object({
    kind: z.literal('expression'),
    target: z.string(),
    expression: z.string(),
    default: constant.optional(),
    apply,
  }),
]);

export const storedAttributes = z.object({
  matching: z.array(z.object({ source: z.string(), target: z.string() })),
  mappings: z.array(mapping),
});

export const storedScope = z.object({
  assignment: z.enum(['everyone', 'assigned']),
  groups: z.array(z.object({ id: z.string(), nested: z.boolean() })),
  orgUnits: z.array(z.string()),
});

const timeFrame = z.object({ suspend: z.string().nullable(), hardDelete: z.string().nullable() });
export const storedDeprovisioning = z.object({ turnedOff: timeFrame, suspended: timeFrame, deleted: timeFrame });

export const storedEndpoint = z.union([
  z.object({ url: z.string(), template: z.string(), values: z.record(z.string(), z.string()) }),
  z.object({ url: z.string() }),
]);

export const storedAssignment = z.object({
  kind: z.enum(['users', 'groups', 'roles']),
  id: z.string(),
  role: z.string().optional(),
});

export const storedThreshold = z.object({
  count: z.number().optional(),
  percent: z.number().optional(),
  window: z.string().optional(),
});

const comparable = z.union([z.string(), z.number(), z.boolean()]);
const condition = z.discriminatedUnion('operator', [
  z.object({
    operator: z.enum(['equals', 'notEquals', 'contains', 'startsWith', 'endsWith']),
    source: z.string(),
    value: comparable,
  }),
  z.object({ operator: z.literal('in'), source: z.string(), value: z.array(comparable) }),
  z.object({ operator: z.enum(['present', 'absent']), source: z.string() }),
  z.object({ operator: z.literal('memberOf'), source: z.string().optional(), value: z.string() }),
]);
const action = z.union([
  z.object({ type: z.literal('setAttribute'), target: z.string(), value: constant }),
  z.object({ type: z.literal('setAttribute'), target: z.string(), expression: z.string() }),
  z.object({
    type: z.enum(['setEntitlement', 'addEntitlement']),
    kind: z.enum(['group', 'role', 'licence', 'department']),
    value: z.string(),
  }),
  z.object({ type: z.literal('setRole'), value: z.string() }),
  z.object({ type: z.literal('skip') }),
]);

export const storedRule = z.object({
  id: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  match: z.enum(['all', 'any']),
  conditions: z.array(condition),
  actions: z.array(action),
});

/**
 * `unseenMemberships`: whose a membership is that was given where the app shows no members. `rehire`: by which keys a person who was
 * deleted and comes back is known, and whether the account is handed over by itself (R92).
 */
export const storedOwnership = z.object({
  unseenMemberships: z.enum(['leave', 'own']),
  rehire: z.object({
    keys: z.array(z.enum(['userName', 'externalId', 'employeeNumber'])),
    mode: z.enum(['automatic', 'ask', 'off']),
  }),
});

const disabling = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('userAccountControl') }),
  z.object({ kind: z.literal('pwdAccountLockedTime') }),
  z.object({
    kind: z.literal('attribute'),
    attribute: z.string(),
    value: z.string(),
    activeValue: z.string().optional(),
  }),
]);

/** How an app of a kind is spoken to; a union, for other kinds have other settings. */
export const storedConnection = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('scim'), mode: z.enum(['auto', 'patch', 'put']) }),
  z.object({
    kind: z.literal('ldap'),
    url: z.string(),
    startTls: z.boolean().optional(),
    ca: z.string().optional(),
    base: z.string(),
    template: z.string(),
    objectClasses: z.array(z.string()).optional(),
    disable: disabling,
    groupBase: z.string().optional(),
    group: z.object({ objectClass: z.string().optional(), placeholder: z.string().optional() }).optional(),
    mark: z.string().optional(),
  }),
]);

const driftPolicy = z.enum(['report', 'repair', 'ignore']);
const reportOnly = z.enum(['report', 'ignore']);

/**
 * When an app is looked at as a whole, and what follows from what is found there (R88). `every`: an ISO 8601 duration; null = only when
 * asked. `window`: times of day in UTC between which a scheduled run begins. `targets`: policies of single targets, for changed values.
 */
export const storedReconciliation = z.object({
  every: z.string().nullable(),
  window: z.object({ from: z.string(), to: z.string() }).nullable(),
  policies: z.object({
    missing: driftPolicy,
    changed: driftPolicy,
    suspendedThere: driftPolicy,
    reactivatedThere: driftPolicy,
    entitlementTaken: driftPolicy,
    entitlementAdded: reportOnly,
    foreign: reportOnly,
    brokenLink: reportOnly,
  }),
  targets: z.record(z.string(), driftPolicy),
});

export const pushMode = z.enum(['merge', 'mirror']);
export type PushMode = z.output<typeof pushMode>;

/**
 * Which groups of the directory are groups of the app (R89): single ones, those whose names match, all that the scope names. `mirror` takes
 * members away that Tenure didn't add. `whenUnpushed`: what becomes of a group that Tenure made.
 */
export const storedPushes = z.object({
  groups: z.array(z.object({ id: z.string(), mode: pushMode })),
  names: z.array(z.object({ pattern: z.string(), mode: pushMode })),
  allInScope: z.boolean(),
  whenUnpushed: z.enum(['leave', 'delete']),
});

/** How many accounts a reconciliation found, by kind of drift. */
export const driftCounts = z.object({
  missing: z.int(),
  changed: z.int(),
  suspendedThere: z.int(),
  reactivatedThere: z.int(),
  entitlementTaken: z.int(),
  entitlementAdded: z.int(),
  foreign: z.int(),
  brokenLink: z.int(),
});

/** What the preset gave when the app was made: a preset that is changed later changes no app that is there. */
export const appDefaults = z.object({
  attributes: storedAttributes,
  scope: storedScope,
  deprovisioning: storedDeprovisioning,
});
