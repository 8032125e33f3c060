import type { AppConnection, ConnectionProblem } from './connection.ts';

/**
 * The port to one app, neutral of its protocol (design, decision 19). The core never parses a target's name or an id:
 * SCIM paths, LDAP DNs and their like exist in the adapter only. One folder of `libs/connectors` for each kind of app.
 */
export type ObjectKind = 'account' | 'group';

/** What the app knows an object by, as text: a SCIM id, an entryUUID, an objectGUID. Never a DN, which changes. */
export type RemoteId = string;

export type Scalar = string | number | boolean;
/** Several parts of one value, as SCIM's complex attributes have them. */
export type Parts = { readonly [part: string]: Scalar };
/** `null` = no value. */
export type TargetValue = null | Scalar | Parts | readonly (Scalar | Parts)[];

/** An attribute of an app's object. */
export type ConnectorTarget = {
  /** Opaque to the core, in its one canonical spelling: a SCIM path, an LDAP attribute. */
  name: string;
  type: 'string' | 'boolean' | 'integer' | 'decimal' | 'instant' | 'binary' | 'reference' | 'complex';
  multiValued: boolean;
  mandatory: boolean;
  write: 'always' | 'create' | 'never';
  /** false: the app never shows it, so it is never compared. */
  read: boolean;
  /** How two values are the same; lists compare as sets. */
  compare: 'exact' | 'ignoreCase' | 'dn';
  /** Whether accounts can be looked up by it. */
  matchable: boolean;
  /** The value is the id of another object of the app (R90). */
  refersTo?: ObjectKind;
};

/** `from`: what was last sent, as far as it is known. `add`, `remove`: elements of a list; the others stay. */
export type Change =
  | { target: string; from?: TargetValue; to: TargetValue }
  | { target: string; add: readonly (Scalar | Parts)[]; remove: readonly (Scalar | Parts)[] };

/** An object as the app shows it. */
export type Remote = {
  kind: ObjectKind;
  id: RemoteId;
  /** For people: the user name, the display name. */
  label: string;
  /** Our account id or push id, where the app keeps it. */
  mark?: string;
  active?: boolean;
  /** One entry for each target that the connector was made for and that the app shows; `null` where the app shows it as empty. */
  values: Readonly<Record<string, TargetValue>>;
  version?: string;
  createdAt?: string;
};

/** What can be given in an app besides attributes (R58): groups, roles, licences, departments. */
export type EntitlementSource = {
  id: string;
  kind: 'group' | 'role' | 'licence' | 'department';
  displayName: string;
  /** The account's target that holds the values; `null` for groups, which are given by membership. */
  target: string | null;
  multiValued: boolean;
  required: boolean;
};

/** What the app can do, as it says itself or, where it says nothing, as its preset has it. */
export type Description = {
  targets: Readonly<Record<ObjectKind, readonly ConnectorTarget[]>>;
  /** The target that carries our mark; `null`: the app has none. */
  mark: Readonly<Record<ObjectKind, string | null>>;
  can: {
    create: boolean;
    /** `whole`: objects are replaced, because the app can't change a part. */
    update: 'part' | 'whole';
    suspend: boolean;
    delete: boolean;
    list: boolean;
    /** `ignored`: the app answers every look-up with anything (R91). */
    find: 'honoured' | 'ignored' | 'none';
    conditional: boolean;
    groups: boolean;
    renameGroup: boolean;
    /** `ask`: only one membership at a time; `unseen`: never shown. */
    members: 'list' | 'ask' | 'unseen';
  };
  /** `settleMs`: how long reads may lag behind writes. */
  limits: { atOnce: number; perSecond?: number; page: number; membersPerCall: number; settleMs: number };
  sources: readonly EntitlementSource[];
};

/** `reason` is for people: what the app said, redacted of our secrets, storable, a few hundred characters at most. It is personal data. */
export type Failure =
  /** There is no such object (any more). */
  | { kind: 'gone'; reason: string }
  /** `ifVersion` didn't hold. */
  | { kind: 'stale'; reason: string }
  /** A unique value is taken. */
  | { kind: 'conflict'; reason: string }
  /** Certainly not done; `afterMs`: what the app asked to wait. */
  | { kind: 'throttled' | 'unavailable'; reason: string; afterMs?: number }
  /** Sent, and then timed out or cut off: it may have been done. */
  | { kind: 'unknown'; reason: string }
  /** Our credentials are not accepted (R52). */
  | { kind: 'unauthorized'; reason: string }
  /** The app said no. `code` is ours, `{thing}/{problem}`; `status` the protocol's number, where it has one. */
  | { kind: 'refused'; code: string; reason: string; status?: number };

/** Answers of an app are never thrown; a throw is a bug of the connector. */
export type Outcome<Value = void> = { kind: 'ok'; value: Value } | Failure;

export type Page<T> = { items: readonly T[]; next?: string };

/** `request`: what was asked, in the protocol's words (`GET /Users?count=1`). `filters`: whether look-ups are honoured (R91). */
export type TestReport = { request: string; status?: number; filters: 'honoured' | 'ignored' | 'refused' | 'untested' };

/** Every call ends within `CALL_TIMEOUT_MS` of real time. */
export type Connector = {
  describe: () => Promise<Outcome<Description>>;
  test: () => Promise<Outcome<TestReport>>;
  /** At most ten. Not verified: the core compares what came with what was sought. */
  find: (kind: ObjectKind, by: { target: string; value: string }) => Promise<Outcome<readonly Remote[]>>;
  get: (kind: ObjectKind, id: RemoteId) => Promise<Outcome<Remote>>;
  /** Without members. An incomplete list is a failure, never a short page without `next`. */
  list: (kind: ObjectKind, cursor?: string) => Promise<Outcome<Page<Remote>>>;
  create: (
    kind: ObjectKind,
    it: { mark: string | null; values: Readonly<Record<string, TargetValue>> },
  ) => Promise<Outcome<Remote>>;
  update: (kind: ObjectKind, id: RemoteId, changes: readonly Change[], ifVersion?: string) => Promise<Outcome>;
  setActive: (id: RemoteId, active: boolean) => Promise<Outcome>;
  /** What is gone already is ok. */
  delete: (kind: ObjectKind, id: RemoteId) => Promise<Outcome>;
  members: (group: RemoteId, cursor?: string) => Promise<Outcome<Page<RemoteId>>>;
  /** Asked of the group, never of the account: many apps leave `User.groups` empty. */
  isMember: (group: RemoteId, account: RemoteId) => Promise<Outcome<'yes' | 'no' | 'unseen'>>;
  /** At most `membersPerCall` of both together. Adding who is in and removing who is out is ok. */
  changeMembers: (
    group: RemoteId,
    add: readonly RemoteId[],
    remove: readonly RemoteId[],
  ) => Promise<Outcome<{ missing: readonly RemoteId[] }>>;
  entitlements: (source: string, cursor?: string) => Promise<Outcome<Page<{ id: string; displayName: string }>>>;
  close: () => Promise<void>;
};

/** What is known of a kind of app without asking one; pure. */
export type ConnectorKind = {
  kind: 'scim' | 'ldap';
  /** Reads a target's name as an admin wrote it. The canonical spelling that comes back is what the core stores and compares. */
  readTarget: ReadTarget;
  /** What is wrong with the settings of a connection, as far as it can be told without connecting. */
  connectionProblem: (connection: AppConnection) => ConnectionProblem | undefined;
  /** What an admin can choose from before the app was asked. */
  offered: () => readonly ConnectorTarget[];
  /** The targets of an account that hold entitlements which are no groups; `null`: this kind of app has none. */
  entitlementTargets: Readonly<Record<Exclude<EntitlementSource['kind'], 'group'>, string | null>>;
  /** How many deliveries an app of this kind is given at once at most; `DEFAULT_AT_ONCE` where it isn't said. */
  atOnce?: number;
};

export const DEFAULT_AT_ONCE = 16;

/** The account's target that a name means; a text says why there is none. */
export type ReadTarget = (name: string) => ConnectorTarget | string;

/** After this, a call that was sent counts as of unknown outcome. Leases outlast it (design, decision 17). */
export const CALL_TIMEOUT_MS = 30_000;
