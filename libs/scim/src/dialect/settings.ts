/** Who has the last word on an attribute (R68): the identity provider always, only on create, or the user. */
export type Authority = 'idp' | 'create' | 'user';

/** The settings of a connection, as `/directory/v1` takes them. A profile holds a default for each. */
export type ConnectionSettings = {
  groups: boolean;
  /** What a SCIM DELETE of a user does (R19). */
  unassign: 'delete' | 'deactivate';
  eligibility: { managedOnly: boolean; changedAfter?: string };
  userPatchStatus: 200 | 204;
  groupPatchStatus: 200 | 204;
  /** `"True"` and `"False"` are booleans (C7). */
  stringBooleans: boolean;
  /** PATCH of `emails[type eq "work"].value` makes the element that is missing (C1). */
  createMissingElement: boolean;
  /** `reject` asks for the RFC to the letter: unknown names and every tolerated shape are refused (C2, C3). */
  unknownAttributes: 'ignore' | 'reject';
  unknownMembers: 'skip' | 'reject';
  /** A PATCH operation without `op` (C9). */
  missingOp: 'replace' | 'reject';
  reactivateOnCreate: boolean;
  /** Refuses a second user of the connection with the same externalId; RFC 7643 §3.1 leaves that to the client. */
  uniqueExternalId: boolean;
  /** What a PUT leaves out is cleared: only what this connection ever set, or everything (C11). */
  putClears: 'owned' | 'all';
  unknownFilterAttribute: 'reject' | 'empty';
  /** `email` in a filter means `emails.value` (C12). */
  emailAlias: boolean;
  unquotedFilterValues: boolean;
  passwords: 'hash' | 'drop';
  required: string[];
  roles: 'any' | 'adminUserGuest';
  authority: Record<string, Authority>;
  /** Tenure's own extension may be written by SCIM. */
  tenureExtension: boolean;
  rateLimit?: { perSecond: number; burst: number };
};

/** The switches that change how requests are read. */
export type Dialect = Pick<
  ConnectionSettings,
  | 'stringBooleans'
  | 'createMissingElement'
  | 'unknownAttributes'
  | 'unknownMembers'
  | 'missingOp'
  | 'putClears'
  | 'unknownFilterAttribute'
  | 'emailAlias'
  | 'unquotedFilterValues'
  | 'tenureExtension'
>;

export const profileNames = ['generic', 'strict', 'entra', 'okta', 'onelogin', 'google', 'jumpcloud', 'ping'] as const;
export type ProfileName = (typeof profileNames)[number];

const generic: ConnectionSettings = {
  groups: true,
  unassign: 'delete',
  eligibility: { managedOnly: true },
  userPatchStatus: 200,
  groupPatchStatus: 200,
  stringBooleans: true,
  createMissingElement: true,
  unknownAttributes: 'ignore',
  unknownMembers: 'skip',
  missingOp: 'reject',
  reactivateOnCreate: false,
  uniqueExternalId: false,
  putClears: 'owned',
  unknownFilterAttribute: 'reject',
  emailAlias: false,
  unquotedFilterValues: false,
  passwords: 'hash',
  required: [],
  roles: 'any',
  authority: {},
  tenureExtension: true,
};

/** Entra asks for 204 without the list of members, and the others take it as well (E16, C4). */
const provider: ConnectionSettings = { ...generic, groupPatchStatus: 204 };

/** R20: what each identity provider gets unless an admin says otherwise. */
export const profiles: Record<ProfileName, ConnectionSettings> = {
  generic,
  strict: {
    ...generic,
    stringBooleans: false,
    createMissingElement: false,
    unknownAttributes: 'reject',
    unknownMembers: 'reject',
    putClears: 'all',
  },
  entra: provider,
  okta: provider,
  onelogin: provider,
  google: { ...provider, groups: false, missingOp: 'replace' },
  jumpcloud: provider,
  ping: { ...provider, unknownFilterAttribute: 'empty', emailAlias: true },
};

/** Whether bodies are held to the letter of the RFC rather than to what clients are known to mean. */
export const isStrict = (dialect: Pick<Dialect, 'unknownAttributes'>): boolean =>
  dialect.unknownAttributes === 'reject';
