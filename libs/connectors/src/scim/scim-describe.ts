import type { ConnectorTarget, Description, EntitlementSource, Outcome } from '@tenure/provisioning/connector';
import { enterpriseUserSchema, isObject, type JsonObject } from '@tenure/scim';
import { isSuccess } from './outcome.ts';
import type { ScimCalls } from './scim-calls.ts';
import { resourcesIn } from './scim-objects.ts';
import { scimKind } from './scim-target.ts';

/** What was found out by using an app, and outlives the process. */
export type ScimLearned = {
  /** Partial updates were answered 405 or 501. */
  replaces?: boolean;
  /** A look-up of a random name found somebody. */
  ignoresFilters?: boolean;
  idType?: 'string' | 'number';
  members?: 'list' | 'ask' | 'unseen';
  /** How long an account that was made wasn't found. */
  settleMs?: number;
  /** A change of more members was answered 413. */
  membersPerCall?: number;
};

export type ScimSettings = { mode: 'auto' | 'patch' | 'put' };

const OKTA = 'urn:okta:scim:schemas:core:1.0:';
const MEMBERS_PER_CALL = 100;
const PAGE = 100;
const SETTLE_MS = 1000;

const flag = (config: JsonObject | undefined, name: string): boolean | undefined => {
  const part = config?.[name];
  const supported = isObject(part) ? part['supported'] : undefined;
  if (typeof supported === 'boolean') return supported;
  return typeof supported === 'string' ? /^true$/i.test(supported) : undefined;
};

const number = (config: JsonObject | undefined, part: string, name: string): number | undefined => {
  const inner = config?.[part];
  const value = isObject(inner) ? Number(inner[name]) : Number.NaN;
  return Number.isInteger(value) && value > 0 ? value : undefined;
};

/** Whether objects are replaced whole: as an admin set it, as it was found out, or as the app says (RFC 7643 §5). */
export const replacesWhole = (
  { mode }: ScimSettings,
  learned: ScimLearned,
  config: JsonObject | undefined,
): boolean => {
  if (mode !== 'auto') return mode === 'put';
  return learned.replaces ?? flag(config, 'patch') === false;
};

/** What the app says of itself in `/ServiceProviderConfig`, `/Schemas` and `/ResourceTypes`; what it doesn't say is as SCIM has it. */
export const describeScim = async (
  { ask }: ScimCalls,
  settings: ScimSettings,
  learned: ScimLearned,
): Promise<Outcome<Description>> => {
  const read = async (path: string): Promise<Outcome<JsonObject | undefined>> => {
    const found = await ask<JsonObject | undefined>({ method: 'GET', path: [path] }, ({ status, body }) =>
      isSuccess(status) ? { kind: 'ok', value: body } : undefined,
    );
    // An app that has no such document is like one that says nothing in it.
    return found.kind === 'gone' || found.kind === 'refused' ? { kind: 'ok', value: undefined } : found;
  };
  const config = await read('ServiceProviderConfig');
  if (config.kind !== 'ok') return config;
  const schemas = await read('Schemas');
  if (schemas.kind !== 'ok') return schemas;
  const types = await read('ResourceTypes');
  if (types.kind !== 'ok') return types;
  const resourceTypes = (resourcesIn(types.value) ?? []).filter(({ endpoint }) => typeof endpoint === 'string');
  const hasGroups =
    resourceTypes.length === 0 ||
    resourceTypes.some(({ endpoint }) => typeof endpoint === 'string' && /^\/?groups$/i.test(endpoint));
  return {
    kind: 'ok',
    value: {
      targets: { account: targetsOf(resourcesIn(schemas.value) ?? []), group: [] },
      mark: { account: 'externalId', group: 'externalId' },
      can: {
        create: true,
        update: replacesWhole(settings, learned, config.value) ? 'whole' : 'part',
        suspend: true,
        delete: true,
        list: true,
        find:
          learned.ignoresFilters === true ? 'ignored' : flag(config.value, 'filter') === false ? 'none' : 'honoured',
        conditional: flag(config.value, 'etag') === true,
        groups: hasGroups,
        renameGroup: true,
        members: learned.members ?? 'list',
      },
      limits: {
        atOnce: 16,
        page: Math.min(PAGE, number(config.value, 'filter', 'maxResults') ?? PAGE),
        membersPerCall: learned.membersPerCall ?? MEMBERS_PER_CALL,
        settleMs: Math.max(SETTLE_MS, learned.settleMs ?? 0),
      },
      sources: sourcesOf(resourceTypes, hasGroups),
    },
  };
};

/** The schemas of an app tell which of the usual targets it has, and which are its own. */
const targetsOf = (schemas: readonly JsonObject[]): readonly ConnectorTarget[] => {
  const usual = scimKind.offered();
  const own = schemas.flatMap(({ id, attributes }) => {
    if (typeof id !== 'string' || !/^urn:/i.test(id) || id.startsWith('urn:ietf:params:scim:schemas:')) return [];
    return (Array.isArray(attributes) ? attributes : []).filter(isObject).flatMap(({ name }) => {
      const target = typeof name === 'string' ? scimKind.readTarget(`${id}:${name}`) : '';
      return typeof target === 'string' ? [] : [target];
    });
  });
  return [...usual, ...own];
};

/** Groups, Okta's roles and entitlements at endpoints of their own, and what accounts hold as values (R58). */
const sourcesOf = (resourceTypes: readonly JsonObject[], hasGroups: boolean): EntitlementSource[] => {
  const okta = resourceTypes.flatMap(({ name, endpoint, schema }): EntitlementSource[] => {
    if (typeof schema !== 'string' || typeof endpoint !== 'string' || !schema.startsWith(OKTA)) return [];
    const isRole = schema === `${OKTA}Role`;
    if (!isRole && schema !== `${OKTA}Entitlement`) return [];
    return [
      {
        id: endpoint.replace(/^\/+/, ''),
        kind: isRole ? 'role' : 'licence',
        displayName: typeof name === 'string' ? name : endpoint,
        target: isRole ? 'roles' : 'entitlements',
        multiValued: true,
        required: false,
      },
    ];
  });
  const has = (kind: EntitlementSource['kind']) => okta.some((source) => source.kind === kind);
  const value = (
    kind: 'role' | 'licence' | 'department',
    displayName: string,
    target: string,
    multiValued: boolean,
  ) => ({
    id: `values:${target}`,
    kind,
    displayName,
    target,
    multiValued,
    required: false,
  });
  return [
    ...(hasGroups
      ? [
          {
            id: 'Groups',
            kind: 'group' as const,
            displayName: 'Groups',
            target: null,
            multiValued: true,
            required: false,
          },
        ]
      : []),
    ...okta,
    ...(has('role') ? [] : [value('role', 'Roles', 'roles', true)]),
    ...(has('licence') ? [] : [value('licence', 'Licences', 'entitlements', true)]),
    value('department', 'Departments', `${enterpriseUserSchema.id}:department`, false),
  ];
};
