import type { DeprovisioningConfig, TimeFrame } from '../duration/index.ts';
import type { AttributesConfig, Mapping } from '../mapping/index.ts';
import type { ScopeConfig } from '../scope/index.ts';

export const presetNames = ['lumapps', 'comeet', 'nulab', 'scim', 'openldap', 'active-directory'] as const;
export type PresetName = (typeof presetNames)[number];

/** What an app can do (R28); what it can't is refused by name. */
export type Capabilities = {
  provisioning: boolean;
  suspend: boolean;
  hardDelete: boolean;
  groups: boolean;
  entitlements: boolean;
  roles: boolean;
};

export type Preset = {
  name: PresetName;
  kind: 'scim' | 'ldap';
  /** The target that carries our account id, unless an admin maps it; `null`: the app keeps none. */
  mark: string | null;
  /** The target that says whether an account is active, where mappings may name one. */
  active: string | null;
  /** Which targets hold the roles of an account; undefined: none of them do. */
  roleTargets?: RegExp;
  capabilities: Capabilities;
  /** Targets that must be mapped and have a value (R35). */
  mandatory: readonly string[];
  attributes: AttributesConfig;
  assignment: ScopeConfig['assignment'];
  deprovisioning: DeprovisioningConfig;
  /** Where the app is found unless the admin gives a URL of his own (R32). */
  endpointTemplate?: string;
};

const enterprise = (name: string) => `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:${name}`;
const workEmail = 'emails[type eq "work"].value';

const direct = (target: string, source = target, apply: Mapping['apply'] = 'always'): Mapping => ({
  kind: 'direct',
  target,
  source,
  apply,
});

/** What all presets map. The account's own id travels as `externalId` unless that is mapped (design decision 17), so it isn't here. */
const common: Mapping[] = [
  direct('userName'),
  ...['givenName', 'familyName', 'middleName', 'honorificPrefix', 'honorificSuffix', 'formatted'].map((part) =>
    direct(`name.${part}`),
  ),
  direct('displayName'),
  direct(workEmail, 'mail'),
  direct('active', 'accountEnabled'),
];

const attributes = (...more: Mapping[]): AttributesConfig => ({
  matching: [{ source: 'userName', target: 'userName' }],
  mappings: [...common, ...more],
});

const forAllTriggers = (frame: TimeFrame): DeprovisioningConfig => ({
  turnedOff: frame,
  suspended: frame,
  deleted: frame,
});

const nothing: Capabilities = {
  provisioning: true,
  suspend: false,
  hardDelete: false,
  groups: false,
  entitlements: false,
  roles: false,
};

const scim = { kind: 'scim', mark: 'externalId', active: 'active', roleTargets: /^roles($|[.[])/i } as const;

/** An app takes roles by an attribute of theirs, or as entitlements. */
export const takesRoles = (preset: PresetName): boolean => {
  const { roles, entitlements } = presets[preset].capabilities;
  return roles || entitlements;
};

const department = direct(enterprise('department'), 'department');

const computed = (target: string, expression: string): Mapping => ({
  kind: 'expression',
  target,
  expression,
  apply: 'always',
});

/** A directory's entries need a name, whoever has none. Which attribute carries our account's id is set on the connection. */
const directory = (matching: AttributesConfig['matching'], ...mappings: Mapping[]) =>
  ({
    kind: 'ldap',
    mark: null,
    active: null,
    capabilities: { ...nothing, suspend: true, hardDelete: true, groups: true, entitlements: true },
    attributes: {
      matching,
      mappings: [
        computed('cn', 'Coalesce([displayName], [userName])'),
        direct('displayName'),
        direct('givenName'),
        direct('mail'),
        direct('title'),
        direct('telephoneNumber'),
        direct('mobile'),
        ...mappings,
      ],
    },
    assignment: 'assigned',
    deprovisioning: forAllTriggers({ suspend: 'P1D', hardDelete: null }),
  }) satisfies Omit<Preset, 'name' | 'mandatory'>;

/** R33: the table of presets; R93: directories. */
export const presets: Record<PresetName, Preset> = {
  lumapps: {
    name: 'lumapps',
    ...scim,
    capabilities: { ...nothing, suspend: true },
    mandatory: ['userName', 'name.givenName', 'name.familyName', workEmail],
    attributes: attributes(
      direct('title'),
      department,
      direct('phoneNumbers[type eq "work"].value', 'telephoneNumber'),
    ),
    assignment: 'everyone',
    deprovisioning: forAllTriggers({ suspend: 'P1D', hardDelete: null }),
    endpointTemplate: '{base_url}/{customer_id}/{provider_uuid}/v2',
  },
  comeet: {
    name: 'comeet',
    ...scim,
    capabilities: { ...nothing, suspend: true, hardDelete: true },
    mandatory: ['userName', 'name.givenName', 'name.familyName', workEmail],
    attributes: attributes(department),
    assignment: 'everyone',
    deprovisioning: forAllTriggers({ suspend: 'P1D', hardDelete: 'P7D' }),
  },
  nulab: {
    name: 'nulab',
    ...scim,
    capabilities: { ...nothing, suspend: true, hardDelete: true, roles: true },
    mandatory: ['userName', 'displayName', 'active'],
    attributes: attributes(
      direct('preferredLanguage', 'preferredLanguage', 'create'),
      direct('timezone', 'timezone', 'create'),
      {
        kind: 'expression',
        target: 'roles[primary eq "True"].value',
        expression: 'SingleAppRoleAssignment([appRoleAssignments])',
        apply: 'always',
      },
    ),
    assignment: 'assigned',
    deprovisioning: forAllTriggers({ suspend: 'PT0S', hardDelete: null }),
  },
  scim: {
    name: 'scim',
    ...scim,
    capabilities: { ...nothing, suspend: true, hardDelete: true, groups: true, entitlements: true },
    mandatory: ['userName'],
    attributes: attributes(
      ...['employeeNumber', 'costCenter', 'organization', 'division', 'department', 'manager'].map((name) =>
        direct(enterprise(name)),
      ),
    ),
    assignment: 'assigned',
    deprovisioning: forAllTriggers({ suspend: 'P1D', hardDelete: null }),
  },
  openldap: {
    name: 'openldap',
    ...directory(
      [{ source: 'userName', target: 'uid' }],
      direct('uid', 'userName'),
      computed('sn', 'Coalesce([surname], [displayName], [userName])'),
      direct('employeeNumber'),
      direct('departmentNumber', 'department'),
    ),
    mandatory: ['uid', 'cn', 'sn'],
  },
  'active-directory': {
    name: 'active-directory',
    ...directory(
      [{ source: 'userName', target: 'userPrincipalName' }],
      direct('userPrincipalName', 'userName'),
      // Longer ones are refused.
      computed('sAMAccountName', 'Left([mailNickname], 20)'),
      direct('sn', 'surname'),
      direct('employeeID', 'employeeNumber'),
      direct('department'),
      direct('company', 'organization'),
    ),
    mandatory: ['cn', 'sAMAccountName'],
  },
};
